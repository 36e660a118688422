/** The patient's conditions: current and past apart, in sentences. */
import type { JSX } from 'preact';
import { Gaps } from '../components/gaps.tsx';
import { AlsoFrom, SourceBadge } from '../components/source-badge.tsx';
import { patientDate } from '../patient-format.ts';
import { type ProblemLine, problemView } from '../record/problem-view.ts';
import type { RecordPage } from '../record-page.ts';
import { statusWords } from '../record-words.ts';

export function PatientProblems({ page }: { readonly page: RecordPage }): JSX.Element {
  const { current, past } = problemView(page.view.entries);
  return (
    <>
      <Gaps
        sources={page.view.sources}
        kinds={['Condition']}
        what="conditions"
        isEmpty={current.length + past.length === 0}
        now={page.now}
        face="patient"
      />
      <Lines heading="Current conditions" id="current" lines={current} page={page} />
      <Lines heading="Past conditions" id="past" lines={past} page={page} />
    </>
  );
}

function Lines({
  heading,
  id,
  lines,
  page,
}: {
  readonly heading: string;
  readonly id: string;
  readonly lines: readonly ProblemLine[];
  readonly page: RecordPage;
}): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <section class="ow-panel" aria-labelledby={id}>
      <h2 class="ow-panel__heading" id={id}>
        {heading}
      </h2>
      <ul class="ow-list">
        {lines.map(({ entry, same, title, status, certainty }) => (
          <li class="ow-list__item" key={entry.key}>
            <p class="ow-list__title">
              <strong>{title}</strong>
              {status !== 'active' && <span class="ow-flag">{statusWords(status)}</span>}
              {certainty !== undefined && <span class="ow-flag">{certainty}</span>}
            </p>
            <p class="ow-list__meta">
              <span>{entry.when === undefined ? 'No date recorded' : `From ${patientDate(entry.when)}`}</span>
              <SourceBadge entry={entry} now={page.now} face="patient" />
              <AlsoFrom same={same} now={page.now} face="patient" />
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
