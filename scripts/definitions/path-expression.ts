/**
 * The part of FHIRPath that the R4 search parameters use, parsed to steps:
 * `A.b.where(x='y').c | (A.d as Quantity).e | A.extension('url')`. Anything else throws, so that a
 * parameter that is not understood cannot be compiled to something else.
 */
export type Step =
  | { readonly step: 'get'; readonly name: string }
  | { readonly step: 'as'; readonly type: string }
  | { readonly step: 'at'; readonly index: number }
  | { readonly step: 'equals'; readonly name: string; readonly value: string }
  | { readonly step: 'resolves-to'; readonly type: string }
  | { readonly step: 'extension'; readonly url: string }
  | { readonly step: 'has-extension'; readonly url: string };

/** The terms of a union, each a list of steps. */
export function parseExpression(expression: string): Step[][] {
  return splitAt(expression, '|').map((term) => parseTerm(term.trim()));
}

/** Splits at a mark that stands outside brackets and quotes. */
function splitAt(text: string, mark: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quoted = false;
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === "'") quoted = !quoted;
    else if (quoted) continue;
    else if (c === '(') depth++;
    else if (c === ')') depth--;
    else if (c === mark && depth === 0) {
      parts.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, text.slice(from)];
}

function parseTerm(term: string): Step[] {
  return splitAt(term, '.').flatMap((segment) => parseSegment(segment));
}

const CALLS: readonly { readonly form: RegExp; readonly make: (a: string, b: string) => Step }[] = [
  { form: /^(?:as|ofType)\((\w+)\)$/, make: (type) => ({ step: 'as', type }) },
  { form: /^where\(resolve\(\) is (\w+)\)$/, make: (type) => ({ step: 'resolves-to', type }) },
  { form: /^where\((\w+)='([^']*)'\)$/, make: (name, value) => ({ step: 'equals', name, value }) },
  { form: /^where\(hasExtension\('([^']+)'\)\)$/, make: (url) => ({ step: 'has-extension', url }) },
  { form: /^extension\('([^']+)'\)$/, make: (url) => ({ step: 'extension', url }) },
  { form: /^(\w+)$/, make: (name) => ({ step: 'get', name }) },
];

function parseSegment(segment: string): Step[] {
  const bracketed = /^\((.+) as (\w+)\)$/.exec(segment);
  if (bracketed !== null) {
    return [...parseTerm((bracketed[1] ?? '').trim()), { step: 'as', type: bracketed[2] ?? '' }];
  }
  const indexed = /^(\w+)\[(\d+)\]$/.exec(segment);
  if (indexed !== null) {
    return [
      { step: 'get', name: indexed[1] ?? '' },
      { step: 'at', index: Number(indexed[2]) },
    ];
  }
  for (const { form, make } of CALLS) {
    const match = form.exec(segment);
    if (match !== null) return [make(match[1] ?? '', match[2] ?? '')];
  }
  throw new Error(`not understood: ${segment}`);
}
