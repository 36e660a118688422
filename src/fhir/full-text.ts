/**
 * `_text` and `_content`: what is asked, and the text of a resource that it is asked of. R4 leaves the language to
 * the server: words, "phrases", word*, AND, OR, NOT and brackets; what stands side by side must all be there.
 * http://hl7.org/fhir/R4/search.html#content
 */
import { Failure } from '../base/failure.ts';
import { isArray, isObject, type JsonObject } from './json-access.ts';
import { splitUnescaped, unescaped } from './search/search-filter.ts';
import type { Filter, SearchQuery, TextQuery } from './search-query.ts';
import { normaliseText } from './search-value.ts';

type FullText = Extract<Filter, { kind: 'full-text' }>;

const FORM = 'words, "a phrase", word*, AND, OR, NOT and brackets, such as (bone OR liver) AND metastas*';

/**
 * The filter of one parameter, and of how many words it is. Throws Failure `value` where it cannot be read, never
 * repeating it.
 */
export function parseFullText(
  code: '_text' | '_content',
  text: string,
): { readonly filter: FullText; readonly words: number } {
  const tokens = splitUnescaped(text, ',').flatMap((one, i) => {
    const own = tokensOf(code, unescaped(one));
    return i === 0 ? own : [{ kind: 'or' } as const, ...own];
  });
  if (tokens.length > TOKENS_MAX) {
    throw new Failure('too-costly', `"${code}" has more than ${TOKENS_MAX} words. Ask for fewer.`);
  }
  const reader = new TokenReader(code, tokens);
  const query = reader.any();
  if (reader.next !== undefined || query.kind === 'not') throw badText(code);
  const over = code === '_text' ? 'narrative' : 'content';
  return { filter: { kind: 'full-text', over, query }, words: tokens.length };
}

/** Brackets within brackets are read one within the other. */
const TOKENS_MAX = 100;

type Token =
  | { readonly kind: 'open' | 'close' | 'and' | 'or' | 'not' }
  | Extract<TextQuery, { kind: 'words' }>;

const badText = (code: string): Failure =>
  new Failure('value', `The value of "${code}" cannot be read: expected ${FORM}.`);

function tokensOf(code: string, text: string): Token[] {
  const tokens: Token[] = [];
  const form = /\s*(?:(\()|(\))|"([^"]*)"|([^\s()"]+))/uy;
  let end = 0;
  for (let match = form.exec(text); match !== null; match = form.exec(text)) {
    end = form.lastIndex;
    const [, open, close, phrase, word = ''] = match;
    if (open !== undefined) tokens.push({ kind: 'open' });
    else if (close !== undefined) tokens.push({ kind: 'close' });
    else tokens.push(phrase === undefined ? wordToken(code, word) : wordsToken(code, phrase, false));
  }
  if (text.slice(end).trim() !== '') throw badText(code); // a quotation mark without its other
  return tokens;
}

function wordToken(code: string, word: string): Token {
  const operator = word.toLowerCase();
  if (operator === 'and' || operator === 'or' || operator === 'not') return { kind: operator };
  return word.endsWith('*') ? wordsToken(code, word.slice(0, -1), true) : wordsToken(code, word, false);
}

function wordsToken(code: string, text: string, prefix: boolean): Token {
  const words = normaliseText(text)
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
  if (words.length === 0) throw badText(code);
  return { kind: 'words', words, prefix };
}

class TokenReader {
  readonly #code: string;
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(code: string, tokens: readonly Token[]) {
    this.#code = code;
    this.#tokens = tokens;
  }

  get next(): Token | undefined {
    return this.#tokens[this.#at];
  }

  any(): TextQuery {
    const of = [this.#all()];
    while (this.next?.kind === 'or') {
      this.#at++;
      of.push(this.#all());
    }
    const [only] = of;
    if (of.length === 1 && only !== undefined) return only;
    // what is not there is too much to list: only as part of something that is
    if (of.some(({ kind }) => kind === 'not')) throw badText(this.#code);
    return { kind: 'or', of };
  }

  #all(): TextQuery {
    const of = [this.#one()];
    for (
      let next = this.next;
      next !== undefined && next.kind !== 'or' && next.kind !== 'close';
      next = this.next
    ) {
      if (next.kind === 'and') this.#at++;
      of.push(this.#one());
    }
    const [only] = of;
    if (of.length === 1 && only !== undefined) return only;
    if (of.every(({ kind }) => kind === 'not')) throw badText(this.#code);
    return { kind: 'and', of };
  }

  #one(): TextQuery {
    const token = this.next;
    this.#at++;
    if (token?.kind === 'words') return token;
    if (token?.kind === 'not') {
      const of = this.#one();
      if (of.kind === 'not') throw badText(this.#code);
      return { kind: 'not', of };
    }
    if (token?.kind !== 'open') throw badText(this.#code);
    const inner = this.any();
    if (this.next?.kind !== 'close') throw badText(this.#code);
    this.#at++;
    return inner;
  }
}

/** Whether any filter of the query looks into full text. */
export function asksFullText({ filters, also }: Pick<SearchQuery, 'filters' | 'also'>): boolean {
  return filters.some(isFullText) || also?.some((one) => one.filters.some(isFullText)) === true;
}

function isFullText(filter: Filter): boolean {
  switch (filter.kind) {
    case 'full-text':
      return true;
    case 'chain':
      return filter.targets.some((target) => isFullText(target.filter));
    case 'has':
    case 'not':
      return isFullText(filter.filter);
    case 'and':
    case 'or':
      return filter.filters.some(isFullText);
    default:
      return false;
  }
}

export interface ResourceText {
  /** Of text.div, without its tags. */
  readonly narrative: string;
  /** Every text and number of the resource, the narrative among them; no binary data. */
  readonly content: string;
}

/** The text of a resource, normalised as strings are. */
export function textOf(resource: JsonObject): ResourceText {
  const { text } = resource;
  const narrative = isObject(text) && typeof text.div === 'string' ? withoutTags(text.div) : '';
  const parts: string[] = [];
  collect(resource, parts);
  return { narrative: normaliseText(narrative), content: normaliseText(parts.join('\n')) };
}

function collect(value: unknown, into: string[]): void {
  if (typeof value === 'string') into.push(value);
  else if (typeof value === 'number') into.push(String(value));
  else if (isArray(value)) for (const one of value) collect(one, into);
  else if (isObject(value)) {
    for (const [name, one] of Object.entries(value)) {
      if (name === 'data' && typeof one === 'string' && !('origin' in value)) continue; // base64
      if (name === 'div' && typeof one === 'string') into.push(withoutTags(one));
      else collect(one, into);
    }
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

/** The text between the tags of XHTML, its entities read. */
function withoutTags(xhtml: string): string {
  return xhtml
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w{1,10}));/g, (_, hex, decimal, name) => {
      if (name !== undefined) return ENTITIES[name] ?? ' ';
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : ' ';
    });
}
