/** One search asked of a store, page by page, and held against what the naive oracle finds in the same snapshot. */
import type { Seq } from '../../src/base/brands.ts';
import { isoInstant, systemClock } from '../../src/base/clock.ts';
import { effectiveSettings } from '../../src/base/settings.ts';
import { parseSearch } from '../../src/fhir/parse-search.ts';
import { parseSearchAcross } from '../../src/fhir/parse-search-across.ts';
import { pairsOf, queryOf } from '../../src/fhir/query-pairs.ts';
import type { SearchPage, Store } from '../../src/store/store.ts';
import { compareBy, includedWith, matchesOf, type Pairs, type View } from './evaluate.ts';
import type { Asked } from './made-queries.ts';
import { stillOpen, visible } from './scope-rule.ts';
import type { Kept, World } from './world.ts';

export interface Question extends Asked {
  /** The snapshot to ask. */
  readonly seq: Seq;
}

export interface Outcome {
  readonly matches: number;
  readonly pages: number;
  /** In words; undefined where store and oracle agree. */
  readonly difference: string | undefined;
}

/** A page, with what a page link may still show at its time: all, on the first page. */
interface Page extends SearchPage {
  readonly shows: (one: { readonly type: string; readonly id: string }) => boolean;
  /** The matches, as they are at the time of this page. */
  readonly wanted: readonly Kept[];
}

const settings = { ...effectiveSettings([], {}), searchClausesMax: 1000 };

/** A question as it would be typed, for a person to read. */
export const shownAs = ({ type, pairs, count, scope, seq }: Question): string =>
  `${type === '*' ? '' : type}?${decodeURIComponent(queryOf([...pairs, ['_count', String(count)]]))} at ${seq} as ${JSON.stringify(scope)}`;

/** `@7` in a value is the moment of the seventh version written. */
export function settled(pairs: Pairs, { versions }: World): Pairs {
  const moment = (n: string): string => isoInstant((versions[Number(n) % versions.length]?.at ?? 0) as never);
  return pairs.map(([name, value]) => [name, value.replace(/@(\d+)$/, (_, n) => moment(n))] as const);
}

/** `betweenPages` is awaited after each page that is not the last: others write meanwhile. */
export async function compare(
  store: Store,
  world: World,
  question: Question,
  betweenPages: () => Promise<void> = async () => undefined,
): Promise<Outcome> {
  const { type, pairs, count, scope, seq } = question;
  // through the text of an address, as a client sends it
  const sent = pairsOf(queryOf([...pairs, ['_count', String(count)]]));
  try {
    const options = { strict: true, settings };
    const { query } = type === '*' ? parseSearchAcross(sent, options) : parseSearch(type, sent, options);
    const snapshot = await store.snapshot(seq);
    const here = visible(world.at(seq), scope);
    const view = { here, linked: here, now: systemClock.now() };
    const wanted = matchesOf(type, pairs, view);
    const pages: Page[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await snapshot.search(cursor === undefined ? query : { ...query, cursor }, scope);
      if (cursor === undefined) pages.push({ ...page, shows: () => true, wanted });
      else {
        const open = stillOpen(world.newest(), scope);
        const shows: Page['shows'] = (one) => open.has(`${one.type}/${one.id}`);
        pages.push({
          ...page,
          shows,
          wanted: matchesOf(type, pairs, { ...view, linked: here.filter(shows) }),
        });
      }
      if (page.next === undefined || pages.length > wanted.length) break;
      cursor = page.next;
      await betweenPages();
    }
    const difference = differenceOf(question, pages, view);
    return { matches: wanted.length, pages: pages.length, difference };
  } catch (error) {
    const said = (error as Error).stack?.split('\n').slice(0, 3).join(' ');
    return { matches: 0, pages: 0, difference: `failed: ${said}` };
  }
}

function differenceOf({ pairs, count }: Question, pages: readonly Page[], view: View): string | undefined {
  const asksTotal = count === 0 || pairs.some(([name, value]) => name === '_total' && value === 'accurate');
  for (const { total, wanted } of pages) {
    if (total === undefined ? asksTotal : total !== wanted.length)
      return `the total is ${total}, not ${wanted.length}: ${namesOf(wanted)}`;
  }
  if (pages.at(-1)?.next !== undefined) return `there are more than ${pages.length} pages`;
  if (count === 0)
    return pages.every(({ entries }) => entries.length === 0) ? undefined : 'entries for _count=0';
  for (const { entries, included, shows, wanted } of pages) {
    const names = wanted.map(nameOf);
    const wrong = entries.find((one) => !names.includes(nameOf(one)));
    if (wrong !== undefined) return `found ${nameOf(wrong)} besides ${namesOf(wanted)}`;
    const shut = [...entries, ...included].find((one) => !shows(one));
    if (shut !== undefined) return `a page link shows ${nameOf(shut)}, which has been closed since`;
  }
  const found = pages.flatMap(({ entries }) => entries.map(nameOf));
  if (new Set(found).size < found.length) return `found some twice: ${found.join()}`;
  const [first] = pages;
  const isOpen = (one: Kept): boolean =>
    pages.every(({ shows, wanted }) => shows(one) && wanted.includes(one));
  const missing = first?.wanted.filter((one) => isOpen(one) && !found.includes(nameOf(one))) ?? [];
  if (missing.length > 0) return `found ${found.join() || 'none'}, and not ${namesOf(missing)}`;
  const closed = first?.wanted.filter((one) => !isOpen(one)) ?? [];
  if (closed.length === 0 && pages.slice(0, -1).some(({ entries }) => entries.length !== count))
    return 'a page before the last is not full';
  const matches = new Map(first?.wanted.map((one) => [nameOf(one), one]));
  const inOrder = found.flatMap((name) => matches.get(name) ?? []);
  return orderDifference(pairs, inOrder) ?? includeDifference(pairs, pages, matches, closed, view);
}

/** Those that are the same by every key may come in any order. */
function orderDifference(pairs: Pairs, found: readonly Kept[]): string | undefined {
  const sort = pairs.find(([name]) => name === '_sort')?.[1];
  if (sort === undefined) return undefined;
  const wrong = found.findIndex((one, i) => {
    const next = found[i + 1];
    return next !== undefined && compareBy(sort, one, next) > 0;
  });
  return wrong < 0
    ? undefined
    : `${namesOf(found)} are not sorted: number ${wrong + 1} comes before the next`;
}

/** What a page brings for a match that has been closed since, it may bring or not. */
function includeDifference(
  pairs: Pairs,
  pages: readonly Page[],
  matches: ReadonlyMap<string, Kept>,
  closed: readonly Kept[],
  view: View,
): string | undefined {
  for (const [n, { entries, included, shows }] of pages.entries()) {
    const page = entries.flatMap((one) => matches.get(nameOf(one)) ?? []);
    const within = {
      ...view,
      here: view.here.filter((one) => shows(one) && (n === 0 || !closed.includes(one))),
    };
    const wanted = includedWith(page, pairs, within).map(nameOf);
    const others =
      n === 0 ? [] : [page, [...page, ...closed]].flatMap((one) => includedWith(one, pairs, view));
    const perhaps = [...wanted, ...others.map(nameOf)];
    const found = included.map(nameOf);
    const missing = wanted.filter((name) => !found.includes(name));
    const extra = found.filter((name, i) => found.indexOf(name) !== i || !perhaps.includes(name));
    if (missing.length + extra.length > 0)
      return `with ${namesOf(page)} came ${extra.join() || 'nothing'} too much, ${missing.join() || 'nothing'} too little`;
  }
  return undefined;
}

/** With its version: an older one is not the same. */
function nameOf(one: { type: string; id: string } & ({ version: number } | { versionId: string })): string {
  return `${one.type}/${one.id}/${'version' in one ? one.version : one.versionId}`;
}

const namesOf = (all: readonly Kept[]): string => all.map(nameOf).join() || 'none';

/** The same question with whatever can be left out of it left out, so long as the answers differ. */
export async function shortest(store: Store, world: World, question: Question): Promise<Question> {
  const shorter = [
    ...question.pairs.map((pair) => ({ ...question, pairs: question.pairs.filter((one) => one !== pair) })),
    ...question.pairs.flatMap(([name, value], i) => {
      const parts = value.split(',');
      if (parts.length < 2) return [];
      return parts.map((_, at) => ({
        ...question,
        pairs: question.pairs.with(i, [name, parts.filter((_part, n) => n !== at).join()]),
      }));
    }),
    ...(question.count === 1000 ? [] : [{ ...question, count: 1000 }]),
  ];
  for (const one of shorter) {
    const { difference } = await compare(store, world, one);
    if (difference !== undefined && !difference.startsWith('failed')) return shortest(store, world, one);
  }
  return question;
}
