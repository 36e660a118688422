/**
 * Imports of every kind of input, over real records: what is taken, what is rejected and why, and that a
 * second run changes nothing.
 */
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ImportUnderTest, openImportUnderTest } from '../../test/import-under-test.ts';
import { Failure } from '../base/failure.ts';
import { resourceTypes } from '../fhir/definitions.ts';
import { eachReference } from '../fhir/references.ts';

const FIXTURES = join(import.meta.dirname, '../../../shared/fixtures');
const present = existsSync(FIXTURES);
if (!present) console.warn('Imports of real files are not tried: the folder shared/fixtures is absent.');

let node: ImportUnderTest;
beforeEach(async () => {
  node = await openImportUnderTest();
});
afterEach(() => node.close());

const person = (id?: string, family = 'Ash'): object => ({
  resourceType: 'Patient',
  ...(id === undefined ? {} : { id }),
  identifier: [{ system: 'urn:test', value: family }],
  name: [{ family }],
});
const finding = (subject: string, id?: string): object => ({
  resourceType: 'Observation',
  ...(id === undefined ? {} : { id }),
  status: 'final',
  code: { text: 'Weight' },
  subject: { reference: subject },
});
const UUID = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0';
const transaction = (...resources: readonly [object, object?][]): object => ({
  resourceType: 'Bundle',
  type: 'transaction',
  entry: resources.map(([resource, more]) => ({
    resource,
    request: { method: 'POST', url: (resource as { resourceType: string }).resourceType },
    ...more,
  })),
});
const lines = (...values: readonly (object | string)[]): string =>
  values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join('\n');

describe('a Bundle', () => {
  it('of type transaction is taken whole, once, however often it is given', async () => {
    await node.file('a.json', transaction([person(), { fullUrl: UUID }], [finding(UUID)]));
    expect(await node.run()).toMatchObject({ resources: 2, files: 1, before: 0, rejected: 0 });
    const [patient] = await node.all('Patient');
    expect(await node.all('Observation')).toMatchObject([
      { subject: { reference: `Patient/${patient?.id}` } },
    ]);
    expect(await node.run()).toMatchObject({ resources: 0, files: 1, before: 1, rejected: 0 });
    await node.file('copy/of-it.json.gz', gzipSync(await readFile(join(node.folder, 'a.json'))));
    expect(await node.run()).toMatchObject({ resources: 0, before: 2 });
    expect(await node.all('Patient')).toHaveLength(1);
  });

  it('that lies there twice is counted as taken before, and what is wrong with it is listed once', async () => {
    const entry = [{ resource: person('p1') }, { resource: { ...finding('Patient/p1'), status: 'no' } }];
    const path = await node.file('a.json', { resourceType: 'Bundle', type: 'collection', entry });
    const packed = await node.file('a.json.gz', gzipSync(await readFile(path)));
    await node.file('b.ndjson', lines('{"resourceType":'));
    await node.file('c.ndjson.gz', gzipSync(lines('{"resourceType":')));
    expect(await node.run()).toMatchObject({ resources: 1, files: 4, before: 1, rejected: 2 });
    const files = (await node.rejects()).map((one) => one.file);
    expect(files.filter((file) => file === path || file === packed)).toHaveLength(1);
  });

  it('of type transaction is rejected whole where one entry is wrong', async () => {
    const path = await node.file(
      'a.json',
      transaction([person()], [{ ...finding('Patient/1'), status: 'no' }]),
    );
    expect(await node.run()).toMatchObject({ resources: 0, rejected: 1 });
    expect(await node.all('Patient')).toEqual([]);
    expect(await node.rejects()).toMatchObject([
      { file: path, code: 'code-invalid', expression: 'Bundle.entry[1].resource.status' },
    ]);
    const { mode } = await stat(join(node.folder, '.rejects', 'rejects.ndjson'));
    expect(mode & 0o077).toBe(0);
  });

  it('that refers by condition to what another brings waits for it, whatever the order', async () => {
    const byNumber = { reference: 'Practitioner?identifier=urn:test|7' };
    const seen = { ...finding('Patient/p'), performer: [byNumber] };
    await node.file('a.json', transaction([seen]));
    await node.file('b.ndjson', lines({ ...seen, id: 'o2' }));
    const doctor = { resourceType: 'Practitioner', identifier: [{ system: 'urn:test', value: '7' }] };
    await node.file('c.json', transaction([doctor]));
    expect(await node.run()).toMatchObject({ resources: 3, rejected: 0 });
    const [found] = await node.all('Practitioner');
    const performers = (await node.all('Observation')).map((one) => one.performer?.[0]?.reference);
    expect(performers).toEqual([`Practitioner/${found?.id}`, `Practitioner/${found?.id}`]);
  });

  it('that waits for what never comes is rejected; of lines only the one that waits', async () => {
    const seen = { ...finding('Patient/p', 'o1'), performer: [{ reference: 'Practitioner?identifier=9' }] };
    await node.file('a.json', transaction([seen]));
    await node.file('b.ndjson', lines(finding('Patient/p', 'o2'), seen));
    expect(await node.run()).toMatchObject({ resources: 1, rejected: 2 });
    expect(await node.rejects()).toMatchObject([
      { code: 'not-found', expression: 'Bundle.entry[0].resource' },
      { code: 'not-found', line: 2 },
    ]);
  });

  it('of type collection or searchset puts what has an id and creates the rest; wrong entries go alone', async () => {
    const elsewhere = 'https://elsewhere.example/fhir/Patient/p1';
    const entry = [
      { fullUrl: elsewhere, resource: person('p1'), search: { mode: 'match' } },
      { fullUrl: UUID, resource: { ...finding('Patient/p1'), status: 'no' } },
      { resource: { resourceType: 'Task', status: 'draft', intent: 'plan', focus: { reference: UUID } } },
      { resource: finding(elsewhere) },
      { resource: { resourceType: 'OperationOutcome', issue: [] }, search: { mode: 'outcome' } },
    ];
    await node.file('a.json', { resourceType: 'Bundle', type: 'searchset', entry });
    expect(await node.run()).toMatchObject({ resources: 2, rejected: 2 });
    expect(await node.all('Observation')).toMatchObject([{ subject: { reference: 'Patient/p1' } }]);
    expect((await node.rejects()).map((one) => one.expression)).toEqual([
      'Bundle.entry[1].resource.status',
      'Bundle.entry[2]',
    ]);
    expect(await node.run()).toMatchObject({ resources: 0, before: 1, rejected: 2 });
  });

  it('of type batch does what each entry asks', async () => {
    await node.put(person('gone') as never);
    const entry = [
      { resource: person('p1'), request: { method: 'PUT', url: 'Patient/p1' } },
      { resource: person(), request: { method: 'POST', url: 'Patient' } },
      { request: { method: 'DELETE', url: 'Patient/gone' } },
      { request: { method: 'GET', url: 'Patient/p1' } },
      { resource: person('p2'), request: { method: 'PUT', url: 'Patient/p3' } },
    ];
    await node.file('a.json', { resourceType: 'Bundle', type: 'batch', entry });
    expect(await node.run()).toMatchObject({ resources: 3, rejected: 2 });
    expect(await node.all('Patient')).toHaveLength(2);
  });

  it('that writes what a condition finds, or patches, is refused by name', async () => {
    await node.put(person('p1') as never);
    const entry = [
      { resource: person(), request: { method: 'PUT', url: 'Patient?identifier=x' } },
      { request: { method: 'DELETE', url: 'Patient?identifier=x' } },
      { resource: { resourceType: 'Parameters' }, request: { method: 'PATCH', url: 'Patient/p1' } },
      { resource: person('p2'), request: { method: 'PUT', url: 'Patient/p2' } },
    ];
    await node.file('a.json', { resourceType: 'Bundle', type: 'batch', entry });
    await node.file('b.json', { resourceType: 'Bundle', type: 'transaction', entry: entry.slice(0, 1) });
    expect(await node.run()).toMatchObject({ resources: 1, rejected: 4 });
    expect((await node.rejects()).map((one) => one.code)).toEqual(Array(4).fill('not-supported'));
  });

  it('that asks for something to be done is no data', async () => {
    await node.file('a.json', { resourceType: 'Bundle', type: 'message' });
    expect(await node.run()).toMatchObject({ resources: 0, rejected: 1 });
    expect(await node.rejects()).toMatchObject([{ code: 'not-supported', expression: 'Bundle.type' }]);
  });
});

describe('NDJSON', () => {
  it('is taken line by line, in the audit, and references may lead to what is not there', async () => {
    await node.file('a.ndjson', lines(finding('Patient/later', 'o1'), person('p1'), '', person('p2', 'Box')));
    await node.news('writes');
    expect(await node.run()).toMatchObject({ resources: 3, rejected: 0 });
    expect(await node.news('writes')).toMatchObject([
      { action: 'import', actor: { role: 'system' }, purpose: 'administration', outcome: 'ok' },
    ]);
  });

  it('of which a line is wrong rejects that line, with itself and the reason, again in each run', async () => {
    const bad = ['{"resourceType":"Patient","id":"p3"', '{"resourceType":"Patient","id":"p4","hair":"red"}'];
    const path = await node.file('a.ndjson', lines(person('p1'), ...bad, person('p2', 'Box')));
    for (const before of [0, 1]) {
      expect(await node.run()).toMatchObject({ resources: before === 0 ? 2 : 0, before, rejected: 2 });
      expect(await node.rejects()).toMatchObject([
        { file: path, line: 2, code: 'structure', input: bad[0] },
        { file: path, line: 3, code: 'structure', expression: 'Patient.hair', input: bad[1] },
      ]);
    }
    await node.file('a.ndjson', lines(person('p1'), person('p3'), person('p2', 'Box')));
    expect(await node.run()).toMatchObject({ resources: 1, unchanged: 2, rejected: 0 });
    expect(await node.rejects()).toEqual([]);
  });

  it('brings only what has changed when the extract comes again', async () => {
    await node.file('a.ndjson', lines(person('p1'), person('p2')));
    await node.run();
    await node.file('a.ndjson', lines(person('p1'), person('p2', 'Changed'), person('p3')));
    expect(await node.run()).toMatchObject({ resources: 2, unchanged: 1 });
    const versions = (await node.all('Patient')).map((one) => [one.id, one.meta?.versionId]);
    expect(versions.sort()).toEqual([
      ['p1', '1'],
      ['p2', '2'],
      ['p3', '1'],
    ]);
  });

  it('that names one resource twice leaves it as the later line says, even across units', async () => {
    await node.close();
    node = await openImportUnderTest({ importChunkBytes: 400, importCommitResources: 2 });
    const many = Array.from({ length: 30 }, (_, n) => person(n % 3 === 0 ? 'same' : `p${n}`, `Name${n}`));
    await node.file('a.ndjson', lines(...many));
    expect(await node.run()).toMatchObject({ resources: 30 });
    const same = (await node.all('Patient')).find((one) => one.id === 'same');
    expect(same).toMatchObject({ name: [{ family: 'Name27' }], meta: { versionId: '10' } });
  });
});

describe('HL7 v2', () => {
  const message = (n: number, more = ''): string =>
    `MSH|^~\\&|PAS|RCB|||20260101120000||ADT^A28|M${n}|P|2.4\rEVN|A28|20260101120000\r` +
    `PID|1||N${n}^^^RCB^MR||ASH^ANN||19700101|F${more}\r`;

  it('makes what the same messages make by MLLP, once', async () => {
    await node.file('a.hl7', `${message(1)}\n${message(2)}\n`);
    expect(await node.run()).toMatchObject({ resources: 2, rejected: 0 });
    expect(await node.run()).toMatchObject({ resources: 0, before: 1, rejected: 0 });
    expect(await node.all('Patient')).toHaveLength(2);
  });

  it('that cannot be taken is rejected with its number and kept as a dead letter', async () => {
    await node.file('a.hl7', `${message(1)}\n${message(2).replace('ADT^A28', 'ZZZ^Z01')}\n${message(3)}`);
    expect(await node.run()).toMatchObject({ resources: 2, rejected: 1 });
    expect(await node.rejects()).toMatchObject([{ message: 2, code: 'not-supported' }]);
    const session = node.records.as({
      actor: { id: 's', name: 's', role: 'system', organisation: 'RCB' as never },
      purpose: 'administration',
      requestId: 'r',
    });
    expect(await session.keptNames('v2-dead-letters', undefined, 10)).toHaveLength(1);
  });
});

describe('files', () => {
  it('of folders that are no input are left aside; those that say they are, or were named, are rejected', async () => {
    const readme = await node.file('README.md', 'What is in here');
    await node.file('.hidden.json', '{');
    await node.file('deep/er/a.json', person('p1'));
    const bad = await node.file('b.json', 'not json');
    const cut = await node.file('c.json.gz', gzipSync(JSON.stringify(person('p2'))).subarray(0, 40));
    expect(await node.run()).toMatchObject({ resources: 1, files: 3, leftAside: 1, rejected: 2 });
    expect((await node.rejects()).map((one) => one.file)).toEqual([bad, cut]);
    expect(await node.run(readme)).toMatchObject({ files: 1, rejected: 1 });
  });

  it('that are not there end it before it begins', async () => {
    await expect(node.run(join(node.folder, 'nowhere'))).rejects.toThrow(/cannot be read/);
  });

  it('are never written over by the rejects', async () => {
    const mine = await node.file('.rejects/rejects.ndjson', lines(person('p1')));
    await expect(node.run()).rejects.toThrow(/is no rejects file/);
    expect(await readFile(mine, 'utf8')).toContain('Ash');
  });

  it('larger than the limit are rejected, and memory is not asked for them', async () => {
    await node.close();
    node = await openImportUnderTest({ importInputBytesMax: 2_000 });
    await node.file('a.json', JSON.stringify(person('p1', 'x'.repeat(3_000))));
    await node.file('b.json', person('p2'));
    expect(await node.run()).toMatchObject({ resources: 1, rejected: 1 });
    expect(await node.rejects()).toMatchObject([{ code: 'too-long' }]);
  });
});

it('stops where the disk is full, keeps what was acknowledged, and goes on when there is room', async () => {
  await node.close();
  node = await openImportUnderTest({ diskReserveBytes: Number.MAX_SAFE_INTEGER });
  await node.file('a.ndjson', lines(person('p1')));
  const { stopped, resources } = await node.run();
  expect(stopped).toBeInstanceOf(Failure);
  expect(stopped?.code).toBe('no-store');
  expect(resources).toBe(0);
});

describe.runIf(present)('real files', () => {
  const complete = async (folders: readonly string[], dangling: readonly string[] = []): Promise<number> => {
    const summary = await node.run(...folders.map((folder) => join(FIXTURES, folder)));
    expect(await node.rejects()).toEqual([]);
    expect(summary).toMatchObject({ rejected: 0, leftAside: 0 });
    const known = new Set<string>();
    const wanted = new Set<string>();
    for (const type of resourceTypes) {
      for (const resource of await node.all(type)) {
        known.add(`${type}/${resource.id}`);
        eachReference(resource, (reference) => {
          if (!reference.startsWith('#')) wanted.add(reference);
        });
      }
    }
    expect(known.size).toBe(summary.resources);
    const lost = [...wanted].filter((reference) => !known.has(reference));
    expect(lost.filter((reference) => !dangling.some((type) => reference.startsWith(type)))).toEqual([]);
    const again = await node.run(...folders.map((folder) => join(FIXTURES, folder)));
    expect(again).toMatchObject({ resources: 0, unchanged: 0, rejected: 0 });
    return summary.resources;
  };

  it('Synthea, both sets: complete, every reference leads somewhere, a second run changes nothing', {
    timeout: 240_000,
  }, async () => {
    expect(await complete(['synthea-r4-2019', 'synthea-r4-2021'])).toBeGreaterThan(15_000);
  });

  it('bulk NDJSON: complete but for what the files themselves lack', { timeout: 240_000 }, async () => {
    expect(
      await complete(['bulk-ndjson-10-patients'], ['Observation/', 'DiagnosticReport/']),
    ).toBeGreaterThan(7_000);
  });

  it('HL7 v2 of a London trust: every message is taken, once', { timeout: 240_000 }, async () => {
    const folder = join(FIXTURES, 'hl7v2/simhospital');
    const first = await node.run(folder);
    expect(first).toMatchObject({ files: 148, rejected: 0 });
    expect(first.resources).toBeGreaterThan(1_000);
    const counts = async (): Promise<number[]> =>
      Promise.all(
        (['Patient', 'Encounter', 'Observation'] as const).map(async (type) => (await node.all(type)).length),
      );
    const before = await counts();
    expect(await node.run(folder)).toMatchObject({ resources: 0, rejected: 0 });
    expect(await counts()).toEqual(before);
  });
});
