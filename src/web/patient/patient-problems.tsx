/** The patient's conditions: current and past apart, in sentences. */
import type { JSX } from 'preact';
import { Gaps } from '../components/gaps.tsx';
import { ProblemLines } from '../components/problem-lines.tsx';
import type { Moment } from '../moment.ts';
import { patientDate } from '../patient-format.ts';
import { type ProblemLine, problemView } from '../record/problem-view.ts';
import type { RecordPage } from '../record-page.ts';

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
      <ProblemLines lines={lines} page={page} face="patient" since={since} />
    </section>
  );
}

const since = (moment: Moment | undefined): JSX.Element => (
  <span>{moment === undefined ? 'No date recorded' : `From ${patientDate(moment)}`}</span>
);
