/**
 * The main job, from outside, on nine real processes: one person's whole record, with organisations killed, slow, hung, speaking
 * garbage and cut off, each named with its true age. Every call is one that any client could make.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DemoNetwork, type DemoPerson, eventually, startDemo } from './demo-network.ts';
import { askSharedRecord, type RecordAnswer } from './shared-record-client.ts';

let demo: DemoNetwork;
let person: DemoPerson;
let gp: string;
let gpFhir: string;
let token: string;

const ask = (): Promise<RecordAnswer> => askSharedRecord(gpFhir, person.nhsNumber, token);
const allLive = async (): Promise<RecordAnswer> =>
  eventually('every source live', 20, async () => {
    const record = await ask();
    return [...record.sources.values()].every((source) => source.status === 'live') ? record : undefined;
  });

beforeAll(async () => {
  demo = await startDemo(24);
  const kinds = new Map(demo.nodes.map((node) => [node.ods, node.kind]));
  const found = demo.people.find((one) => new Set(one.sources.map((ods) => kinds.get(ods))).size >= 7);
  if (found === undefined) throw new Error('nobody has all seven kinds');
  person = found;
  gp = person.sources.find((ods) => kinds.get(ods) === 'gp') ?? '';
  gpFhir = demo.nodes.find((node) => node.ods === gp)?.fhir ?? '';
  token = await demo.token(gp, 'gp');
}, 180_000);

afterAll(async () => {
  await demo?.stop();
});

describe('the demo network', () => {
  it('is nine processes, the exchange first, each organisation with a folder of its own', async () => {
    expect(demo.nodes.length).toBeGreaterThanOrEqual(9);
    expect(demo.nodes[0]?.kind).toBe('exchange');
    expect(demo.nodes[0]?.url).toBe(demo.frontDoor);
    expect(new Set(demo.nodes.map((node) => node.pid)).size).toBe(demo.nodes.length);
    const folders = await readdir(demo.data);
    for (const node of demo.nodes) expect(folders).toContain(node.ods);
  });

  it('answers as one whole record, every source live, entries as their nodes hold them', async () => {
    const record = await allLive();
    expect(record.httpStatus).toBe(200);
    expect(record.cacheControl).toBe('no-store');
    expect([...record.sources.keys()].sort()).toEqual([...person.sources].sort());
    expect(record.total).toBe(record.matches.size);
    expect(record.total).toBeGreaterThanOrEqual(400);
    expect(record.constants.join(' ')).toContain('Some services are never shown here');
    for (const source of record.sources.values()) {
      expect(source).toMatchObject({ severity: 'information', code: 'informational' });
      expect(Date.parse(source.asAt ?? '')).toBeGreaterThan(Date.now() - 60_000);
      expect(source.kinds.length).toBeGreaterThan(0);
    }
    const system = new Map<string, string>();
    for (const [fullUrl, resource] of [...record.matches].filter((_, i) => i % 40 === 0)) {
      const node = demo.nodes.find((one) => fullUrl.startsWith(`${one.fhir}/`));
      expect(node, fullUrl).toBeDefined();
      if (node === undefined) continue;
      const key = system.get(node.ods) ?? (await demo.token(node.ods, 'system'));
      system.set(node.ods, key);
      const held = await fetch(fullUrl, { headers: { authorization: `Bearer ${key}` } });
      expect(held.status).toBe(200);
      expect(await held.json()).toEqual(resource);
    }
  });

  it('answers the same by POST with Parameters', async () => {
    const answer = await fetch(`${gpFhir}/Patient/$shared-record`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({
        resourceType: 'Parameters',
        parameter: [
          {
            name: 'identifier',
            valueIdentifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: person.nhsNumber },
          },
        ],
      }),
    });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { total: number }).total).toBe((await ask()).total);
  });

  it('narrows by _type', async () => {
    const record = await askSharedRecord(
      gpFhir,
      person.nhsNumber,
      token,
      '&_type=AllergyIntolerance,Patient',
    );
    expect(new Set([...record.matches.values()].map((resource) => resource.resourceType))).toEqual(
      new Set(['AllergyIntolerance', 'Patient']),
    );
  });
});

describe('who may ask', () => {
  it('a wrong number is 400, an unknown one 404, without a token 401, and nothing else comes with it', async () => {
    for (const [number, key, status] of [
      ['9990000019', token, 400],
      ['9999999999', token, 404],
      [person.nhsNumber, 'nonsense', 401],
    ] as const) {
      const record = await askSharedRecord(gpFhir, number, key);
      expect(record.httpStatus).toBe(status);
      expect(record.matches.size).toBe(0);
      expect(JSON.parse(record.body)).toMatchObject({ resourceType: 'OperationOutcome' });
    }
  });

  it("a patient's token opens that patient only, and another node's token opens nothing", async () => {
    const own = await demo.token(gp, 'patient', person.nhsNumber);
    const mine = await askSharedRecord(gpFhir, person.nhsNumber, own);
    expect(mine.httpStatus).toBe(200);
    const other = demo.people.find((one) => one.nhsNumber !== person.nhsNumber && one.sources.includes(gp));
    const theirs = await askSharedRecord(gpFhir, other?.nhsNumber ?? '', own);
    expect([403, 404]).toContain(theirs.httpStatus);
    expect(theirs.matches.size).toBe(0);
    const foreign = await askSharedRecord(
      gpFhir,
      person.nhsNumber,
      await demo.token(demo.node('acute').ods, 'doctor'),
    );
    expect(foreign.httpStatus).toBe(401);
  });
});

describe('an organisation killed', () => {
  it('shows what it held as a copy with its true age, what was written just before too, and is live again after start', async () => {
    const acute = demo.node('acute');
    const before = await allLive();
    const system = await demo.token(acute.ods, 'system');
    const patient = [...before.matches].find(
      ([url, resource]) => url.startsWith(acute.fhir) && resource.resourceType === 'Patient',
    )?.[1];
    const written = await fetch(`${acute.fhir}/Condition`, {
      method: 'POST',
      headers: { authorization: `Bearer ${system}`, 'content-type': 'application/fhir+json' },
      body: JSON.stringify({
        resourceType: 'Condition',
        subject: { reference: `Patient/${patient?.id}` },
        code: { text: 'Written just before the end' },
      }),
    });
    expect(written.status).toBe(201);
    const writtenAt = Date.now();
    await new Promise((done) => setTimeout(done, 1000));
    const stopped = await demo.openward('demo', 'stop', acute.ods);
    expect(stopped.code).toBe(0);
    const during = await eventually('the copy', 5, async () => {
      const record = await ask();
      expect(record.httpStatus).toBe(200);
      expect(['copy', 'unavailable']).toContain(record.sources.get(acute.ods)?.status);
      return record.sources.get(acute.ods)?.status === 'copy' ? record : undefined;
    });
    expect(during.body).toContain('Written just before the end');
    expect(during.total).toBe(before.total + 1);
    const source = during.sources.get(acute.ods);
    expect(source).toMatchObject({ severity: 'warning', code: 'incomplete' });
    const asAt = Date.parse(source?.asAt ?? '');
    expect(asAt).toBeGreaterThanOrEqual(writtenAt - 1000);
    expect(asAt).toBeLessThanOrEqual(Date.now());
    for (const [ods, other] of during.sources) if (ods !== acute.ods) expect(other.status).toBe('live');
    expect((await demo.openward('demo', 'start', acute.ods)).code).toBe(0);
    const after = await allLive();
    expect(after.total).toBe(during.total);
  });

  it("leaves no plaintext of its record in another organisation's folder", async () => {
    const surname = await surnameAt(demo.node('mental-health').ods);
    for (const node of demo.nodes) {
      if (node.ods === demo.node('mental-health').ods) continue;
      const bytes = await everyFile(join(demo.data, node.ods));
      expect(
        bytes.some((file) => file.includes(surname)),
        node.ods,
      ).toBe(false);
    }
  });
});

describe('two dead, one slow, one hung', () => {
  it('answers in time and names each; without the exchange too', async () => {
    const before = await allLive();
    const [slow, hung, dead, exchange] = [
      demo.node('pharmacy').ods,
      demo.node('community').ods,
      demo.node('lab').ods,
      demo.nodes[0]?.ods ?? '',
    ];
    expect((await demo.openward('demo', 'fault', slow, 'slow')).code).toBe(0);
    expect((await demo.openward('demo', 'fault', hung, 'hang')).code).toBe(0);
    expect((await demo.openward('demo', 'stop', dead)).code).toBe(0);
    const record = await ask();
    expect(record.httpStatus).toBe(200);
    for (const ods of [slow, hung, dead]) {
      expect(['copy', 'unavailable']).toContain(record.sources.get(ods)?.status);
    }
    const copies = await eventually('three copies', 10, async () => {
      const again = await ask();
      return [slow, hung, dead].every((ods) => again.sources.get(ods)?.status === 'copy') ? again : undefined;
    });
    expect(copies.total).toBe(before.total);
    for (const ods of [slow, hung]) expect((await demo.openward('demo', 'fault', ods, 'none')).code).toBe(0);
    expect((await demo.openward('demo', 'start', dead)).code).toBe(0);
    await allLive();
    expect((await demo.openward('demo', 'stop', exchange)).code).toBe(0);
    const alone = await ask();
    expect(alone.total).toBe(before.total);
    for (const source of alone.sources.values()) expect(source.status).toBe('live');
    expect((await demo.openward('demo', 'start', exchange)).code).toBe(0);
  });

  it('garbage is never shown as a record', async () => {
    const bad = demo.node('urgent-care').ods;
    const before = await allLive();
    await demo.openward('demo', 'fault', bad, 'garbage');
    const during = await eventually('the copy', 10, async () => {
      const record = await ask();
      return record.sources.get(bad)?.status === 'copy' ? record : undefined;
    });
    expect(during.total).toBe(before.total);
    await demo.openward('demo', 'fault', bad, 'none');
    await allLive();
  });

  it('a feed that is cut leaves its organisation behind within 30 s, with the kinds and the time', async () => {
    const acute = demo.node('acute').ods;
    await demo.openward('demo', 'fault', acute, 'cut-feed');
    const record = await eventually('behind', 30, async () => {
      const answer = await ask();
      return answer.sources.get(acute)?.status === 'behind' ? answer : undefined;
    });
    expect(record.sources.get(acute)).toMatchObject({ severity: 'warning', code: 'incomplete' });
    expect(record.sources.get(acute)?.asAt).toBeDefined();
    await demo.openward('demo', 'fault', acute, 'none');
    await allLive();
  });
});

describe('the command line', () => {
  it('prints the whole record, in words and as JSON', async () => {
    const words = await demo.openward('record', person.nhsNumber, '--node', gp);
    expect(words.code).toBe(0);
    for (const ods of person.sources) expect(words.stdout).toContain(ods);
    const json = await demo.openward('record', person.nhsNumber, '--node', gp, '--json');
    expect((JSON.parse(json.stdout) as { resourceType: string }).resourceType).toBe('Bundle');
  });
});

/** The surname of somebody known to this organisation, as its own store holds it. */
async function surnameAt(ods: string): Promise<Buffer> {
  const node = demo.nodes.find((one) => one.ods === ods);
  const system = await demo.token(ods, 'system');
  const answer = await fetch(`${node?.fhir}/CarePlan?_count=1`, {
    headers: { authorization: `Bearer ${system}` },
  });
  const bundle = (await answer.json()) as { entry: { resource: { id: string } }[] };
  return Buffer.from(`"CarePlan","id":"${bundle.entry[0]?.resource.id}"`);
}

async function everyFile(folder: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name))),
  );
}
