/** Problems: current first, past ones apart. */
import type { JSX } from 'preact';
import { Gaps } from '../components/gaps.tsx';
import { AlsoFrom, SourceBadge } from '../components/source-badge.tsx';
import { type ProblemLine, problemView } from '../record/problem-view.ts';
import type { RecordPage } from '../record-page.ts';
import { statusWords } from '../record-words.ts';
import { NotForRole } from './not-for-role.tsx';
import { When } from './when.tsx';

export function Problems({ page, full }: { readonly page: RecordPage; readonly full: boolean }): JSX.Element {
  const { current, past } = problemView(page.view.entries);
  return (
    <section class="ow-panel" aria-labelledby="problems">
      <h2 class="ow-panel__heading" id="problems">
        Current problems
      </h2>
      <NotForRole page={page} type="Condition">
        <Gaps
          sources={page.view.sources}
          kinds={['Condition']}
          what="problems"
          isEmpty={current.length + past.length === 0}
          now={page.now}
          face="clinician"
        />
        {current.length === 0 && past.length > 0 && <p>No current problems are recorded.</p>}
        <Lines lines={current} page={page} />
        {past.length > 0 && full && (
          <>
            <h3 class="ow-panel__sub">Past problems</h3>
            <Lines lines={past} page={page} />
          </>
        )}
        {past.length > 0 && !full && (
          <p class="ow-panel__more">
            <a href={`${page.path}/problems`}>{past.length} past</a>
          </p>
        )}
      </NotForRole>
    </section>
  );
}

function Lines({
  lines,
  page,
}: {
  readonly lines: readonly ProblemLine[];
  readonly page: RecordPage;
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
            <When moment={entry.when} dateOnly />
            <SourceBadge entry={entry} now={page.now} face="clinician" />
            <AlsoFrom same={same} now={page.now} face="clinician" />
          </p>
        </li>
      ))}
    </ul>
  );
}
