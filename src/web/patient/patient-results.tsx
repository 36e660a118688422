/**
 * The patient's results: newest of each test, what it was before, the usual range, and whether it lies
 * outside, in words.
 */
import type { JSX } from 'preact';
import { Gaps } from '../components/gaps.tsx';
import { AlsoFrom, SourceBadge } from '../components/source-badge.tsx';
import { patientDate, patientQuantity } from '../patient-format.ts';
import {
  type ResultFlag,
  type ResultSeries,
  resultView,
  seriesCount,
  valueText,
} from '../record/result-view.ts';
import type { RecordPage } from '../record-page.ts';
import { RESULT_TYPES } from '../record-words.ts';

const FLAGS: Readonly<Record<ResultFlag, string>> = {
  critical: 'Far outside the usual range',
  high: 'Higher than the usual range',
  low: 'Lower than the usual range',
  abnormal: 'Outside what is usual',
  normal: 'Within the usual range',
};

export function PatientResults({ page }: { readonly page: RecordPage }): JSX.Element {
  const view = resultView(page.view.entries);
  return (
    <>
      <p>
        A result outside the usual range does not always mean that something is wrong. If you are worried, ask
        the people who ordered the test.
      </p>
      <Gaps
        sources={page.view.sources}
        kinds={RESULT_TYPES}
        what="test results"
        isEmpty={seriesCount(view) === 0}
        now={page.now}
        face="patient"
      />
      <Series heading="Tests" id="tests" series={view.laboratory} page={page} />
      <Series heading="Measurements" id="measurements" series={view.measurements} page={page} />
      <Series heading="Other things recorded" id="other" series={view.other} page={page} />
    </>
  );
}

function Series({
  heading,
  id,
  series,
  page,
}: {
  readonly heading: string;
  readonly id: string;
  readonly series: readonly ResultSeries[];
  readonly page: RecordPage;
}): JSX.Element | null {
  if (series.length === 0) return null;
  return (
    <section class="ow-panel" aria-labelledby={id}>
      <h2 class="ow-panel__heading" id={id}>
        {heading}
      </h2>
      <ul class="ow-list">
        {series.map((one) => (
          <Result key={one.key} series={one} page={page} />
        ))}
      </ul>
    </section>
  );
}

function Result({ series, page }: { readonly series: ResultSeries; readonly page: RecordPage }): JSX.Element {
  const { latest, previous, name } = series;
  const range = latest.range('');
  return (
    <li class="ow-list__item ow-result">
      <div class="ow-result__what">
        <p class="ow-list__title">
          <strong>{name}</strong>
        </p>
        <p class="ow-list__meta">
          <span>{latest.when === undefined ? 'No date recorded' : patientDate(latest.when)}</span>
          <SourceBadge entry={latest.entry} now={page.now} face="patient" />
          <AlsoFrom same={latest.same} now={page.now} face="patient" />
        </p>
        {latest.notes.map((note) => (
          <p class="ow-list__text" key={note}>
            {note}
          </p>
        ))}
      </div>
      <div class="ow-result__value">
        <p class="ow-result__number">{valueText(latest, patientQuantity)}</p>
        {latest.flag !== undefined && <p class={`ow-flag ow-flag--${latest.flag}`}>{FLAGS[latest.flag]}</p>}
        {range !== undefined && <p class="ow-list__meta">Usual range: {range}</p>}
        {previous !== undefined && (
          <p class="ow-list__meta">
            Before: {valueText(previous, patientQuantity)}
            {previous.when !== undefined && ` on ${patientDate(previous.when)}`}
          </p>
        )}
      </div>
    </li>
  );
}
