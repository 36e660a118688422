/** What an entry of a timeline is: its kind, its title, and its state where that says something. */
import type { JSX } from 'preact';
import type { TimelineRow } from '../record/timeline.ts';
import { statusWords } from '../record-words.ts';

/** States that say no more than that the entry is there. */
const QUIET = ['final', 'finished', 'completed', 'current', 'active'];

export function EventName({
  description,
}: {
  readonly description: TimelineRow['description'];
}): JSX.Element {
  const { what, title, status } = description;
  return (
    <>
      <span class="ow-event__what">{what}</span>
      {title !== what && <strong>{title}</strong>}
      {status !== undefined && !QUIET.includes(status) && <span class="ow-flag">{statusWords(status)}</span>}
    </>
  );
}
