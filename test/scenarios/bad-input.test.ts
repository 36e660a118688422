/**
 * Bad input, from outside, at one running node: each gets a clear error, nothing is half done, nothing is lost, the process lives.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { framed, type LoneNode, sendMllp, startLoneNode } from './lone-node.ts';

let node: LoneNode;
let token: string;

beforeAll(async () => {
  node = await startLoneNode();
  token = await node.token('system');
});
afterAll(async () => {
  await node?.remove();
});
afterEach(async () => {
  expect(node.isAlive()).toBe(true);
  expect((await fetch(`${node.fhir}/metadata`)).status).toBe(200);
});

interface Answer {
  readonly status: number;
  readonly issues: readonly {
    readonly code: string;
    readonly diagnostics?: string;
    readonly expression?: readonly string[];
  }[];
}

async function send(method: string, path: string, body?: string | Buffer, key = token): Promise<Answer> {
  const answer = await fetch(`${node.fhir}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/fhir+json' },
    ...(body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }),
  });
  const outcome = (await answer.json()) as { resourceType: string; issue: Answer['issues'] };
  expect(outcome.resourceType).toBe('OperationOutcome');
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  return { status: answer.status, issues: outcome.issue };
}

async function count(type: string): Promise<number> {
  const answer = await fetch(`${node.fhir}/${type}?_count=0&_total=accurate`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return ((await answer.json()) as { total: number }).total;
}

describe('over HTTP', () => {
  it('JSON that is none: 400 with the place, and none of the content', async () => {
    const { status, issues } = await send(
      'POST',
      '/Patient',
      '{"resourceType":"Patient","name":[{"family":"SECRETNAME"},]}',
    );
    expect(status).toBe(400);
    expect(issues[0]?.diagnostics).toMatch(/line 1|column|position/i);
    expect(JSON.stringify(issues)).not.toContain('SECRETNAME');
  });

  it('JSON 100,000 levels deep: 400 naming the limit', async () => {
    const { status, issues } = await send(
      'POST',
      '/Patient',
      `{"resourceType":"Patient","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    );
    expect(status).toBe(400);
    expect(issues[0]?.diagnostics).toContain('jsonDepthMax');
  });

  it('a body of 50 MB: 413 naming the limit', async () => {
    const { status, issues } = await send('POST', '/Patient', Buffer.alloc(50_000_000, 0x20));
    expect(status).toBe(413);
    expect(issues[0]?.diagnostics).toContain('bodyBytesMax');
  });

  it('an unknown type: 404; an unknown element: refused with its expression', async () => {
    expect((await send('GET', '/Unicorn/1')).status).toBe(404);
    const { status, issues } = await send(
      'POST',
      '/Patient',
      JSON.stringify({ resourceType: 'Patient', horn: 1 }),
    );
    expect([400, 422]).toContain(status);
    expect(issues[0]?.expression).toEqual(['Patient.horn']);
  });

  it('a stale version: 412, and the resource stays as it was', async () => {
    const created = await fetch(`${node.fhir}/Patient`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({ resourceType: 'Patient', gender: 'female' }),
    });
    const location = new URL(created.headers.get('location') ?? '', `${node.fhir}/`).pathname.replace(
      /\/_history.*/,
      '',
    );
    const id = location.split('/').at(-1) ?? '';
    const update = (version: string, gender: string): Promise<Response> =>
      fetch(`${node.fhir}/Patient/${id}`, {
        method: 'PUT',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/fhir+json',
          'if-match': `W/"${version}"`,
        },
        body: JSON.stringify({ resourceType: 'Patient', id, gender }),
      });
    expect((await update('1', 'male')).status).toBe(200);
    const stale = await update('1', 'other');
    expect(stale.status).toBe(412);
    const now = await fetch(`${node.fhir}/Patient/${id}`, { headers: { authorization: `Bearer ${token}` } });
    expect(await now.json()).toMatchObject({ gender: 'male', meta: { versionId: '2' } });
  });

  it('a Bundle whose third entry is invalid: nothing done, the entry named', async () => {
    const before = await count('Basic');
    const entry = (resource: object) => ({ resource, request: { method: 'POST', url: 'Basic' } });
    const code = { text: 'a thing' };
    const { status, issues } = await send(
      'POST',
      '',
      JSON.stringify({
        resourceType: 'Bundle',
        type: 'transaction',
        entry: [
          entry({ resourceType: 'Basic', code }),
          entry({ resourceType: 'Basic', code }),
          entry({ resourceType: 'Basic', code, created: 'yesterday' }),
        ],
      }),
    );
    expect([400, 422]).toContain(status);
    expect(issues[0]?.expression?.[0]).toMatch(/^Bundle\.entry\[2\]/);
    expect(await count('Basic')).toBe(before);
  });

  it('tokens: none, forged, with another algorithm, of another node: 401 each', async () => {
    const [head = '', body = '', signature = ''] = token.split('.');
    const flipped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const key of [
      '',
      'nonsense',
      `${head}.${body}.${flipped}`,
      `${none}.${body}.`,
      `${none}.${body}.${signature}`,
    ]) {
      expect((await send('GET', '/Patient', undefined, key)).status, key.slice(0, 12)).toBe(401);
    }
    expect((await fetch(`${node.fhir}/Patient`)).status).toBe(401);
  });

  it('a search parameter that does not exist: refused by name where handling is strict', async () => {
    const answer = await fetch(`${node.fhir}/Patient?shoesize=9`, {
      headers: { authorization: `Bearer ${token}`, prefer: 'handling=strict' },
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('shoesize');
  });
});

describe('over MLLP', () => {
  const header = (type: string, id: string, charset = 'UNICODE UTF-8'): string =>
    `MSH|^~\\&|PAS|RXLONE|OPENWARD|RXLONE|20261101120000||${type}|${id}|P|2.4|||AL|NE|GBR|${charset}`;
  const admission = (id: string, name: string, charset?: string): string =>
    [
      header('ADT^A01', id, charset),
      'EVN|A01|20261101120000',
      `PID|1||MRN-${id}^^^RXLONE^MR||${name}^GIVEN||19700101|F`,
      `PV1|1|I|RXLONE^WARD1^BED1||||||||||||||||V-${id}`,
    ].join('\r');

  it('a whole message: AA', async () => {
    expect(await sendMllp(node.mllpPort, framed(admission('OK1', 'WHOLE')))).toContain('MSA|AA|OK1');
  });

  it('the same message twice: one effect, the same answer', async () => {
    const before = await count('Encounter');
    expect(await sendMllp(node.mllpPort, framed(admission('TWICE', 'TWICE')))).toContain('MSA|AA|TWICE');
    expect(await sendMllp(node.mllpPort, framed(admission('TWICE', 'TWICE')))).toContain('MSA|AA|TWICE');
    expect(await count('Encounter')).toBe(before + 1);
  });

  it('truncated, binary, of an unknown kind: AR or AE, kept and listed', async () => {
    const bad: readonly (readonly [string, Buffer])[] = [
      ['truncated', framed(admission('CUT', 'CUT').slice(0, 60))],
      [
        'binary',
        framed(
          Buffer.from(Array.from({ length: 500 }, (_, i) => (i * 7) % 256).filter((byte) => byte !== 0x1c)),
        ),
      ],
      ['unknown kind', framed([header('ZZZ^Z99', 'UNK'), 'PID|1||M1^^^RXLONE^MR||A^B'].join('\r'))],
      ['wrong character set', framed(Buffer.from(admission('CHARSET', 'NO\xcbL'), 'latin1'))],
    ];
    for (const [what, bytes] of bad) expect(await sendMllp(node.mllpPort, bytes), what).toMatch(/MSA\|A[RE]/);
    const listed = await fetch(`${node.fhir.replace('/fhir', '')}/feeds/dead-letters`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(listed.status).toBe(200);
    const text = await listed.text();
    expect(text).toContain('CHARSET');
    expect(text).toContain('UNK');
  });

  it('a frame without end leaves no trace and holds up nobody', async () => {
    const open = sendMllp(
      node.mllpPort,
      Buffer.concat([Buffer.from([0x0b]), Buffer.from(admission('OPEN', 'OPEN'))]),
      1500,
    );
    expect(await sendMllp(node.mllpPort, framed(admission('OK2', 'MEANWHILE')))).toContain('MSA|AA|OK2');
    expect(await open).toBe('');
    const answer = await fetch(`${node.fhir}/Patient?family=OPEN`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(((await answer.json()) as { entry?: unknown[] }).entry ?? []).toEqual([]);
  });
});

describe('the log', () => {
  it('holds no name and no query', () => {
    for (const secret of ['SECRETNAME', 'MEANWHILE', 'shoesize', 'family='])
      expect(node.log()).not.toContain(secret);
  });
});
