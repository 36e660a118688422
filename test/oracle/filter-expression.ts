/**
 * `_filter`, by http://hl7.org/fhir/R4/search_filter.html: comparisons, joined by and and or from left to right whatever stands between
 * them, with brackets and not. "An item in the set" of a parameter's values decides.
 */

/** What an expression says; a path may lead by way of other resources. */
export type Expression =
  | { readonly path: string; readonly operator: string; readonly value: string }
  | { readonly join: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly not: Expression };

/** Reads an expression. Throws where it is none. */
export function expressionOf(text: string): Expression {
  const words = text.match(/"(?:[^"\\]|\\.)*"|[()]|[^\s()"]+/g) ?? [];
  let at = 0;
  const next = (): string => {
    const word = words[at++];
    if (word === undefined) throw new Error(`${text} ends too early`);
    return word;
  };
  const one = (): Expression => {
    const word = next();
    if (word === '(') return closed();
    if (word === 'not' && words[at] === '(') {
      next();
      return { not: closed() };
    }
    const [operator, value] = [next(), next()];
    return { path: word, operator, value: value.startsWith('"') ? JSON.parse(value) : value };
  };
  const joined = (): Expression => {
    let left = one();
    while (words[at] === 'and' || words[at] === 'or') {
      const join = next() === 'and' ? 'and' : 'or';
      left = { join, left, right: one() };
    }
    return left;
  };
  const closed = (): Expression => {
    const inner = joined();
    if (next() !== ')') throw new Error(`${text} has a bracket too many`);
    return inner;
  };
  const whole = joined();
  if (at < words.length) throw new Error(`${text} goes on behind its end`);
  return whole;
}

/** Whether an expression holds; `compare` says so of one comparison. */
export function holds(
  expression: Expression,
  compare: (path: string, operator: string, value: string) => boolean,
): boolean {
  if ('not' in expression) return !holds(expression.not, compare);
  if ('path' in expression) return compare(expression.path, expression.operator, expression.value);
  const [left, right] = [holds(expression.left, compare), holds(expression.right, compare)];
  return expression.join === 'and' ? left && right : left || right;
}
