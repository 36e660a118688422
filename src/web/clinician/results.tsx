/**
 * Results as one line per test: newest value, the one before, range, flag, when and whose. What is outside
 * its range comes first. The flag is a word and a shape; a critical one is bold too.
 */
import type { ComponentChildren, JSX } from 'preact';
import { clinicianQuantity } from '../clinician-format.ts';
import { Gaps } from '../components/gaps.tsx';
import { AlsoFrom, SourceBadge } from '../components/source-badge.tsx';
import {
  type ResultFlag,
  type ResultSeries,
  type ResultValue,
  type ResultView,
  resultView,
  seriesCount,
  valueText,
} from '../record/result-view.ts';
import type { RecordPage } from '../record-page.ts';
import { RESULT_TYPES, statusWords } from '../record-words.ts';
import { NotForRole } from './not-for-role.tsx';
import { When } from './when.tsx';

const FLAGS: Readonly<Record<ResultFlag, string>> = {
  critical: 'Critical',
  high: '↑ High',
  low: '↓ Low',
  abnormal: 'Abnormal',
  normal: 'Normal',
};

/** Everything measured, in three tables. */
export function Results({ page }: { readonly page: RecordPage }): JSX.Element {
  const view = resultView(page.view.entries);
  return (
    <ResultsPanel page={page} heading="Latest of each test, outside range first" view={view}>
      <ResultTable caption="Laboratory" series={view.laboratory} page={page} />
      <ResultTable caption="Measurements" series={view.measurements} page={page} />
      <ResultTable caption="Other recorded values" series={view.other} page={page} />
      <p class="ow-panel__more">
        <a href={`${page.path}/timeline?kind=results`}>Reports on the timeline</a>
      </p>
    </ResultsPanel>
  );
}

/** The first few, for the summary. */
export function LatestResults({
  page,
  count,
}: {
  readonly page: RecordPage;
  readonly count: number;
}): JSX.Element {
  const view = resultView(page.view.entries);
  const all = seriesCount(view);
  return (
    <ResultsPanel page={page} heading="Latest results" view={view}>
      <ResultTable
        caption="Laboratory, outside range first"
        series={view.laboratory.slice(0, count)}
        page={page}
      />
      <ResultTable caption="Measurements" series={view.measurements.slice(0, count)} page={page} />
      <ResultTable caption="Other recorded values" series={view.other.slice(0, count)} page={page} />
      {all > 0 && (
        <p class="ow-panel__more">
          <a href={`${page.path}/results`}>All {all} tests and measurements</a>
        </p>
      )}
    </ResultsPanel>
  );
}

function ResultsPanel({
  page,
  heading,
  view,
  children,
}: {
  readonly page: RecordPage;
  readonly heading: string;
  readonly view: ResultView;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="ow-panel" aria-labelledby="results">
      <h2 class="ow-panel__heading" id="results">
        {heading}
      </h2>
      <NotForRole page={page} type="Observation">
        <Gaps
          sources={page.view.sources}
          kinds={RESULT_TYPES}
          what="results"
          isEmpty={seriesCount(view) === 0}
          now={page.now}
          face="clinician"
        />
        {children}
      </NotForRole>
    </section>
  );
}

/** A box that scrolls sideways must be reachable by keyboard. */
const SCROLLS = { tabIndex: 0 } as const;

function ResultTable({
  caption,
  series,
  page,
}: {
  readonly caption: string;
  readonly series: readonly ResultSeries[];
  readonly page: RecordPage;
}): JSX.Element | null {
  if (series.length === 0) return null;
  return (
    <section class="ow-scroll" aria-label={caption} {...SCROLLS}>
      <table class="ow-table">
        <caption class="ow-table__caption">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Test and range</th>
            <th scope="col" class="ow-table__number">
              Latest and flag
            </th>
            <th scope="col" class="ow-table__number">
              Previous
            </th>
            <th scope="col">Taken and source</th>
          </tr>
        </thead>
        <tbody>
          {series.map((one) => (
            <Row key={one.key} series={one} page={page} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Row({ series, page }: { readonly series: ResultSeries; readonly page: RecordPage }): JSX.Element {
  const { latest, previous, name } = series;
  return (
    <tr>
      <th scope="row">
        {name}
        <span class="ow-table__note">{latest.range('\u00a0') ?? 'No range given'}</span>
        {latest.status !== 'final' && <span class="ow-flag">{statusWords(latest.status)}</span>}
        {latest.notes.map((note) => (
          <span class="ow-table__note" key={note}>
            {note}
          </span>
        ))}
      </th>
      <td class={latest.amount === undefined ? 'ow-table__words' : 'ow-table__number'}>
        <strong>{valueText(latest, clinicianQuantity)}</strong>
        <Flag value={latest} />
      </td>
      <td
        class={
          previous !== undefined && previous.amount === undefined ? 'ow-table__words' : 'ow-table__number'
        }
      >
        {previous === undefined ? (
          'None'
        ) : (
          <>
            {valueText(previous, clinicianQuantity)}
            <span class="ow-table__when">
              <When moment={previous.when} dateOnly />
            </span>
          </>
        )}
      </td>
      <td>
        <When moment={latest.when} />
        <span class="ow-table__source">
          <SourceBadge entry={latest.entry} now={page.now} face="clinician" />
          <AlsoFrom same={latest.same} now={page.now} face="clinician" />
        </span>
      </td>
    </tr>
  );
}

function Flag({ value }: { readonly value: ResultValue }): JSX.Element | null {
  if (value.flag === undefined) return null;
  return (
    <span class={`ow-flag ow-flag--${value.flag}`}>
      {FLAGS[value.flag]}
      {value.flagFrom === 'range' && value.flag !== 'normal' && (
        <span class="nhsuk-u-visually-hidden"> by its range</span>
      )}
    </span>
  );
}
