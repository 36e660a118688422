/** The patient's record as a list of events under the months they happened in, all of it or one kind. */
import type { JSX } from 'preact';
import { monthName } from '../../base/months.ts';
import type { ResourceType } from '../../fhir/resource.ts';
import { Pagination } from '../components/content.tsx';
import { DetailLine } from '../components/detail-line.tsx';
import { EventName } from '../components/event-name.tsx';
import { Gaps } from '../components/gaps.tsx';
import { SourceBadge } from '../components/source-badge.tsx';
import { TimelineFilterForm } from '../components/timeline-filter.tsx';
import { patientDate, patientDateTime, patientText } from '../patient-format.ts';
import type { EntryKind } from '../record/describe.ts';
import type { TimelineFilter, TimelinePage, TimelineRow } from '../record/timeline.ts';
import type { RecordPage } from '../record-page.ts';
import { counted } from '../record-words.ts';
import { isFiltered, pageLinks } from '../timeline-links.ts';

/** Everything, with filters and pages. */
export function Everything({
  page,
  timeline,
  filter,
}: {
  readonly page: RecordPage;
  readonly timeline: TimelinePage;
  readonly filter: TimelineFilter;
}): JSX.Element {
  const address = `${page.path}/everything`;
  return (
    <>
      <TimelineFilterForm {...{ page, timeline, filter, address }} face="patient" />
      <p>
        {counted(timeline.total, 'entry', 'entries')}
        {isFiltered(filter) && ' that fit what you chose'}
      </p>
      {timeline.rows.length === 0 && <p>None of the places that answered has recorded anything that fits.</p>}
      <Months rows={timeline.rows} page={page} />
      {timeline.pages > 1 && <Pagination {...pageLinks(address, filter, timeline)} />}
    </>
  );
}

/** One kind, all of it. */
export function OneKind({
  page,
  rows,
  kinds,
  types,
  what,
}: {
  readonly page: RecordPage;
  readonly rows: readonly TimelineRow[];
  readonly kinds: readonly EntryKind[];
  readonly types: readonly ResourceType[];
  readonly what: string;
}): JSX.Element {
  const fitting = rows.filter((row) => kinds.includes(row.description.kind));
  return (
    <>
      <Gaps
        sources={page.view.sources}
        kinds={types}
        what={what}
        isEmpty={fitting.length === 0}
        now={page.now}
        face="patient"
      />
      <Months rows={fitting} page={page} />
    </>
  );
}

function Months({
  rows,
  page,
}: {
  readonly rows: readonly TimelineRow[];
  readonly page: RecordPage;
}): JSX.Element {
  const months = new Map<string, TimelineRow[]>();
  for (const row of rows) {
    const { when } = row.entry;
    const month =
      when === undefined
        ? 'No date recorded'
        : when.precision === 'year'
          ? String(when.year)
          : `${monthName(when.month)} ${when.year}`;
    months.set(month, [...(months.get(month) ?? []), row]);
  }
  return (
    <>
      {[...months].map(([month, group]) => (
        <section class="ow-panel" key={month} aria-label={month}>
          <h2 class="ow-panel__heading">{month}</h2>
          <ul class="ow-list">
            {group.map((row) => (
              <Event key={row.entry.key} row={row} page={page} />
            ))}
          </ul>
        </section>
      ))}
    </>
  );
}

function Event({ row, page }: { readonly row: TimelineRow; readonly page: RecordPage }): JSX.Element {
  const { entry, description, parts, same } = row;
  const { title, details, author } = description;
  const { when } = entry;
  return (
    <li class="ow-list__item">
      <p class="ow-list__title">
        <EventName description={description} />
      </p>
      {details.map((detail) => (
        <DetailLine
          key={detail.label}
          detail={{ ...detail, text: patientText(detail.text) }}
          about={title}
          open={false}
        />
      ))}
      {parts.length > 0 && (
        <ul class="ow-event__parts">
          {parts.map((part, index) => (
            <li key={`${index} ${part.label}`}>
              {part.label}: {patientText(part.text)}
            </li>
          ))}
        </ul>
      )}
      <p class="ow-list__meta">
        <span>
          {when === undefined
            ? 'No date recorded'
            : when.precision === 'minute'
              ? patientDateTime(when)
              : patientDate(when)}
          {author !== undefined && author !== entry.source.name && `, ${author}`}
        </span>
        <SourceBadge entry={entry} now={page.now} face="patient" />
        {same.map((one) => (
          <span class="ow-also" key={one.entry.key}>
            <span class="ow-also__word">
              {one.differs ? `also recorded, as ${one.description.title}, by` : 'also recorded by'}
            </span>
            <SourceBadge entry={one.entry} now={page.now} face="patient" />
          </span>
        ))}
      </p>
    </li>
  );
}
