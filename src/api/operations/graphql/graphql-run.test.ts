/** Queries that would hold up everybody: what is asked of each item of a list is read once, and others get turns. */
import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { effectiveSettings } from '../../../base/settings.ts';
import type { FhirCall } from '../../fhir-call.ts';
import { checkQuery } from './graphql-check.ts';
import type { GraphqlReads } from './graphql-reads.ts';
import { GraphqlRun } from './graphql-run.ts';

const settings = effectiveSettings([]);

/** Runs a query over one resource by a clock that goes on by `stepMs` each time it is looked at. */
function run(resource: { readonly resourceType: string }, text: string, stepMs: number): Promise<unknown> {
  const [operation] = parse(text).definitions;
  if (operation?.kind !== 'OperationDefinition') throw new Error('no operation');
  const query = { selections: operation.selectionSet, fragments: new Map(), variables: new Map() };
  checkQuery(resource.resourceType, query.selections, { fragments: query.fragments, settings });
  let now = 0;
  const monotonicMs = (): number => {
    now += stepMs;
    return now;
  };
  const call = { context: { settings, clock: { monotonicMs } } } as unknown as FhirCall;
  return new GraphqlRun(call, query, {} as GraphqlReads).data({ ...resource }, resource.resourceType);
}

const observation = (components: number) => ({
  resourceType: 'Observation',
  component: Array.from({ length: components }, (_, i) => ({ code: { text: `${i}` } })),
});

it('what is asked of many items alike is put together once', async () => {
  // together many seconds of comparisons, were it done for each item
  const codes = Array.from({ length: 150 }, (_, i) => `code { a: text n${i}: text }`).join(' ');
  const many = run(observation(20_000), `{ component { id ${codes} } }`, 0);
  await expect(many).rejects.toMatchObject({ code: 'too-costly' });
  expect(await run(observation(2), '{ component { code { text } code { a: text } } }', 0)).toEqual({
    component: [{ code: [{ text: '0' }, { a: '0' }] }, { code: [{ text: '1' }, { a: '1' }] }],
  });
});

it('others get their turn in the middle of a long query', async () => {
  let turns = 0;
  const count = (): void => {
    turns++;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  await run(observation(1_000), '{ component { code { text } } }', 10);
  clearImmediate(counting);
  expect(turns).toBeGreaterThan(500);
});
