/** Regular expressions that come from outside and cannot be interrupted once they run. */

/** A repeat around what repeats already, or around alternatives: the shapes that take for ever on the wrong text. */
const SHAPE = /[+*}][^()]*\)[+*{]|\([^()]*\|[^()]*\)[+*{]/;

/** Whether a pattern, or an expression with one in it, might take longer than anybody waits. */
export function mayRunAway(pattern: string): boolean {
  return SHAPE.test(pattern);
}
