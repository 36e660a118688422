/**
 * Everything in the record, newest first: time, kind, title, what belongs to it, and from where as at when.
 * Filters and page in the address.
 */
import type { JSX } from 'preact';
import { Pagination } from '../components/content.tsx';
import { DetailLine } from '../components/detail-line.tsx';
import { EventName } from '../components/event-name.tsx';
import { Gaps } from '../components/gaps.tsx';
import { SourceBadge } from '../components/source-badge.tsx';
import { TimelineFilterForm } from '../components/timeline-filter.tsx';
import type { TimelineFilter, TimelinePage, TimelineRow } from '../record/timeline.ts';
import type { RecordPage } from '../record-page.ts';
import { counted, LETTER_TYPES, statusWords } from '../record-words.ts';
import { NEVER_SHOWN } from '../source-words.ts';
import { isFiltered, pageLinks } from '../timeline-links.ts';
import { NotForRole } from './not-for-role.tsx';
import { When } from './when.tsx';

export interface TimelineProps {
  readonly page: RecordPage;
  readonly timeline: TimelinePage;
  readonly filter: TimelineFilter;
}

export function Timeline({ page, timeline, filter }: TimelineProps): JSX.Element {
  const address = `${page.path}/timeline`;
  return (
    <section class="ow-panel" aria-labelledby="timeline">
      <h2 class="ow-panel__heading" id="timeline">
        {counted(timeline.total, 'event', 'events')}
        {isFiltered(filter) && ' that fit the filter'}
      </h2>
      <TimelineFilterForm {...{ page, timeline, filter, address }} face="clinician" />
      <DownSources page={page} filter={filter} />
      {timeline.rows.length === 0 ? (
        <p>No source that answered has anything that fits. {NEVER_SHOWN}</p>
      ) : (
        <ol class="ow-timeline">
          {timeline.rows.map((row) => (
            <Row key={row.entry.key} row={row} page={page} />
          ))}
        </ol>
      )}
      {timeline.pages > 1 && <Pagination {...pageLinks(address, filter, timeline)} />}
    </section>
  );
}

/** A source that gave nothing keeps its place in the list. */
function DownSources({
  page,
  filter,
}: {
  readonly page: RecordPage;
  readonly filter: TimelineFilter;
}): JSX.Element | null {
  const down = page.view.sources.filter(
    (source) =>
      (source.status === 'unavailable' || source.status === 'refused') &&
      (filter.source === undefined || filter.source === source.ods),
  );
  if (down.length === 0) return null;
  return (
    <ul class="ow-timeline ow-timeline--down">
      {down.map((source) => (
        <li class={`ow-event ow-event--${source.status}`} key={source.ods}>
          <p class="ow-event__when">{source.status === 'refused' ? 'Not shared' : 'Not available'}</p>
          <div class="ow-event__body">
            <p class="ow-event__title">
              Everything from {source.name} is missing here.{' '}
              {source.status === 'unavailable' && <a href={page.here}>Try again</a>}
            </p>
          </div>
          <p class="ow-list__meta ow-event__source">
            <SourceBadge entry={{ source, asAt: source.asAt }} now={page.now} face="clinician" />
          </p>
        </li>
      ))}
    </ul>
  );
}

function Row({
  row,
  page,
  open,
}: {
  readonly row: TimelineRow;
  readonly page: RecordPage;
  /** Long texts stand open. */
  readonly open?: boolean;
}): JSX.Element {
  const { entry, description, parts, same } = row;
  const { title, details, author } = description;
  return (
    <li class={`ow-event ow-event--${entry.source.status}`}>
      <p class="ow-event__when">
        <When moment={entry.when} />
      </p>
      <div class="ow-event__body">
        <p class="ow-event__title">
          <EventName description={description} />
        </p>
        {details.map((detail) => (
          <DetailLine key={detail.label} detail={detail} about={title} open={open === true} />
        ))}
        {parts.length > 0 && (
          <ul class="ow-event__parts">
            {parts.map((part, index) => (
              <li key={`${index} ${part.label}`}>
                <span class="ow-event__label">{part.label}</span> {part.text}
              </li>
            ))}
          </ul>
        )}
        {same.map((one) => (
          <p class="ow-list__meta ow-event__same" key={one.entry.key}>
            <span>
              {one.differs
                ? `told otherwise: ${toldOtherwise(one.description)}`
                : 'the same, under the same number, from'}
            </span>
            <SourceBadge entry={one.entry} now={page.now} face="clinician" />
          </p>
        ))}
      </div>
      <p class="ow-list__meta ow-event__source">
        <SourceBadge entry={entry} now={page.now} face="clinician" />
        {author !== undefined && author !== entry.source.name && <span>{author}</span>}
      </p>
    </li>
  );
}

function toldOtherwise({ title, status, details }: TimelineRow['description']): string {
  return [title, statusWords(status), ...details.map((detail) => `${detail.label} ${detail.text}`)].join(
    ', ',
  );
}

/** A short list of the newest, for the summary. */
export function Recent({
  page,
  rows,
  more,
}: {
  readonly page: RecordPage;
  readonly rows: readonly TimelineRow[];
  readonly more: number;
}): JSX.Element {
  return (
    <section class="ow-panel" aria-labelledby="recent">
      <h2 class="ow-panel__heading" id="recent">
        Recent events
      </h2>
      {rows.length === 0 && <p>No source that answered has recorded an event.</p>}
      <ol class="ow-timeline ow-timeline--short">
        {rows.map((row) => (
          <Row key={row.entry.key} row={row} page={page} />
        ))}
      </ol>
      {more > 0 && (
        <p class="ow-panel__more">
          <a href={`${page.path}/timeline`}>Timeline, {counted(more, 'event', 'events')}</a>
        </p>
      )}
    </section>
  );
}

const SECTIONS = {
  vaccinations: { one: 'vaccination', many: 'vaccinations', types: ['Immunization'] },
  letters: {
    one: 'document',
    many: 'documents',
    types: LETTER_TYPES,
  },
} as const;

/** A few documents stand open; many are a list to choose from. */
const OPEN_MAX = 3;

/** Rows of one kind, in full, for a section of its own. */
export function Events({
  page,
  rows,
  kind,
}: {
  readonly page: RecordPage;
  readonly rows: readonly TimelineRow[];
  readonly kind: keyof typeof SECTIONS;
}): JSX.Element {
  const fitting = rows.filter((row) => row.description.kind === kind);
  const { one, many, types } = SECTIONS[kind];
  return (
    <section class="ow-panel" aria-labelledby="events">
      <h2 class="ow-panel__heading" id="events">
        {counted(fitting.length, one, many)}
      </h2>
      <NotForRole page={page} type={types[0]}>
        <Gaps
          sources={page.view.sources}
          kinds={types}
          what={many}
          isEmpty={fitting.length === 0}
          now={page.now}
          face="clinician"
        />
        <ol class="ow-timeline">
          {fitting.map((row) => (
            <Row key={row.entry.key} row={row} page={page} open={fitting.length <= OPEN_MAX} />
          ))}
        </ol>
      </NotForRole>
    </section>
  );
}
