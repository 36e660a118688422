/** Every route × every asker: what opens, what does not, and that nothing leaks from what does not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  badTokens,
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  verifiedPatient,
} from '../../test/fhir-door-under-test.ts';

const ANNA = nhsNumber(31);
const BEN = nhsNumber(32);
/** Stands in Anna's record and must leave to nobody who may not see it. */
const SECRET = 'annas-secret';

let door: DoorUnderTest;
const tokens = new Map<string, string>();

beforeAll(async () => {
  door = await openDoorUnderTest();
  const put = async (resource: object): Promise<void> => {
    const { resourceType, id } = resource as { resourceType: string; id: string };
    const answer = await door.send('PUT', `/fhir/${resourceType}/${id}`, { as: 'system', body: resource });
    if (answer.status !== 201) throw new Error(answer.text);
  };
  await put(verifiedPatient('anna', ANNA, { name: [{ family: SECRET }] }));
  await put(verifiedPatient('ben', BEN));
  await put({
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { text: SECRET },
    subject: { reference: 'Patient/anna' },
  });
  const bad = await badTokens(door);
  tokens.set('forged', bad.forged).set('expired', bad.expired).set('other node', bad.otherNode);
  tokens.set('nonsense', 'not.a.token');
  tokens
    .set('patient', await door.token('patient', ANNA))
    .set('other patient', await door.token('patient', BEN));
  for (const persona of ['gp', 'nurse', 'engineer', 'analyst', 'system'] as const) {
    tokens.set(persona, await door.token(persona));
  }
});
afterAll(() => door.close());

const NO_ENTRY = ['no token', 'nonsense', 'forged', 'expired', 'other node'] as const;
const ASKERS = ['patient', 'other patient', 'gp', 'nurse', 'engineer', 'analyst', 'system'] as const;
type Asking = (typeof ASKERS)[number];

interface Route {
  readonly request: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Status for each asker with a good token. */
  readonly status: Readonly<Record<Asking, number>>;
  /** Askers whose answer may hold the secret. */
  readonly sees: readonly Asking[];
}

const row = (...statuses: readonly number[]): Record<Asking, number> =>
  Object.fromEntries(ASKERS.map((asker, i) => [asker, statuses[i] ?? 0])) as Record<Asking, number>;
const STAFF: readonly Asking[] = ['patient', 'gp', 'nurse', 'system'];
const note = (id?: string): object => ({
  resourceType: 'Observation',
  ...(id === undefined ? {} : { id }),
  status: 'final',
  code: { text: 'new' },
  subject: { reference: 'Patient/anna' },
});
const form = { 'content-type': 'application/x-www-form-urlencoded' };

const ROUTES: readonly Route[] = [
  { request: 'GET /fhir/Patient/anna', status: row(200, 404, 200, 200, 403, 403, 200), sees: STAFF },
  { request: 'HEAD /fhir/Patient/anna', status: row(200, 404, 200, 200, 403, 403, 200), sees: STAFF },
  { request: 'GET /fhir/Observation/o', status: row(200, 404, 200, 200, 403, 403, 200), sees: STAFF },
  {
    request: 'GET /fhir/Observation/o/_history',
    status: row(200, 404, 200, 200, 403, 403, 200),
    sees: STAFF,
  },
  {
    request: 'GET /fhir/Observation/o/_history/1',
    status: row(200, 404, 200, 200, 403, 403, 200),
    sees: STAFF,
  },
  { request: 'GET /fhir/Observation', status: row(200, 200, 200, 200, 403, 403, 200), sees: STAFF },
  {
    request: 'GET /fhir/Patient?_revinclude=Observation:subject',
    status: row(200, 200, 200, 200, 403, 403, 200),
    sees: STAFF,
  },
  {
    request: 'POST /fhir/Patient/_search',
    body: '_id=anna',
    headers: form,
    status: row(200, 200, 200, 200, 403, 403, 200),
    sees: STAFF,
  },
  {
    request: 'GET /fhir/Patient/anna/$everything',
    status: row(200, 404, 200, 200, 403, 403, 200),
    sees: STAFF,
  },
  {
    request: 'POST /fhir/Observation',
    body: note(),
    status: row(403, 403, 201, 201, 403, 403, 201),
    sees: [],
  },
  {
    request: 'PUT /fhir/Observation/w',
    body: note('w'),
    status: row(403, 403, 201, 200, 403, 403, 200),
    sees: [],
  },
  {
    request: 'PUT /fhir/Patient/anna2',
    body: { resourceType: 'Patient', id: 'anna2' },
    status: row(403, 403, 403, 403, 403, 403, 201),
    sees: [],
  },
  {
    request: 'POST /fhir',
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: note('t'), request: { method: 'PUT', url: 'Observation/t' } }],
    },
    status: row(403, 403, 200, 200, 403, 403, 200),
    sees: [],
  },
  {
    request: 'POST /fhir',
    body: {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [{ request: { method: 'GET', url: 'Patient/anna' } }],
    },
    status: row(200, 200, 200, 200, 200, 200, 200),
    sees: STAFF,
  },
  { request: 'DELETE /fhir/Observation/w', status: row(403, 403, 204, 204, 403, 403, 204), sees: [] },
  { request: 'GET /fhir/Nonsense', status: row(404, 404, 404, 404, 404, 404, 404), sees: [] },
  { request: 'GET /fhir/Patient/$nonsense', status: row(404, 404, 404, 404, 404, 404, 404), sees: [] },
  { request: 'PATCH /fhir/Patient/anna', status: row(501, 501, 501, 501, 501, 501, 501), sees: [] },
];

describe('without a token that counts', () => {
  for (const asker of NO_ENTRY) {
    for (const { request, body, headers } of ROUTES) {
      it(`${asker}: ${request} → 401`, async () => {
        const [method = '', path = ''] = request.split(' ');
        const token = tokens.get(asker);
        const answer = await door.send(method, path, {
          ...(token === undefined ? {} : { as: token }),
          ...(body === undefined ? {} : { body }),
          ...(headers === undefined ? {} : { headers }),
        });
        expect(answer.status).toBe(401);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
        expect(answer.headers.get('x-request-id')).toBeTruthy();
        expect(answer.text).not.toContain(SECRET);
        if (method !== 'HEAD') expect(answer.json().resourceType).toBe('OperationOutcome');
      });
    }
  }

  it('the CapabilityStatement is open, and only that', async () => {
    expect((await door.send('GET', '/fhir/metadata')).json().resourceType).toBe('CapabilityStatement');
    expect((await door.send('GET', '/fhir/metadata/x')).status).toBe(401);
    expect((await door.send('PUT', '/fhir/metadata', { body: {} })).status).toBe(405);
  });
});

describe('with a token', () => {
  for (const route of ROUTES) {
    for (const asker of ASKERS) {
      it(`${asker}: ${route.request} → ${route.status[asker]}`, async () => {
        const [method = '', path = ''] = route.request.split(' ');
        const requestId = `${asker}-${ROUTES.indexOf(route)}`.replace(' ', '-');
        const answer = await door.send(method, path, {
          as: tokens.get(asker) ?? '',
          ...(route.body === undefined ? {} : { body: route.body }),
          headers: { ...route.headers, 'x-request-id': requestId },
        });
        expect(answer.status, answer.text).toBe(route.status[asker]);
        expect(answer.headers.get('x-request-id')).toBe(requestId);
        const shown = answer.text.includes(SECRET);
        if (!route.sees.includes(asker)) expect(shown).toBe(false);
        else if (method !== 'HEAD') expect(shown).toBe(true);
      });
    }
  }

  it('each that reached a record left an audit row, and each refusal says so', async () => {
    const rows = await door.audit();
    ROUTES.forEach((route, i) => {
      for (const asker of ASKERS) {
        if (/Nonsense|nonsense|PATCH/.test(route.request)) continue;
        const mine = rows.filter((one) => one.requestId === `${asker}-${i}`.replace(' ', '-'));
        expect(mine.length, `${asker} ${route.request}`).toBeGreaterThan(0);
        const refused = mine.some((one) => one.outcome === 'refused');
        const status = route.status[asker];
        if (status === 403) expect(refused, `${asker} ${route.request}`).toBe(true);
        if (status === 200 && route.sees.includes(asker))
          expect(mine.some((one) => one.outcome === 'ok')).toBe(true);
      }
    });
  });

  it('no audit row holds a value that was searched for', async () => {
    expect(JSON.stringify(await door.audit())).not.toContain(SECRET);
  });
});

describe('the HTTP around it', () => {
  it('answers a body that nobody may send before it is read', async () => {
    const answer = await door.send('POST', '/fhir/Patient', { body: { resourceType: 'Patient' } });
    expect(answer.status).toBe(401);
  });

  it('answers below and beside the base', async () => {
    expect((await door.send('GET', '/fhir', { as: 'system' })).status).toBe(501);
    expect((await door.send('GET', '/fhir/', { as: 'system' })).status).toBe(501);
    expect((await door.send('GET', '/fhir/Patient//x', { as: 'system' })).status).toBe(404);
  });

  it('refuses methods that FHIR does not use, in its own words', async () => {
    const answer = await door.send('OPTIONS', '/fhir/Patient/ben', { as: 'system' });
    expect(answer.status).toBe(405);
    expect(answer.json().resourceType).toBe('OperationOutcome');
    expect((await door.send('OPTIONS', '/fhir/Patient/ben')).status).toBe(401);
  });

  it('refuses what a read cannot honour, where that is asked strictly', async () => {
    const strict = { as: 'system', headers: { prefer: 'handling=strict' } };
    expect((await door.send('GET', '/fhir/Patient/ben?_elements=id', strict)).status).toBe(400);
    expect((await door.send('GET', '/fhir/Patient/ben?_format=json', strict)).status).toBe(200);
    expect((await door.send('GET', '/fhir/Patient/ben?_elements=id', { as: 'system' })).status).toBe(200);
  });

  it('takes a body of 50 MB for what it is: too large, and the door stays open', async () => {
    const body = `{"resourceType":"Basic","code":{"text":"${'x'.repeat(50_000_000)}"}}`;
    const answer = await door
      .send('POST', '/fhir/Basic', { as: 'system', body })
      .catch((error: unknown) => error);
    if (!(answer instanceof Error)) expect(answer).toMatchObject({ status: 413 });
    expect((await door.send('GET', '/fhir/Patient/ben', { as: 'system' })).status).toBe(200);
  });
});
