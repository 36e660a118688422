/** Where a page ended, as the opaque text of a next link: the snapshot it was read in, and the place. */
import { Failure } from '../../base/failure.ts';

export interface Cursor {
  /** The snapshot that every page of one search is read in. */
  readonly seq: number;
  /** The last rid, or the number of rows gone by: whichever the plan pages by. */
  readonly after: number;
}

export function cursorText({ seq, after }: Cursor): string {
  return `${seq.toString(36)}.${after.toString(36)}`;
}

/** Throws Failure `value` where the text is not one that cursorText made. */
export function readCursor(text: string | undefined): Cursor | undefined {
  if (text === undefined) return undefined;
  const match = /^([0-9a-z]{1,11})\.([0-9a-z]{1,11})$/.exec(text);
  if (match === null)
    throw new Failure(
      'value',
      'This page link is not one that this server gave. Search again from the start.',
    );
  return { seq: Number.parseInt(match[1] ?? '', 36), after: Number.parseInt(match[2] ?? '', 36) };
}
