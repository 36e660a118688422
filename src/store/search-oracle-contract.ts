/**
 * Part of the store contract, run apart because it is long: searches of chance over histories of chance, each held against a naive oracle
 * (test/oracle): HL7's own expressions by a FHIRPath engine over plain arrays, R4's rules of matching read from the text of the URL, and
 * the scope by its plain words. Matches, order, totals, includes and pages must be the same, also while others write between two pages.
 *
 * OPENWARD_ORACLE_QUERIES asks for more than CI does, OPENWARD_ORACLE_SEED for others.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compare, type Question, settled, shortest, shownAs } from '../../test/oracle/compare.ts';
import { madeHistory } from '../../test/oracle/made-data.ts';
import { madeQuery } from '../../test/oracle/made-queries.ts';
import { World } from '../../test/oracle/world.ts';
import { draft } from '../../test/store-under-test.ts';
import type { Seq } from '../base/brands.ts';
import type { WriteOp } from './store.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

const QUERIES = Number(process.env.OPENWARD_ORACLE_QUERIES ?? 10_000);
const SEED = Number(process.env.OPENWARD_ORACLE_SEED ?? 20261124);
/** Searches of one history: what is taken out of its resources is taken once. */
const QUERIES_OF_ONE = 250;
/** Forty seconds for 10,000 of them; a machine that is busy with other tests takes its time. */
const TIMEOUT_MS = 120_000 + QUERIES * 60;

/** A machine that is busy with other tests is no reason to give a search up. */
const PATIENT = { searchSecondsMax: 600 };

/** A question, and how many commits back the snapshot lies that it asks. */
const asked = fc.record({
  query: madeQuery,
  back: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat(8)),
});

export function searchOracleContract(name: string, open: OpenStore): void {
  describe(`searches of chance in the store on ${name}`, () => {
    let under: StoreUnderTest;
    const counts = { queries: 0, found: 0, pages: 0, restricted: 0, written: 0 };

    beforeAll(async () => {
      under = await open(PATIENT);
    });
    afterAll(() => under.remove());

    async function commit(world: World, ops: readonly WriteOp[]): Promise<void> {
      world.heed(await under.store.commit(ops, draft()));
    }

    /** The differences of one history, each in words. */
    async function differences(
      history: readonly (readonly WriteOp[])[],
      questions: readonly { readonly query: Omit<Question, 'seq'>; readonly back: number }[],
    ): Promise<string[]> {
      await under.remove();
      under = await open(PATIENT);
      const world = new World();
      const later = [...history];
      for (const ops of later.splice(0, Math.ceil(history.length / 2))) await commit(world, ops);
      const wrong: string[] = [];
      for (const { query, back } of questions) {
        const newest = (await under.store.snapshot()).seq;
        const seq = Math.max(0, newest - back) as Seq;
        const question = { ...query, pairs: settled(query.pairs, world), seq };
        const outcome = await compare(under.store, world, question, async () => {
          const ops = later.shift();
          if (ops === undefined) return;
          counts.written++;
          await commit(world, ops);
        });
        counts.queries++;
        counts.pages += outcome.pages;
        if (outcome.matches > 0) counts.found++;
        if (query.scope.persons !== 'all' || query.scope.hiddenLabels.length > 0) counts.restricted++;
        if (outcome.difference === undefined) continue;
        const short = await shortest(under.store, world, question);
        const said = (await compare(under.store, world, short)).difference ?? outcome.difference;
        wrong.push(`${shownAs(short)}: ${said}`);
      }
      const index = await under.indexDifferences();
      return [...wrong, ...index.map((row) => `the index, against the stored bytes: ${row}`)];
    }

    it(`${QUERIES} of them, seed ${SEED}, answer as the naive oracle does`, {
      timeout: TIMEOUT_MS,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(
          madeHistory,
          fc.array(asked, { minLength: QUERIES_OF_ONE, maxLength: QUERIES_OF_ONE, size: 'max' }),
          async (history, questions) => {
            const wrong = await differences(history, questions);
            if (wrong.length > 0)
              throw new Error(`${wrong.length} differ:\n${wrong.slice(0, 20).join('\n')}`);
          },
        ),
        {
          numRuns: Math.ceil(QUERIES / QUERIES_OF_ONE),
          seed: SEED,
          endOnFailure: true,
          // a whole history and its questions would bury the few lines that matter
          asyncReporter: async ({ failed, seed, counterexamplePath, errorInstance }) => {
            if (failed) throw new Error(`seed ${seed}, path ${counterexamplePath}: ${errorInstance}`);
          },
        },
      );
      // a generator that finds nothing would compare nothing with nothing
      expect(counts.queries).toBeGreaterThanOrEqual(QUERIES);
      expect(counts.found / counts.queries).toBeGreaterThan(0.25);
      expect(counts.restricted / counts.queries).toBeGreaterThan(0.2);
      expect(counts.pages / counts.queries).toBeGreaterThan(1.1);
      expect(counts.written).toBeGreaterThan(QUERIES / QUERIES_OF_ONE);
    });
  });
}
