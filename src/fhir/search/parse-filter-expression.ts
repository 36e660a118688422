/**
 * `_filter`: an expression of comparisons joined by and, or and not, from left to right, with brackets where
 * that is not meant. http://hl7.org/fhir/R4/search_filter.html. Nothing of it is ever left out, whatever the
 * handling: half of an expression means something else.
 */

import { isId } from '../../base/brands.ts';
import { Failure } from '../../base/failure.ts';
import { searchParameter } from '../definitions.ts';
import { count, type Draft, hint, indexed, leaveOut, notSupported, shown } from '../search-draft.ts';
import type { Filter } from '../search-query.ts';
import { normaliseText, type SearchParameter, type SearchParameterKind } from '../search-value.ts';
import { isLinked, takeLinked } from './parse-chain.ts';
import { phoneticKey } from './phonetic-key.ts';
import { badValue, parseDate } from './search-filter.ts';
import { parseFilter } from './search-modifiers.ts';

/** Reads an expression. Throws Failure `value` with the place where it cannot be read, `not-supported`. */
export function takeFilterExpression(draft: Draft, text: string): void {
  const reader = new Expression(text, { ...draft, options: { ...draft.options, strict: true } });
  draft.filters.push(reader.whole());
}

/** What kind has which comparisons; `pr` all but pairs, which R4 gives no presence. */
const OPERATORS: Readonly<Record<SearchParameterKind, readonly string[]>> = {
  string: ['eq', 'ne', 'co', 'sw', 'ew'],
  token: ['eq', 'in', 'ss', 'sb'],
  uri: ['eq', 'ss', 'sb'],
  reference: ['eq', 're'],
  date: ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb', 'po'],
  number: ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'],
  quantity: ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'ap', 'sa', 'eb'],
  composite: ['eq'],
  special: [],
};
const ALL_OPERATORS: ReadonlySet<string> = new Set(['pr', ...Object.values(OPERATORS).flat()]);

class Expression {
  readonly #text: string;
  readonly #draft: Draft;
  #at = 0;

  constructor(text: string, draft: Draft) {
    this.#text = text;
    this.#draft = draft;
  }

  whole(): Filter {
    const filter = this.#joined();
    if (this.#at < this.#text.length) throw this.#wrong('"and", "or" or the end');
    return filter;
  }

  #joined(): Filter {
    let left = this.#one();
    for (
      let word = this.#take(/(?:and|or)(?=[\s(])/y);
      word !== '';
      word = this.#take(/(?:and|or)(?=[\s(])/y)
    ) {
      const kind = word === 'and' ? 'and' : 'or';
      const right = this.#one();
      left = { kind, filters: left.kind === kind ? [...left.filters, right] : [left, right] };
    }
    return left;
  }

  #one(): Filter {
    count(this.#draft, 1);
    const isNot = this.#take(/not(?=\s*\()/y) !== '';
    if (this.#take(/\(/y) === '') return this.#comparison();
    const inner = this.#joined();
    if (this.#take(/\)/y) === '') throw this.#wrong('")"');
    if (!isNot) return inner;
    return inner.kind === 'not' ? inner.filter : { kind: 'not', filter: inner };
  }

  #comparison(): Filter {
    const path = this.#take(/[A-Za-z_][\w:.-]*/y);
    if (path === '') throw this.#wrong('a search parameter, "not (" or "("');
    if (this.#text[this.#at] === '[') {
      throw notSupported(`"_filter": conditions in brackets behind "${shown(path)}" are not supported.`);
    }
    const operator = this.#take(/[A-Za-z]+(?=\s)/y);
    if (!ALL_OPERATORS.has(operator)) throw this.#wrong(`one of ${[...ALL_OPERATORS].join(', ')}`);
    const filters: Filter[] = [];
    compare({ ...this.#draft, filters }, path, operator, this.#value());
    const [first, ...others] = filters;
    if (first === undefined) throw new Error('a comparison is a filter');
    return others.length === 0 ? first : { kind: 'and', filters };
  }

  #value(): string {
    const quoted = this.#take(/"(?:[^"\\]|\\.)*"/y);
    if (quoted === '') {
      const bare = this.#take(/[^\s)\]"]+/y);
      if (bare === '') throw this.#wrong('a value');
      return bare;
    }
    try {
      return JSON.parse(quoted) as string;
    } catch {
      throw this.#wrong('a string as JSON writes it, before this place');
    }
  }

  /** What stands here, with the spaces behind it gone by; empty where it does not. */
  #take(what: RegExp): string {
    this.#space();
    what.lastIndex = this.#at;
    const found = what.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    if (found !== '') this.#space();
    return found;
  }

  #space(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #wrong(expected: string): Failure {
    return new Failure(
      'value',
      `"_filter" cannot be read at character ${this.#at + 1}: expected ${expected}.`,
    );
  }
}

/** One comparison into the draft, by way of other resources where the path leads there. */
function compare(draft: Draft, path: string, operator: string, value: string): void {
  if (isLinked(path)) {
    takeLinked(draft, path, value, (inner, name, text) => compare(inner, name, operator, text));
    return;
  }
  if (path === 'id' || path === '_id') draft.filters.push(byId(operator, value));
  else if (path === '_lastUpdated') draft.filters.push(byMoment(operator, value));
  else {
    const found = searchParameter(draft.type, path);
    // of several types that a reference may lead to, those count that have the parameter
    if (found === undefined) leaveOut(draft, `"_filter" names "${shown(path)}". ${hintOf(draft, path)}`);
    else draft.filters.push(byParameter(indexed(draft.type, found, '_filter'), operator, value));
  }
}

const hintOf = ({ type }: Draft, path: string): string => hint(type, path.split(':', 1)[0] ?? '');

function byId(operator: string, value: string): Filter {
  if (operator !== 'eq' && operator !== 'ne') throw unknownOperator('_id', operator, ['eq', 'ne']);
  if (!isId(value)) throw badValue('_id', 'an id of 1 to 64 letters, digits, "-" or "."');
  const filter: Filter = { kind: 'id', ids: [value] };
  return operator === 'eq' ? filter : { kind: 'not', filter };
}

function byMoment(operator: string, value: string): Filter {
  if (!OPERATORS.date.includes(operator)) throw unknownOperator('_lastUpdated', operator, OPERATORS.date);
  // a moment overlaps a period where it is within it
  return {
    kind: 'last-updated',
    ...parseDate('_lastUpdated', (operator === 'po' ? 'eq' : operator) + value),
  };
}

function byParameter(parameter: SearchParameter, operator: string, value: string): Filter {
  const { kind, code } = parameter;
  if (operator === 'pr' && kind !== 'composite' && kind !== 'special') {
    if (value !== 'true' && value !== 'false') throw badValue(code, 'true or false, behind "pr"');
    return { kind: 'missing', parameter, missing: value === 'false' };
  }
  if (!OPERATORS[kind].includes(operator)) throw unknownOperator(code, operator, OPERATORS[kind]);
  switch (kind) {
    case 'string':
      return ofString(parameter, operator, value);
    case 'date':
      return ofDate(parameter, operator, value);
    case 'number':
    case 'quantity':
      return parseFilter(parameter, undefined, operator + escaped(value));
    default:
      return parseFilter(parameter, MODIFIER[operator], escaped(value));
  }
}

/** `ss`: the value subsumes a concept of the resource, which is thus at or below it. */
const MODIFIER: Readonly<Record<string, string>> = { in: 'in', ss: 'below', sb: 'above' };

function ofString(parameter: SearchParameter, operator: string, value: string): Filter {
  const { code } = parameter;
  const norm = code === 'phonetic' ? phoneticKey(value) : normaliseText(value);
  if (norm === '') throw badValue(code, 'text');
  switch (operator) {
    case 'co':
      return { kind: 'parameter', parameter, values: [{ kind: 'string-contains', norm }] };
    case 'sw':
      return { kind: 'parameter', parameter, values: [{ kind: 'string', norm }] };
    default: {
      const how = operator === 'eq' ? 'equal' : operator === 'ne' ? 'unequal' : 'ends';
      return { kind: 'parameter', parameter, values: [{ kind: 'string-compared', how, norm }] };
    }
  }
}

function ofDate(parameter: SearchParameter, operator: string, value: string): Filter {
  const isOverlap = operator === 'po';
  const { prefix, lo, hi } = parseDate(parameter.code, (isOverlap ? 'eq' : operator) + value);
  return {
    kind: 'parameter',
    parameter,
    values: [isOverlap ? { kind: 'date-overlap', lo, hi } : { kind: 'date', prefix, lo, hi }],
  };
}

/** In `_filter` a comma is a comma; `|` and `$` part a value as they do elsewhere. */
const escaped = (value: string): string => value.replace(/[\\,]/g, '\\$&');

function unknownOperator(code: string, operator: string, known: readonly string[]): Failure {
  const instead = operator === 'ne' ? ' Write not (… eq …).' : '';
  return notSupported(
    `"_filter": "${code}" has no comparison "${operator}". It has ${[...known, 'pr'].join(', ')}.${instead}`,
  );
}
