/**
 * Where one line of a record comes from, how whole its source is, and as at when. Beside every line that is
 * shown.
 */
import type { JSX } from 'preact';
import type { Moment } from '../moment.ts';
import type { Face } from '../open-persons.ts';
import type { Entry } from '../record/entry.ts';
import { asAtWords, stateWords } from '../source-words.ts';
import { StateIcon } from './state-icon.tsx';

export interface SourceBadgeProps {
  readonly entry: Pick<Entry, 'source' | 'asAt'>;
  readonly now: Moment;
  readonly face: Face;
}

export function SourceBadge({ entry, now, face }: SourceBadgeProps): JSX.Element {
  const { source } = entry;
  return (
    <span class={`ow-badge ow-badge--${source.status}`}>
      <StateIcon state={source.status} />
      <span class="ow-badge__name">{source.name}</span>
      <span class={source.status === 'live' ? 'nhsuk-u-visually-hidden' : 'ow-badge__state'}>
        {stateWords(source.status, face)}
      </span>
      <span class="ow-badge__as-at">{asAtWords(entry.asAt, now, face)}</span>
    </span>
  );
}

/** The badges of everybody who told the same. */
export function AlsoFrom({
  same,
  now,
  face,
}: {
  readonly same: readonly Pick<Entry, 'source' | 'asAt' | 'key'>[];
  readonly now: Moment;
  readonly face: Face;
}): JSX.Element | null {
  if (same.length === 0) return null;
  return (
    <span class="ow-also">
      <span class="ow-also__word">also recorded by</span>
      {same.map((entry) => (
        <SourceBadge key={entry.key} entry={entry} now={now} face={face} />
      ))}
    </span>
  );
}
