/**
 * Part of the store contract: random histories against a model that could not be plainer: a list of all versions, looked through from end
 * to end. Every snapshot ever taken must go on answering as the model does.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draft, id, idsOf, query, search } from '../../test/store-under-test.ts';
import type { Identified, ResourceType } from '../fhir/resource.ts';
import { type Scope, wholeScope } from './scope.ts';
import type { Snapshot, Store, WriteOp } from './store.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

const RUNS = 300;
/** Names within one run; the run's number before them keeps runs apart in one store. */
const NAMES = ['o1', 'o2', 'o3'];
const PEOPLE = ['p1', 'p2'];
const CODES = ['a', 'b'];
const DAYS = ['2026-01-01', '2026-01-02', '2026-02'];

interface Fields {
  readonly code: string;
  readonly about: readonly string[];
  readonly day: string | undefined;
  readonly secret: boolean;
}
type Act =
  | {
      readonly kind: 'put';
      readonly name: string;
      readonly fields: Fields;
      readonly ifMatch: 'any' | 'current' | 'stale' | 'absent';
    }
  | {
      readonly kind: 'create';
      readonly name: string;
      readonly fields: Fields;
      readonly unless: string | undefined;
    }
  | { readonly kind: 'delete'; readonly name: string; readonly ifMatch: 'any' | 'current' | 'stale' };

const fields = fc.record({
  code: fc.constantFrom(...CODES),
  about: fc.subarray(PEOPLE),
  day: fc.constantFrom(undefined, ...DAYS),
  secret: fc.boolean(),
});
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      name: fc.constantFrom(...NAMES),
      fields,
      ifMatch: fc.constantFrom(
        'any' as const,
        'any' as const,
        'current' as const,
        'stale' as const,
        'absent' as const,
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('create' as const),
      name: fc.constantFrom(...NAMES),
      fields,
      unless: fc.constantFrom(undefined, ...CODES),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      name: fc.constantFrom(...NAMES),
      ifMatch: fc.constantFrom('any' as const, 'current' as const, 'stale' as const),
    }),
  },
);

/** One version in the model; `fields` undefined of a deletion. `until` is the commit that replaced it. */
interface Kept {
  readonly name: string;
  readonly version: number;
  readonly fields: Fields | undefined;
  /** As the version shows: a deletion is in the records that the version before was in. */
  readonly about: readonly string[];
  readonly secret: boolean;
  readonly seq: number;
  until: number | undefined;
}

class Model {
  readonly kept: Kept[] = [];

  newest(name: string): Kept | undefined {
    return this.kept.filter((one) => one.name === name).at(-1);
  }

  at(seq: number): Kept[] {
    return this.kept.filter((one) => one.seq <= seq && (one.until === undefined || one.until > seq));
  }

  add(name: string, given: Fields | undefined, seq: number): string {
    const before = this.newest(name);
    if (before !== undefined) before.until = seq;
    const shown = given ?? before?.fields;
    const version = (before?.version ?? 0) + 1;
    this.kept.push({
      name,
      version,
      fields: given,
      about: shown?.about ?? [],
      secret: shown?.secret ?? false,
      seq,
      until: undefined,
    });
    return String(version);
  }

  /** The outcomes, or the code of the failure; a model for each attempt, so that a failed one leaves nothing. */
  commit(acts: readonly Act[], seq: number): { readonly outcomes: string[]; readonly after: Model } | string {
    const after = new Model();
    after.kept.push(...this.kept.map((one) => ({ ...one })));
    const outcomes: string[] = [];
    for (const one of acts) {
      const outcome = after.#do(one, seq);
      if (/^(conflict|duplicate|multiple-matches)$/.test(outcome)) return outcome;
      outcomes.push(outcome);
    }
    return { outcomes, after };
  }

  #do(one: Act, seq: number): string {
    const now = this.newest(one.name);
    const there = now?.fields !== undefined;
    if (one.kind === 'create') {
      const hits =
        one.unless === undefined ? [] : this.at(seq).filter((each) => each.fields?.code === one.unless);
      if (hits.length > 1) return 'multiple-matches';
      if (hits[0] !== undefined) return `existing ${hits[0].name} ${hits[0].version}`;
      return now === undefined ? `created ${one.name} ${this.add(one.name, one.fields, seq)}` : 'duplicate';
    }
    if (one.ifMatch === 'stale') return 'conflict';
    if (one.ifMatch === 'absent' && there) return 'conflict';
    if (one.ifMatch === 'current' && !there) return 'conflict';
    if (one.kind === 'put')
      return `${there ? 'updated' : 'created'} ${one.name} ${this.add(one.name, one.fields, seq)}`;
    return there
      ? `deleted ${one.name} ${this.add(one.name, undefined, seq)}`
      : `absent ${one.name} ${now?.version ?? 0}`;
  }
}

const shows = (one: Kept, scope: readonly string[] | 'all', hidden: boolean): boolean =>
  (scope === 'all' || one.about.length === 0 || one.about.some((person) => scope.includes(person))) &&
  !(hidden && one.secret);

const dayRange = (day: string): [string, string] =>
  day.length === 7 ? [`${day}-01`, `${day}-31`] : [day, day];

/** Searches, each with what it asks of the fields. */
const ASKED: readonly { readonly text: string; readonly fits: (one: Fields) => boolean }[] = [
  ...CODES.map((code) => ({ text: `code=CODE${code}`, fits: (one: Fields) => one.code === code })),
  ...PEOPLE.flatMap((person) => [
    { text: `subject=RUN${person}`, fits: (one: Fields) => one.about[0] === person },
    {
      text: `performer=Patient/RUN${person}&code=CODEa`,
      fits: (one: Fields) => one.about[1] === person && one.code === 'a',
    },
  ]),
  { text: 'date=2026-01&identifier=RUN', fits: ({ day }) => day !== undefined && day < '2026-02' },
  {
    text: 'date=gt2026-01-01&identifier=RUN',
    fits: ({ day }) => day !== undefined && dayRange(day)[1] > '2026-01-01',
  },
  {
    text: 'date=le2026-01-02&identifier=RUN',
    fits: ({ day }) => day !== undefined && dayRange(day)[0] <= '2026-01-02',
  },
];

export function historiesContract(open: OpenStore): void {
  let under: StoreUnderTest;
  let runs = 0;
  const store = (): Store => under.store;

  beforeAll(async () => {
    under = await open();
  });
  afterAll(() => under.remove());

  function resource(run: string, name: string, { code, about, day, secret }: Fields): Identified {
    const [subject, performer] = about;
    return {
      resourceType: 'Observation',
      id: id(`${run}${name}`),
      status: 'final',
      identifier: [{ value: run }],
      code: { coding: [{ code: `${run}${code}` }] },
      ...(subject === undefined ? {} : { subject: { reference: `Patient/${run}${subject}` } }),
      ...(performer === undefined ? {} : { performer: [{ reference: `Patient/${run}${performer}` }] }),
      ...(day === undefined ? {} : { effectiveDateTime: day }),
      ...(secret ? { meta: { security: [{ code: 'R' }] } } : {}),
    } as Identified;
  }

  function opOf(run: string, one: Act, model: Model): WriteOp {
    const type: ResourceType = 'Observation';
    const ifMatch = 'ifMatch' in one ? one.ifMatch : 'any';
    const wanted = {
      any: undefined,
      current: String(model.newest(one.name)?.version ?? 1),
      stale: '999',
      absent: 'absent',
    }[ifMatch];
    const condition = wanted === undefined ? {} : { ifMatch: wanted as never };
    if (one.kind === 'delete') return { op: 'delete', type, id: id(`${run}${one.name}`), ...condition };
    const made = resource(run, one.name, one.fields);
    if (one.kind === 'put') return { op: 'put', resource: made, ...condition };
    return {
      op: 'create',
      resource: made,
      id: made.id,
      ...(one.unless === undefined ? {} : { ifNoneExist: query(`Observation?code=${run}${one.unless}`) }),
    };
  }

  /** Applies one commit to both; the model as it is afterwards. */
  async function apply(run: string, acts: readonly Act[], model: Model): Promise<Model> {
    // versions that If-Match names are those before the commit: an act that follows another on the same resource takes what comes
    const seen = new Set<string>();
    const chosen = acts.map((one): Act => {
      const again = seen.has(one.name) && one.kind !== 'create' && one.ifMatch === 'current';
      seen.add(one.name);
      return again ? { ...one, ifMatch: 'any' } : one;
    });
    const { seq: before } = await store().snapshot();
    const expected = model.commit(chosen, before + 1);
    const ops = chosen.map((one) => opOf(run, one, model));
    const said = await store()
      .commit(ops, draft())
      .then(
        ({ entries }) => entries.map((one) => `${one.outcome} ${one.id.slice(run.length)} ${one.versionId}`),
        (error: { code: string }) => error.code,
      );
    expect(said).toEqual(typeof expected === 'string' ? expected : expected.outcomes);
    return typeof expected === 'string' ? model : expected.after;
  }

  async function check(
    run: string,
    snapshot: Snapshot,
    model: Model,
    persons: readonly string[] | 'all',
    hidden: boolean,
  ): Promise<void> {
    const scope: Scope = {
      ...wholeScope,
      persons: persons === 'all' ? 'all' : persons.map((one) => id(`${run}${one}`)),
      hiddenLabels: hidden ? ['R'] : [],
    };
    const visible = (one: Kept): boolean => shows(one, persons, hidden);
    const current = model.at(snapshot.seq).filter(visible);
    for (const name of NAMES) {
      const wanted = current.find((one) => one.name === name);
      const found = await snapshot.read('Observation', id(`${run}${name}`), scope);
      expect(found === undefined ? undefined : `${found.versionId} ${found.deleted}`, name).toBe(
        wanted === undefined ? undefined : `${wanted.version} ${wanted.fields === undefined}`,
      );
      if (found?.deleted === false && wanted?.fields !== undefined)
        expect(JSON.parse(found.bytes.toString())).toMatchObject({
          ...resource(run, name, wanted.fields),
          meta: { versionId: found.versionId },
        });
      const history = await snapshot.history(
        { type: 'Observation', id: id(`${run}${name}`) },
        { count: 50 },
        scope,
      );
      const versions = model.kept.filter(
        (one) => one.name === name && one.seq <= snapshot.seq && visible(one),
      );
      expect(
        history.entries.map((one) => Number(one.versionId)),
        name,
      ).toEqual(versions.map((one) => one.version).reverse());
    }
    await checkType(run, snapshot, model, scope, visible);
    for (const { text, fits } of ASKED) {
      const asked = `Observation?${text.replaceAll('RUN', run).replaceAll('CODE', run)}&_total=accurate&_sort=_id`;
      const found = await search(snapshot, asked, { scope });
      const wanted = current
        .filter((one) => one.fields !== undefined && fits(one.fields))
        .map((one) => `${run}${one.name}`);
      expect([...idsOf(found), found.total], asked).toEqual([...wanted.sort(), wanted.length]);
    }
  }

  /** The history of the type, in pages: what is in scope now, of each resource that is so still. */
  async function checkType(
    run: string,
    snapshot: Snapshot,
    model: Model,
    scope: Scope,
    visible: (one: Kept) => boolean,
  ): Promise<void> {
    const versions = model.kept.filter((one) => {
      const newest = model.newest(one.name);
      return one.seq <= snapshot.seq && visible(one) && newest !== undefined && visible(newest);
    });
    const begun = Math.min(...versions.map((one) => one.seq));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await snapshot.history(
        { type: 'Observation' },
        { count: 3, ...(cursor === undefined ? {} : { cursor }) },
        scope,
      );
      const own = page.entries.filter((one) => one.id.startsWith(run));
      seen.push(...own.map((one) => `${one.id.slice(run.length)} ${one.versionId} ${one.deleted}`));
      cursor = page.entries.some((one) => one.seq < begun) ? undefined : page.next;
    } while (cursor !== undefined);
    expect(seen).toEqual(
      versions.map((one) => `${one.name} ${one.version} ${one.fields === undefined}`).reverse(),
    );
  }

  describe('random histories', () => {
    it(`read, search and look back as a plain list of versions does, ${RUNS} times`, {
      timeout: 120_000,
    }, async () => {
      const asks = fc.record({
        persons: fc.oneof(fc.constant('all' as const), fc.subarray(PEOPLE)),
        hidden: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(act, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 8 }),
          asks,
          async (commits, ask) => {
            const run = `run${++runs}-`;
            let model = new Model();
            const taken: Snapshot[] = [await store().snapshot()];
            for (const acts of commits) {
              model = await apply(run, acts, model);
              taken.push(await store().snapshot());
            }
            for (const snapshot of taken) await check(run, snapshot, model, ask.persons, ask.hidden);
            await check(run, await store().snapshot(), model, 'all', false);
          },
        ),
        { numRuns: RUNS, seed: 20261124 },
      );
      expect(runs).toBeGreaterThanOrEqual(RUNS);
    });
  });
}
