/** Problems: current first, past ones apart. */
import type { JSX } from 'preact';
import { Gaps } from '../components/gaps.tsx';
import { ProblemLines } from '../components/problem-lines.tsx';
import type { Moment } from '../moment.ts';
import { problemView } from '../record/problem-view.ts';
import type { RecordPage } from '../record-page.ts';
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
        <ProblemLines lines={current} page={page} face="clinician" since={since} />
        {past.length > 0 && full && (
          <>
            <h3 class="ow-panel__sub">Past problems</h3>
            <ProblemLines lines={past} page={page} face="clinician" since={since} />
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

const since = (moment: Moment | undefined): JSX.Element => <When moment={moment} dateOnly />;
