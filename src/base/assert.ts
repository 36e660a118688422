/** Programmer's assertions: a broken one is a defect of ours, never of the input. */
export function assert(condition: unknown, text: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${text}`);
}

/** For the end of a switch over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
