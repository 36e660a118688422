/**
 * Part of the store contract, run apart because it is long: HL7's R4 examples in a store, searched by every value that they have under
 * every parameter. Each search must find exactly what a naive evaluator finds: the SearchParameter's own expression by a FHIRPath engine,
 * and R4's rules of matching written down again, value by value (test/naive-search.ts). Nothing of the index is shared but `phonetic`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filledResources } from '../../test/filled-resources.ts';
import { type Asked, type Atom, askedOf, atomsOf } from '../../test/naive-search.ts';
import { r4Examples } from '../../test/r4-examples.ts';
import { selectedByExpression } from '../../test/search-expressions.ts';
import { draft, id, idsOf, put, query } from '../../test/store-under-test.ts';
import { resourceTypes, searchParametersOf, whyNotIndexed } from '../fhir/definitions.ts';
import type { Identified } from '../fhir/resource.ts';
import type { SearchParameter } from '../fhir/search-value.ts';
import { wholeScope } from './scope.ts';
import type { Snapshot } from './store.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

const KINDS = ['token', 'reference', 'string', 'date', 'uri', 'quantity', 'number'] as const;

/** ig-r4 is ImplementationGuide-fhir once more. */
const examples = (): readonly Identified[] =>
  r4Examples()
    .filter((one) => one.name !== 'ig-r4')
    .map(({ resource }) => resource as unknown as Identified);

/** The examples leave a tenth of the parameters without a value; these leave none. */
const filled = (): readonly Identified[] =>
  resourceTypes.flatMap((type) =>
    filledResources(type).map(
      (resource, n) => ({ ...resource, id: id(`filled-${n}`) }) as unknown as Identified,
    ),
  );

export function r4SearchContract(name: string, open: OpenStore): void {
  foundByEachValue(`R4 examples in the store on ${name}`, open, examples, 792, 1_190);
  foundByEachValue(`instances with every element in the store on ${name}`, open, filled, 1_752, 1_300);
}

function foundByEachValue(
  title: string,
  open: OpenStore,
  instances: () => readonly Identified[],
  count: number,
  parametersMin: number,
): void {
  describe(title, () => {
    let parameters = 0;
    let under: StoreUnderTest;
    let snapshot: Snapshot;
    const byType = new Map<string, Identified[]>();

    beforeAll(async () => {
      under = await open();
      const all = instances();
      await under.store.commit(
        all.map((one) => put(one)),
        draft(),
      );
      for (const one of all) byType.set(one.resourceType, [...(byType.get(one.resourceType) ?? []), one]);
      snapshot = await under.store.snapshot();
    });
    afterAll(() => under.remove());

    it('are all there', () => {
      const all = [...byType.values()].flat();
      expect(all).toHaveLength(count);
      expect(new Set(all.map((one) => `${one.resourceType}/${one.id}`)).size).toBe(count);
    });

    it.each(KINDS)('are each found by each %s, and nothing else is', { timeout: 240_000 }, async (kind) => {
      const wrong: string[] = [];
      let searches = 0;
      for (const type of resourceTypes) {
        const these = byType.get(type) ?? [];
        for (const parameter of searchParametersOf(type).values()) {
          if (parameter.kind !== kind || whyNotIndexed(type, parameter.code) !== undefined) continue;
          const atoms = new Map(these.map((one) => [one.id, atomsIn(parameter, one)]));
          const asked = askedOf(parameter, [...atoms.values()].flat());
          if (asked.length > 0) parameters++;
          for (const ask of asked) {
            searches++;
            const difference = await differenceOf(type, parameter, ask, atoms, snapshot);
            if (difference !== undefined) wrong.push(difference);
          }
        }
      }
      expect(wrong.slice(0, 40), `${wrong.length} of ${searches} searches`).toEqual([]);
      expect(searches).toBeGreaterThan(50);
    });

    it('have values under most parameters', () => {
      expect(parameters).toBeGreaterThan(parametersMin);
    });
  });
}

function atomsIn(parameter: SearchParameter, resource: Identified): readonly Atom[] {
  return selectedByExpression(parameter, { ...resource }).flatMap((selected) => atomsOf(parameter, selected));
}

async function differenceOf(
  type: string,
  parameter: SearchParameter,
  ask: Asked,
  atoms: ReadonlyMap<string, readonly Atom[]>,
  snapshot: Snapshot,
): Promise<string | undefined> {
  const wanted = [...atoms].filter(([, of]) => of.some(ask.fits)).map(([name]) => name);
  const text = `${type}?${parameter.code}=${encodeURIComponent(ask.text)}&_count=1000&_total=accurate`;
  const said = await found(snapshot, text);
  const expected = `${wanted.length}: ${wanted.sort().join()}`;
  return said === expected ? undefined : `${decodeURIComponent(text)} found ${said}, not ${expected}`;
}

async function found(snapshot: Snapshot, text: string): Promise<string> {
  try {
    const page = await snapshot.search(query(text), wholeScope);
    return `${page.total}: ${idsOf(page).sort().join()}`;
  } catch (error) {
    return (error as Error).message;
  }
}
