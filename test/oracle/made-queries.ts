/** Searches of chance, as the names and values of a URL, and what whoever asks may see. */
import fc from 'fast-check';
import type { Id } from '../../src/base/brands.ts';
import {
  searchParameter,
  searchParameterRow,
  searchParametersOf,
  whyNotIndexed,
} from '../../src/fhir/definitions.ts';
import type { ResourceType } from '../../src/fhir/resource.ts';
import { phoneticKey } from '../../src/fhir/search/phonetic-key.ts';
import type { SearchParameter } from '../../src/fhir/search-value.ts';
import { type Scope, wholeScope } from '../../src/store/scope.ts';
import { valuesOf } from './element-values.ts';
import type { Pairs } from './evaluate.ts';
import { MADE_TYPES, type MadeType, madeResource } from './made-data.ts';
import { madeExpression } from './made-expression.ts';
import { modifiedFilter, pairFilter } from './made-modified.ts';
import {
  ASKED_NUMBERS,
  ASKED_TIMES,
  CODES,
  DAYS,
  ELSEWHERE,
  IDS,
  LABELS,
  maybe,
  oneOf,
  SYSTEMS,
  TEXTS,
  TIMES,
  UNITS,
  URIS,
} from './value-pools.ts';

export interface Asked {
  /** `*`: all, or those of `_type`. */
  readonly type: MadeType | '*';
  /** Everything but `_count`. */
  readonly pairs: Pairs;
  readonly count: number;
  readonly scope: Scope;
}

type Text = fc.Arbitrary<string>;
type Pair = readonly [string, string];

const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

const STATUSES = [
  'final',
  'preliminary',
  'active',
  'draft',
  'finished',
  'order',
  'male',
  'female',
  'home',
] as const;

function tokenText({ on, code }: SearchParameter): Text {
  const row = searchParameterRow(on, code);
  if (row?.types.length === 1 && row.types[0] === 'boolean') return oneOf(['true', 'false']);
  const isCode = row?.types.includes('code') === true;
  const value = (isCode ? oneOf([...STATUSES, 'a']) : oneOf(CODES)).map(escaped);
  const system = oneOf([...(row?.systems ?? []), ...SYSTEMS, ...LABELS.slice(0, 1)]).map(escaped);
  return fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 3, arbitrary: fc.tuple(system, value).map((parts) => parts.join('|')) },
    { weight: 1, arbitrary: value.map((one) => `|${one}`) },
    { weight: 1, arbitrary: system.map((one) => `${one}|`) },
  );
}

/** As it stands, in capitals, without accents, or only its beginning. */
const stringText: Text = fc
  .tuple(oneOf(TEXTS), fc.nat(4))
  .map(([text, how]) => {
    if (how === 0) return text.toUpperCase();
    if (how === 1) return [...text].slice(0, 2).join('');
    if (how === 2) return text.normalize('NFD');
    return text;
  })
  .map(escaped);

function referenceText({ targets }: SearchParameter): Text {
  const types = targets.filter((one) => (MADE_TYPES as readonly string[]).includes(one));
  const local = fc
    .tuple(oneOf(types.length === 0 ? ['Patient'] : types), oneOf(IDS))
    .map(([type, id]) => `${type}/${id}`);
  return fc.oneof(
    { weight: 4, arbitrary: local },
    { weight: 3, arbitrary: oneOf(IDS) },
    { weight: 1, arbitrary: oneOf([...ELSEWHERE, ...URIS]).map(escaped) },
    { weight: 1, arbitrary: local.map((one) => `${one}/_history/1`) },
  );
}

const prefix = oneOf(['', '', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);
/** Mostly those that lie within each other or share an end: there the prefixes part. */
const moment: Text = fc.oneof(
  { weight: 2, arbitrary: oneOf(['2026-02', '2026-02-28', '2026', '2025', '2026-02-28T12:00:00Z']) },
  { weight: 1, arbitrary: oneOf([...DAYS, ...TIMES, ...ASKED_TIMES]) },
);
const dateText: Text = fc.tuple(prefix, moment).map((parts) => parts.join(''));
const numberText: Text = fc.tuple(prefix, oneOf(ASKED_NUMBERS)).map((parts) => parts.join(''));
const unitText: Text = oneOf<{ unit?: string; system?: string; code?: string }>(UNITS).chain(
  ({ unit, system, code }) =>
    oneOf([
      '',
      ...(unit === undefined ? [] : [`||${escaped(unit)}`]),
      ...(code === undefined ? [] : [`||${escaped(code)}`]),
      ...(system === undefined || code === undefined ? [] : [`|${escaped(system)}|${escaped(code)}`]),
    ]),
);
const quantityText: Text = fc.tuple(numberText, unitText).map((parts) => parts.join(''));

/** One value of a parameter, as a URL writes it. */
function valueText(parameter: SearchParameter): Text {
  switch (parameter.kind) {
    case 'token':
      return tokenText(parameter);
    case 'string':
      // what has no sound cannot be asked for by its sound, and is refused
      return parameter.code === 'phonetic'
        ? stringText.filter((text) => phoneticKey(text) !== '')
        : stringText;
    case 'reference':
      return referenceText(parameter);
    case 'date':
      return dateText;
    case 'number':
      return numberText;
    case 'quantity':
      return quantityText;
    default:
      return oneOf(URIS).map(escaped);
  }
}

function filterOf(parameter: SearchParameter): fc.Arbitrary<Pair> {
  return fc
    .oneof(
      { weight: 4, arbitrary: fc.array(valueText(parameter), { minLength: 1, maxLength: 1 }) },
      { weight: 1, arbitrary: fc.array(valueText(parameter), { minLength: 2, maxLength: 3 }) },
    )
    .map((values): Pair => [parameter.code, values.join(',')]);
}

/** Made once of each type, and of a number of hops. */
function once<T>(make: (type: MadeType, depth: number) => T): (type: MadeType, depth?: number) => T {
  const known = new Map<string, T>();
  return (type, depth = 0) => {
    const before = known.get(`${type} ${depth}`);
    if (before !== undefined) return before;
    const made = make(type, depth);
    known.set(`${type} ${depth}`, made);
    return made;
  };
}

/** Parameters of a type that the store has an index for; composites have theirs in their parts. */
const indexed = (type: ResourceType): readonly SearchParameter[] =>
  [...searchParametersOf(type).values()].filter(
    ({ code, kind }) => kind !== 'composite' && kind !== 'special' && whyNotIndexed(type, code) === undefined,
  );

/** Those that made data has values of: the others find nothing, and are seldom worth asking. */
const filled = once((type): readonly SearchParameter[] => {
  const sample = fc.sample(madeResource(type), { numRuns: 30, seed: 1 });
  return indexed(type).filter((parameter) =>
    sample.some((one) => valuesOf(parameter, { ...one }).length > 0),
  );
});

const ownFilter: fc.Arbitrary<Pair> = fc.oneof(
  fc.uniqueArray(oneOf(IDS), { minLength: 1, maxLength: 4 }).map((ids): Pair => ['_id', ids.join()]),
  fc
    .tuple(prefix, oneOf(['2026', '2025-01-01', '2037']))
    .map((parts): Pair => ['_lastUpdated', parts.join('')]),
  // what is about as long ago as a moment of just now changes while one asks
  fc
    .tuple(prefix, fc.nat(500))
    .map(([before, n]): Pair => ['_lastUpdated', `${before.replace('ap', 'ge')}@${n}`]),
);

/** Types that there is data of, among these. */
const made = (types: readonly ResourceType[]): readonly MadeType[] =>
  MADE_TYPES.filter((one) => types.includes(one));

/** A name that another resource has a say by, and what is asked of that one; `depth` hops at most. */
function makeLinked(type: MadeType, depth: number): fc.Arbitrary<Pair> {
  const asked = (of: MadeType): fc.Arbitrary<Pair> =>
    depth <= 1
      ? plainFilter(of)
      : fc.oneof(
          { weight: 3, arbitrary: plainFilter(of) },
          { weight: 1, arbitrary: linkedOf(of, depth - 1) },
        );
  const chains = references(type).flatMap(({ code, targets }) =>
    made(targets).map((target) => {
      const named = asked(target).map(([name, value]): Pair => [`${code}:${target}.${name}`, value]);
      // without a type, of any that has such a parameter: only where all of them read the value alike
      const open = asked(target).map(([name, value]): Pair => {
        const [own = ''] = name.split(/[:.]/, 1);
        const kind = searchParameter(target, own)?.kind;
        const isAlike = targets.every((one) => {
          const other = searchParameter(one, own);
          return other === undefined || (other.kind === kind && kind !== 'token' && kind !== 'reference');
        });
        const isOwn = name === '_id' || name === 'identifier';
        return [`${code}${isOwn || (isAlike && !/[:.]/.test(name)) ? '' : `:${target}`}.${name}`, value];
      });
      return fc.oneof(named, open);
    }),
  );
  const back = MADE_TYPES.flatMap((source) =>
    references(source)
      .filter(({ targets }) => targets.includes(type))
      .map(({ code }) =>
        asked(source).map(([name, value]): Pair => [`_has:${source}:${code}:${name}`, value]),
      ),
  );
  return fc.oneof(...chains, ...back);
}

const linkedOf = once(makeLinked);

/** Composite parameters that made data may have values of. */
const composites = (type: MadeType): readonly SearchParameter[] =>
  [...searchParametersOf(type).values()].filter(
    ({ code, kind }) => kind === 'composite' && whyNotIndexed(type, code) === undefined,
  );

const plainFilter = once((type) => {
  const own = filled(type);
  const modified = own.flatMap((one) => modifiedFilter(one, valueText(one), MADE_TYPES) ?? []);
  const pairs = composites(type).map((one) => pairFilter(one, valueText));
  return fc.oneof(
    { weight: 12, arbitrary: fc.oneof(...own.map(filterOf)) },
    { weight: 6, arbitrary: fc.oneof(...modified) },
    ...(pairs.length === 0 ? [] : [{ weight: 3, arbitrary: fc.oneof(...pairs) }]),
    { weight: 1, arbitrary: fc.oneof(...indexed(type).map(filterOf)) },
    { weight: 1, arbitrary: ownFilter },
  );
});

const expression = once((type): fc.Arbitrary<Pair> => {
  const by = references(type).flatMap(({ code, targets }) =>
    made(targets).map((target) => ({ path: `${code}:${target}.`, parameters: filled(target) })),
  );
  return madeExpression(filled(type), by, valueText).map((text): Pair => ['_filter', text]);
});

function filtersOf(type: MadeType): fc.Arbitrary<readonly Pair[]> {
  const one = fc.oneof(
    { weight: 7, arbitrary: plainFilter(type) },
    { weight: 3, arbitrary: linkedOf(type, 3) },
    { weight: 1, arbitrary: expression(type) },
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 12, arbitrary: fc.tuple(one) },
    { weight: 3, arbitrary: fc.array(one, { minLength: 2, maxLength: 3 }) },
  );
}

function sortOf(type: MadeType): fc.Arbitrary<readonly Pair[]> {
  const codes = [...indexed(type).map(({ code }) => code), '_id', '_lastUpdated', '_lastUpdated'];
  const key = fc.tuple(oneOf(['', '-']), oneOf(codes)).map((parts) => parts.join(''));
  return fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc
        .array(key, { minLength: 1, maxLength: 3 })
        .map((keys): Pair[] => [['_sort', keys.join()]]),
    },
  );
}

/** References that may be followed: what may hold a canonical URL is refused by name. */
const references = (type: MadeType): readonly SearchParameter[] =>
  indexed(type).filter(
    ({ kind, code }) =>
      kind === 'reference' && searchParameterRow(type, code)?.types.includes('canonical') !== true,
  );

/** `_include` of this type, and `_revinclude` of whatever may point at it. */
function includesOf(type: MadeType): fc.Arbitrary<readonly Pair[]> {
  const forward = (of: MadeType, name: string): readonly Pair[] =>
    references(of).flatMap(({ code, targets }): Pair[] => [
      [name, `${of}:${code}`],
      ...made(targets).map((target): Pair => [name, `${of}:${code}:${target}`]),
    ]);
  const back = (to: MadeType, name: string): readonly Pair[] =>
    MADE_TYPES.flatMap((source) =>
      references(source)
        .filter(({ targets }) => targets.includes(to))
        .map(({ code }): Pair => [name, `${source}:${code}`]),
    );
  const plain = [...forward(type, '_include'), ...back(type, '_revinclude')];
  const again = MADE_TYPES.flatMap((of) => [
    ...forward(of, '_include:iterate'),
    ...back(of, '_revinclude:iterate'),
  ]);
  const wild: Pair[] = [
    ['_include', '*'],
    ['_include', `${type}:*`],
    ['_include:iterate', '*'],
    ['_revinclude', '*'],
    ['_revinclude', 'Observation:*'],
  ];
  const one = fc.oneof(
    { weight: 5, arbitrary: oneOf(plain) },
    { weight: 2, arbitrary: oneOf(again) },
    { weight: 1, arbitrary: oneOf(wild) },
  );
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(one, { minLength: 1, maxLength: 3 }) },
  );
}

const anyScope: fc.Arbitrary<Scope> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(wholeScope) },
  {
    weight: 2,
    arbitrary: fc.record({
      persons: fc.oneof(
        fc.constant('all' as const),
        fc.subarray([...IDS] as string[] as Id[], { maxLength: 3 }),
      ),
      unattached: fc.oneof(fc.constant('all' as const), fc.subarray([...MADE_TYPES])),
      types: fc.oneof(
        { weight: 4, arbitrary: fc.constant('all' as const) },
        { weight: 1, arbitrary: fc.subarray([...MADE_TYPES]) },
      ),
      hiddenLabels: fc.subarray([...LABELS]),
    }),
  },
);

/** What every type has. */
const SHARED = ['_id', '_lastUpdated', '_tag', '_profile', '_security', '_source'];

/** A search across types, of some or of all. */
const acrossTypes: fc.Arbitrary<Asked> = fc
  .record({
    types: fc.oneof(fc.constant([]), fc.uniqueArray(oneOf(MADE_TYPES), { minLength: 1, maxLength: 4 })),
    filters: fc.array(
      plainFilter('Patient').filter(([name]) => SHARED.includes(name)),
      { maxLength: 2 },
    ),
    sort: fc.option(
      fc.uniqueArray(oneOf(['_lastUpdated', '-_lastUpdated', '_id', '-_tag']), { minLength: 1 }),
    ),
    total: fc.boolean(),
    count: oneOf([1000, 1000, 0, 3, 20]),
    scope: anyScope,
  })
  .map(({ types, filters, sort, total, count, scope }): Asked => {
    const pairs: Pair[] = [...filters];
    if (types.length > 0) pairs.push(['_type', types.join()]);
    if (sort !== null) pairs.push(['_sort', sort.join()]);
    if (total) pairs.push(['_total', 'accurate']);
    return { type: '*', pairs, count, scope };
  });

/** A search of one of the types that there is data of, or of several. */
export const madeQuery: fc.Arbitrary<Asked> = fc.oneof(
  { weight: 1, arbitrary: acrossTypes },
  ...MADE_TYPES.map((type) => ({
    weight: type === 'Patient' || type === 'Observation' ? 3 : 1,
    arbitrary: fc
      .record({
        filters: filtersOf(type),
        sort: sortOf(type),
        includes: includesOf(type),
        total: maybe(
          oneOf(['accurate', 'accurate', 'none', 'estimate']).map((one): Pair => ['_total', one]),
          1,
        ),
        count: oneOf([1000, 1000, 1000, 0, 1, 2, 3, 5]),
        scope: anyScope,
      })
      .map(({ filters, sort, includes, total, count, scope }): Asked => {
        const pairs = [...filters, ...sort, ...includes, ...(total === undefined ? [] : [total])];
        return { type, pairs, count, scope };
      }),
  })),
);
