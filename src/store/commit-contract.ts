/** Part of the store contract: what a commit does, what it refuses, and that it is all or nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  content,
  draft,
  id,
  idsOf,
  observation,
  patient,
  put,
  query,
  remove,
  search,
} from '../../test/store-under-test.ts';
import { parseJson } from '../fhir/parse-json.ts';
import type { Identified } from '../fhir/resource.ts';
import { wholeScope } from './scope.ts';
import type { Store, WriteOp } from './store.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

export function commitContract(open: OpenStore): void {
  let under: StoreUnderTest;
  const store = (): Store => under.store;
  const commit = (...ops: WriteOp[]) => store().commit(ops, draft());
  const read = async (type: 'Patient' | 'Observation', name: string) =>
    content(await (await store().snapshot()).read(type, id(name), wholeScope));

  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.remove());

  describe('a commit', () => {
    it('creates under a new id and hands out the bytes that reads give', async () => {
      const { id: _, ...resource } = observation('x');
      const { seq, at, entries } = await commit({ op: 'create', resource });
      const [made] = entries;
      expect(made).toMatchObject({
        outcome: 'created',
        type: 'Observation',
        versionId: '1',
        lastUpdated: at,
      });
      expect(made?.id).toMatch(/^[A-Za-z0-9.-]{1,64}$/);
      const kept = await (await store().snapshot()).read('Observation', made?.id ?? id(''), wholeScope);
      expect(kept).toMatchObject({ seq, versionId: '1', persons: [], deleted: false });
      expect(kept?.deleted === false && kept.bytes.equals(made?.bytes ?? Buffer.alloc(0))).toBe(true);
      expect(content(kept)).toEqual({
        ...resource,
        id: made?.id,
        meta: { versionId: '1', lastUpdated: new Date(at).toISOString() },
      });
    });

    it('puts a new resource, then its next versions; If-Match names the one that is there', async () => {
      expect((await commit(put(patient('p1'), 'absent'))).entries[0]?.outcome).toBe('created');
      expect((await commit(put(patient('p1', { active: true }), '1'))).entries[0]).toMatchObject({
        outcome: 'updated',
        versionId: '2',
      });
      for (const stale of ['1', '3', 'absent', 'x']) {
        await expect(commit(put(patient('p1'), stale)), stale).rejects.toMatchObject({
          code: 'conflict',
          status: 412,
        });
      }
      await expect(commit(put(patient('nobody'), '1'))).rejects.toMatchObject({
        code: 'conflict',
        status: 412,
      });
      expect(await read('Patient', 'p1')).toMatchObject({ active: true, meta: { versionId: '2' } });
      expect(await read('Patient', 'nobody')).toBe('absent');
    });

    it('deletes once; what is put again afterwards is the next version', async () => {
      await commit(put(patient('p2')));
      await expect(commit(remove('Patient', 'p2', '2'))).rejects.toMatchObject({ code: 'conflict' });
      expect((await commit(remove('Patient', 'p2', '1'))).entries[0]).toMatchObject({
        outcome: 'deleted',
        versionId: '2',
      });
      expect(await read('Patient', 'p2')).toBe('deleted');
      expect((await commit(remove('Patient', 'p2'))).entries[0]?.outcome).toBe('absent');
      await expect(commit(remove('Patient', 'p2', '2'))).rejects.toMatchObject({ code: 'conflict' });
      expect((await commit(remove('Patient', 'never'))).entries[0]?.outcome).toBe('absent');
      expect((await commit(put(patient('p2'), 'absent'))).entries[0]).toMatchObject({
        outcome: 'created',
        versionId: '3',
      });
      expect(await read('Patient', 'p2')).toMatchObject({ meta: { versionId: '3' } });
    });

    it('writes again only what has changed where that is asked for, and hands out what is there', async () => {
      const once = (more: object): WriteOp => ({
        op: 'put',
        resource: patient('same', more),
        onlyIfChanged: true,
      });
      const [first] = (await commit(once({ active: true }))).entries;
      expect(first?.outcome).toBe('created');
      const same = await commit(once({ active: true, meta: { versionId: '9' } }), once({ active: true }));
      for (const entry of same.entries) expect(entry).toEqual({ ...first, outcome: 'unchanged' });
      const changed = await commit(
        once({ active: false }),
        once({ active: true }),
        remove('Patient', 'same'),
      );
      expect(changed.entries.map((one) => one.versionId)).toEqual(['2', '3', '4']);
      expect((await commit(once({ active: true }))).entries[0]).toMatchObject({
        outcome: 'created',
        versionId: '5',
      });
    });

    it('of many resources hands out their bytes too, and is read at once', async () => {
      await commit(put(observation('m7', [], { status: 'final' })));
      await read('Observation', 'm7');
      const many = Array.from({ length: 600 }, (_, n) =>
        put(observation(`m${n}`, [], { status: 'amended' })),
      );
      const { entries } = await commit(...many);
      expect(entries).toHaveLength(600);
      for (const n of [0, 7, 599]) {
        expect(JSON.parse(entries[n]?.bytes?.toString() ?? '')).toEqual(await read('Observation', `m${n}`));
        expect(await read('Observation', `m${n}`)).toMatchObject({ status: 'amended' });
      }
    });

    it('refuses a create under an id that is taken', async () => {
      await commit({ op: 'create', resource: patient('p3'), id: id('p3') });
      await expect(commit({ op: 'create', resource: patient('p3'), id: id('p3') })).rejects.toMatchObject({
        code: 'duplicate',
      });
    });

    it('keeps decimals, unknown order and every character as they were written', async () => {
      const odd = {
        text: { status: 'generated', div: '<div>é "𝄞" \\ \u2028</div>' },
        name: [{ family: "O'Neill-Ñ" }],
      };
      await commit(put(patient('p4', odd)));
      expect(await read('Patient', 'p4')).toMatchObject(odd);
    });

    it('keeps decimals of meta too, wherever it stands', async () => {
      const extension = '[{"url":"http://example.org/z","valueDecimal":1.10}]';
      for (const [i, text] of [
        `{"resourceType":"Basic","id":"m0","meta":{"extension":${extension}},"language":"en"}`,
        `{"resourceType":"Basic","id":"m1","language":"en","meta":{"extension":${extension}}}`,
        `{"resourceType":"Basic","language":"en","meta":{"extension":${extension}},"id":"m2"}`,
      ].entries()) {
        await store().commit([put(parseJson(Buffer.from(text), { jsonDepthMax: 9 }) as Identified)], draft());
        const found = await (await store().snapshot()).read('Basic', id(`m${i}`), wholeScope);
        expect(found?.deleted === false && found.bytes.toString()).toContain('"valueDecimal":1.10');
      }
    });

    it('takes a resource that is found by a hundred thousand values', async () => {
      const event = Array.from({ length: 100_000 }, (_, n) => ({
        period: { start: `${1000 + (n % 9000)}-${String(1 + (n % 12)).padStart(2, '0')}` },
      }));
      const large = { resourceType: 'Composition', id: 'large', event } as unknown as Identified;
      const { entries } = await store().commit([put(large)], draft());
      expect(entries[0]?.outcome).toBe('created');
    });

    it('acts on one resource several times, in the order given', async () => {
      const { entries } = await commit(
        put(patient('p5')),
        put(patient('p5', { active: false })),
        remove('Patient', 'p5'),
        put(patient('p5')),
      );
      expect(entries.map((one) => `${one.outcome} ${one.versionId}`)).toEqual([
        'created 1',
        'updated 2',
        'deleted 3',
        'created 4',
      ]);
      expect(idsOf(await search(store(), 'Patient?_id=p5'))).toEqual(['p5']);
      expect((await search(store(), 'Patient?_id=p5&_total=accurate')).total).toBe(1);
    });

    it('stamps no time that is before the commit before', async () => {
      const times: number[] = [];
      for (let n = 0; n < 5; n++) times.push((await commit(put(patient('p6')))).at);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    });
  });

  describe('a create with a condition', () => {
    const found = query('Patient?identifier=urn:i|7');
    const seven = (name: string) => patient(name, { identifier: [{ system: 'urn:i', value: '7' }] });
    const attempt = (name: string, expected?: string): WriteOp => ({
      op: 'create',
      resource: seven(name),
      id: id(name),
      ifNoneExist: found,
      ...(expected === undefined
        ? {}
        : { expected: id(expected) as typeof expected & ReturnType<typeof id> }),
    });

    it('writes where nothing fits, finds what fits, and refuses where several do', async () => {
      expect((await commit(attempt('c1', 'none'))).entries[0]).toMatchObject({
        outcome: 'created',
        id: 'c1',
      });
      const { entries } = await commit(attempt('c2'));
      expect(entries[0]).toMatchObject({ outcome: 'existing', id: 'c1', versionId: '1' });
      expect(JSON.parse(entries[0]?.bytes?.toString() ?? '')).toMatchObject({ id: 'c1' });
      expect(await read('Patient', 'c2')).toBe('absent');
      await commit(put(seven('c3')));
      await expect(commit(attempt('c4'))).rejects.toMatchObject({ code: 'multiple-matches' });
    });

    it('writes nothing where the caller expected something else', async () => {
      await commit(remove('Patient', 'c3'));
      await expect(commit(attempt('c5', 'none'))).rejects.toMatchObject({ code: 'lock-error' });
      await expect(commit(attempt('c5', 'c3'))).rejects.toMatchObject({ code: 'lock-error' });
      expect((await commit(attempt('c5', 'c1'))).entries[0]).toMatchObject({ outcome: 'existing', id: 'c1' });
      await commit(remove('Patient', 'c1'));
      await expect(commit(attempt('c5', 'c1'))).rejects.toMatchObject({ code: 'lock-error' });
      expect(await read('Patient', 'c5')).toBe('absent');
    });

    it('sees what came before it in the same commit', async () => {
      const { entries } = await commit(attempt('c6'), attempt('c7'));
      expect(entries.map((one) => `${one.outcome} ${one.id}`)).toEqual(['created c6', 'existing c6']);
    });

    it('of many at once makes one resource', async () => {
      const one = query('Patient?identifier=urn:i|many');
      const resource = patient('x', { identifier: [{ system: 'urn:i', value: 'many' }] });
      const all = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          commit({ op: 'create', resource, id: id(`many-${n}`), ifNoneExist: one }),
        ),
      );
      expect(all.filter((each) => each.entries[0]?.outcome === 'created')).toHaveLength(1);
      expect(new Set(all.map((each) => each.entries[0]?.id)).size).toBe(1);
    });
  });

  describe('a write of what a search found', () => {
    const found = query('Patient?identifier=urn:f|1');
    const one = (name: string, gender = 'male') =>
      patient(name, { gender, identifier: [{ system: 'urn:f', value: '1' }] });
    const putFound = (name: string, gender?: string): WriteOp => ({
      op: 'put',
      resource: one(name, gender),
      foundBy: { query: found },
    });

    it('is done where the search finds it and no other', async () => {
      await commit(put(one('f1')));
      const { entries } = await commit(putFound('f1', 'other'));
      expect(entries[0]).toMatchObject({ outcome: 'updated', id: 'f1', versionId: '2' });
      await expect(commit(putFound('f2'))).rejects.toMatchObject({ code: 'lock-error' });
      expect(await read('Patient', 'f2')).toBe('absent');
      await commit(put(one('f3')));
      await expect(commit(putFound('f1'))).rejects.toMatchObject({ code: 'multiple-matches' });
      const away: WriteOp = { op: 'delete', type: 'Patient', id: id('f3'), foundBy: { query: found } };
      await expect(commit(away)).rejects.toMatchObject({ code: 'multiple-matches' });
      await commit(remove('Patient', 'f1'));
      expect((await commit(away)).entries[0]).toMatchObject({ outcome: 'deleted' });
      await expect(commit(away)).rejects.toMatchObject({ code: 'lock-error' });
    });

    it('sees what came before it in the same commit, and nothing that is out of scope', async () => {
      await commit(put(patient('f4')));
      const { entries } = await commit(put(one('f4')), putFound('f4', 'other'));
      expect(entries.map((each) => each.outcome)).toEqual(['updated', 'updated']);
      const within = { ...wholeScope, types: [] };
      const outside: WriteOp = { op: 'put', resource: one('f4'), foundBy: { query: found, within } };
      await expect(commit(outside)).rejects.toMatchObject({ code: 'lock-error' });
    });

    it('goes on from what was deleted where nothing is expected', async () => {
      const create = (expected?: 'none'): WriteOp => ({
        op: 'create',
        resource: patient('f5'),
        id: id('f5'),
        ifNoneExist: query('Patient?identifier=urn:f|never'),
        ...(expected === undefined ? {} : { expected }),
      });
      await commit(create('none'));
      await expect(commit(create('none'))).rejects.toMatchObject({ code: 'duplicate' });
      await commit(remove('Patient', 'f5'));
      await expect(commit(create())).rejects.toMatchObject({ code: 'duplicate' });
      expect((await commit(create('none'))).entries[0]).toMatchObject({ outcome: 'created', versionId: '3' });
    });
  });

  describe('all or nothing', () => {
    it('one op that fails undoes the others, their index, their blobs and the audit row', async () => {
      const rows = async () => (await store().auditRows({ chain: 'writes', count: 100_000 })).length;
      const before = await rows();
      const { seq } = await store().snapshot();
      const blob = { space: 'raw', name: 'undone', bytes: Buffer.from('x') };
      await expect(
        store().commit(
          [put(patient('u1', { gender: 'other' })), put(observation('u2', ['u1'])), put(patient('p1'), '77')],
          draft(),
          [blob],
        ),
      ).rejects.toMatchObject({ code: 'conflict' });
      expect(await read('Patient', 'u1')).toBe('absent');
      expect(idsOf(await search(store(), 'Observation?subject=Patient/u1'))).toEqual([]);
      expect(await store().blobs.get('raw', 'undone')).toBeUndefined();
      expect(await rows()).toBe(before);
      expect((await store().snapshot()).seq).toBe(seq);
    });

    it('a commit that fails leaves those beside it in its group as they are', async () => {
      const attempts = Array.from({ length: 60 }, (_, n) =>
        n % 3 === 0
          ? commit(put(patient(`g${n}`)), put(patient(`g${n}-b`), '9'))
          : commit(put(patient(`g${n}`, { name: [{ family: `Fam${n}` }] }))),
      );
      const settled = await Promise.allSettled(attempts);
      for (const [n, one] of settled.entries()) {
        expect(one.status, String(n)).toBe(n % 3 === 0 ? 'rejected' : 'fulfilled');
        expect((await read('Patient', `g${n}`)) === 'absent', String(n)).toBe(n % 3 === 0);
        expect(
          (await search(store(), `Patient?family=Fam${n}`)).entries.some((each) => each.id === `g${n}`),
        ).toBe(n % 3 !== 0);
      }
      const seqs = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value.seq] : []));
      expect(new Set(seqs).size).toBe(seqs.length);
    });

    it('many at once share transactions, and each reads its own write', async () => {
      const before = store().figures();
      await Promise.all(
        Array.from({ length: 300 }, async (_, n) => {
          const { seq } = await commit(put(patient(`s${n}`)));
          expect((await store().snapshot()).seq).toBeGreaterThanOrEqual(seq);
          expect(await read('Patient', `s${n}`)).toMatchObject({ id: `s${n}` });
        }),
      );
      const after = store().figures();
      expect(after.commits - before.commits).toBe(300);
      expect(after.transactions - before.transactions).toBeLessThan(150);
      expect(after.waiting).toBe(0);
    });
  });

  describe('blobs', () => {
    it('are there with the commit that brought them, listed in order, and gone when deleted', async () => {
      const bytes = Buffer.from([0, 255, 10, 13]);
      await store().commit([put(patient('b1'))], draft(), [{ space: 'v2', name: 'm2', bytes }]);
      await store().blobs.put('v2', 'm1', Buffer.from('one'));
      await store().blobs.put('v2', 'm1', Buffer.from('two'));
      await store().blobs.put('other', 'm0', bytes);
      expect(await store().blobs.get('v2', 'm2')).toEqual(bytes);
      expect((await store().blobs.get('v2', 'm1'))?.toString()).toBe('two');
      expect(await store().blobs.list('v2', undefined, 10)).toEqual(['m1', 'm2']);
      expect(await store().blobs.list('v2', 'm1', 10)).toEqual(['m2']);
      expect(await store().blobs.list('v2', undefined, 1)).toEqual(['m1']);
      await store().blobs.delete('v2', 'm1');
      expect(await store().blobs.get('v2', 'm1')).toBeUndefined();
      expect(await store().blobs.list('v2', undefined, 10)).toEqual(['m2']);
    });
  });

  describe('at the reserve of the disk', () => {
    it('writes are refused whole, reads and their audit go on, and with room again so do writes', async () => {
      await under.reopen({ diskReserveBytes: Number.MAX_SAFE_INTEGER });
      const { seq } = await store().snapshot();
      await expect(commit(put(patient('full')))).rejects.toMatchObject({ code: 'no-store' });
      await expect(store().blobs.put('v2', 'full', Buffer.from('x'))).rejects.toMatchObject({
        code: 'no-store',
      });
      await store().auditReads([draft({ action: 'read' })]);
      await store().commit([], draft({ action: 'disclose' }));
      expect(await read('Patient', 'p1')).toMatchObject({ id: 'p1' });
      expect(idsOf(await search(store(), 'Patient?_id=p1'))).toEqual(['p1']);
      expect((await store().snapshot()).seq).toBe(seq);
      await under.reopen();
      expect(await read('Patient', 'full')).toBe('absent');
      expect((await commit(put(patient('full')))).entries[0]?.outcome).toBe('created');
      expect(await store().verifyAudit()).toBeUndefined();
    });
  });

  describe('a store that was closed', () => {
    it('opens with all that it held, and refuses what comes after the close', async () => {
      const before = await store().snapshot();
      const old = store();
      await under.reopen();
      expect((await store().snapshot()).seq).toBe(before.seq);
      expect(await read('Patient', 'p1')).toMatchObject({ id: 'p1', active: true });
      await expect(old.commit([put(patient('late'))], draft())).rejects.toMatchObject({ code: 'exception' });
      expect(await read('Patient', 'late')).toBe('absent');
    });
  });
}
