/**
 * Finds where a text stops being JSON and what should stand there. Runs only after JSON.parse has refused,
 * because V8's own message quotes the content, which must not reach an error or a log. RFC 8259.
 */
export interface JsonError {
  /** From 1; columns count UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly expected: string;
}

const WORD = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;

/** What the grammar allows next: the innermost open bracket decides. */
type State = 'value' | 'value or ]' | 'name' | 'name or }' | ':' | ', or end' | 'end';

const EXPECTED: Readonly<Record<State, string>> = {
  value: 'a value',
  'value or ]': 'a value or "]"',
  name: 'a name in double quotes',
  'name or }': 'a name in double quotes or "}"',
  ':': '":"',
  ', or end': '"," or the closing bracket',
  end: 'the end of the text',
};

/** The first error of a text that JSON.parse has refused. */
export function findJsonError(text: string): JsonError {
  const open: ('{' | '[')[] = [];
  let state: State = 'value';
  let at = skipSpace(text, 0);
  for (;;) {
    const next = step(text, at, state, open);
    if (next === undefined) return errorAt(text, at, EXPECTED[state]);
    if (typeof next === 'string') return errorAt(text, stringEnd(text, at), next);
    state = next.state;
    at = skipSpace(text, next.at);
  }
}

function step(
  text: string,
  at: number,
  state: State,
  open: ('{' | '[')[],
): { state: State; at: number } | string | undefined {
  const c = text[at];
  const after = (): State => (open.length === 0 ? 'end' : ', or end');
  if (state === 'end') return undefined;
  if (state === ':') return c === ':' ? { state: 'value', at: at + 1 } : undefined;
  if (state === ', or end') {
    const inner = open.at(-1);
    if (c === ',') return { state: inner === '{' ? 'name' : 'value', at: at + 1 };
    if (c !== (inner === '{' ? '}' : ']')) return undefined;
    open.pop();
    return { state: after(), at: at + 1 };
  }
  if ((state === 'name or }' && c === '}') || (state === 'value or ]' && c === ']')) {
    open.pop();
    return { state: after(), at: at + 1 };
  }
  if (c === '"') {
    const end = stringEnd(text, at);
    if (text[end] !== '"') return 'the end of a string (a quote, or an escape of a control character)';
    return { state: state === 'name' || state === 'name or }' ? ':' : after(), at: end + 1 };
  }
  if (state === 'name' || state === 'name or }') return undefined;
  if (c === '{' || c === '[') {
    open.push(c);
    return { state: c === '{' ? 'name or }' : 'value or ]', at: at + 1 };
  }
  WORD.lastIndex = at;
  return WORD.test(text) ? { state: after(), at: WORD.lastIndex } : undefined;
}

/** Where the string that begins at `at` ends (its closing quote) or goes wrong. */
function stringEnd(text: string, at: number): number {
  let i = at + 1;
  while (i < text.length) {
    const c = text[i];
    if (c === '"' || text.charCodeAt(i) < 0x20) return i;
    if (c !== '\\') {
      i++;
      continue;
    }
    ESCAPE.lastIndex = i;
    if (!ESCAPE.test(text)) return i;
    i = ESCAPE.lastIndex;
  }
  return i;
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.test(text);
  return SPACE.lastIndex;
}

function errorAt(text: string, at: number, expected: string): JsonError {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return { line, column: at - (before.lastIndexOf('\n') + 1) + 1, expected };
}
