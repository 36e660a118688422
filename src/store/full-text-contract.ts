/**
 * Part of the store contract: full text of narratives and of whole resources, as it stands in a snapshot and a
 * scope. http://hl7.org/fhir/R4/search.html#content
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  draft,
  id,
  idsOf,
  labelled,
  observation,
  patient,
  put,
  query,
  remove,
  search,
} from '../../test/store-under-test.ts';
import type { Identified } from '../fhir/resource.ts';
import { wholeScope } from './scope.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

const narrated = (div: string): object => ({
  text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${div}</div>` },
});

const RESOURCES: readonly Identified[] = [
  patient('anna'),
  observation('bone', ['anna'], {
    ...narrated('<p title="hidden">Bone <b>metastases</b> seen &amp; noted: Caf&#233;</p>'),
    note: [{ text: 'Quick brown fox' }],
  }),
  observation('liver', [], { ...narrated('Liver normal'), note: [{ text: 'Brown, and quick.' }] }),
  observation('secret', ['anna'], { ...narrated('Bone'), ...labelled('R') }),
  observation('attached', [], {
    ...narrated('x'),
    valueString: 'Zürich 42',
    extension: [{ url: 'urn:x', valueAttachment: { data: 'Qm9uZQ==' } }],
  }),
];

/** What is asked of Observations → the ids that it finds. */
const FOUND: readonly (readonly [string, readonly string[]])[] = [
  ['_text=bone', ['bone', 'secret']],
  ['_text=BONE metastases', ['bone']],
  ['_text="metastases bone"', []],
  ['_text="bone metastases"', ['bone']],
  ['_text=metast*', ['bone']],
  ['_text=metast', []],
  ['_text=cafe', ['bone']],
  ['_text=hidden', []],
  ['_text=fox', []],
  ['_text=bone,liver', ['bone', 'liver', 'secret']],
  ['_text=(bone OR liver) and not metastases', ['liver', 'secret']],
  ['_text=bone&_content=fox', ['bone']],
  ['_content=quick brown', ['bone', 'liver']],
  ['_content="quick brown"', ['bone']],
  ['_content=zurich', ['attached']],
  ['_content=42', ['attached']],
  ['_content=Qm9uZQ', []],
  ['subject:Patient._content=anna', ['bone', 'secret']],
];

export function fullTextContract(open: OpenStore): void {
  describe('full text', () => {
    let under: StoreUnderTest;
    const write = (...all: readonly Identified[]): Promise<unknown> =>
      under.store.commit(
        all.map((one) => put(one)),
        draft(),
      );
    beforeAll(async () => {
      under = await open({ snapshotKeepSeconds: 600 });
      await write(...RESOURCES);
    });
    afterAll(() => under.remove());

    it.each(FOUND)('%s', async (asked, wanted) => {
      const page = await search(under.store, `Observation?${asked}&_total=accurate`);
      expect(idsOf(page).sort()).toEqual([...wanted].sort());
      expect(page.total).toBe(wanted.length);
    });

    it('stays what a snapshot held, and is at once what has just been written', async () => {
      const before = await under.store.snapshot();
      await write(
        observation('liver', [], narrated('Spleen')),
        observation('new', [], narrated('Liver again')),
      );
      await under.store.commit([remove('Observation', 'attached')], draft());
      expect(idsOf(await before.search(query('Observation?_text=liver'), wholeScope))).toEqual(['liver']);
      expect(idsOf(await before.search(query('Observation?_content=42'), wholeScope))).toEqual(['attached']);
      expect(idsOf(await search(under.store, 'Observation?_text=liver'))).toEqual(['new']);
      expect(idsOf(await search(under.store, 'Observation?_text=spleen'))).toEqual(['liver']);
      expect(idsOf(await search(under.store, 'Observation?_content=42'))).toEqual([]);
    });

    it('is asked within a scope', async () => {
      const scope = { ...wholeScope, hiddenLabels: ['R'] };
      const page = await search(under.store, 'Observation?_text=bone&_total=accurate', { scope });
      expect([idsOf(page), page.total]).toEqual([['bone'], 1]);
      const mine = { ...wholeScope, persons: [id('nobody')], unattached: [] };
      expect(idsOf(await search(under.store, 'Observation?_text=bone', { scope: mine }))).toEqual([]);
    });

    it('outlives a restart', async () => {
      await under.reopen();
      expect(idsOf(await search(under.store, 'Observation?_text=spleen'))).toEqual(['liver']);
      await write(observation('after', [], narrated('Spleen too')));
      expect(idsOf(await search(under.store, 'Observation?_text=spleen'))).toEqual(['liver', 'after']);
    });
  });
}
