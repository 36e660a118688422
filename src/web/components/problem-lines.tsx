/** Problems as a list: name, state, certainty, since when and from whom. Each face writes its own dates. */
import type { ComponentChildren, JSX } from 'preact';
import type { Moment } from '../moment.ts';
import type { Face } from '../open-persons.ts';
import type { ProblemLine } from '../record/problem-view.ts';
import type { RecordPage } from '../record-page.ts';
import { statusWords } from '../record-words.ts';
import { AlsoFrom, SourceBadge } from './source-badge.tsx';

export function ProblemLines({
  lines,
  page,
  face,
  since,
}: {
  readonly lines: readonly ProblemLine[];
  readonly page: RecordPage;
  readonly face: Face;
  readonly since: (moment: Moment | undefined) => ComponentChildren;
}): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <ul class="ow-list">
      {lines.map(({ entry, same, title, status, certainty }) => (
        <li class="ow-list__item" key={entry.key}>
          <p class="ow-list__title">
            <strong>{title}</strong>
            {status !== 'active' && <span class="ow-flag">{statusWords(status)}</span>}
            {certainty !== undefined && <span class="ow-flag">{certainty}</span>}
          </p>
          <p class="ow-list__meta">
            {since(entry.when)}
            <SourceBadge entry={entry} now={page.now} face={face} />
            <AlsoFrom same={same} now={page.now} face={face} />
          </p>
        </li>
      ))}
    </ul>
  );
}
