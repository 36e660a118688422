/** What of a timeline is shown: its kind and its source, as a form that works without script. */
import type { JSX } from 'preact';
import type { Face } from '../open-persons.ts';
import type { TimelineFilter, TimelinePage } from '../record/timeline.ts';
import type { RecordPage } from '../record-page.ts';
import { ENTRY_KINDS } from '../record-words.ts';
import { isFiltered } from '../timeline-links.ts';
import { Button, Select } from './form.tsx';

const WORDS = {
  clinician: {
    kind: 'Kind',
    allKinds: 'All kinds',
    source: 'Source',
    allSources: 'All sources',
    clear: 'Clear the filter',
  },
  patient: {
    kind: 'What',
    allKinds: 'Everything',
    source: 'From',
    allSources: 'All places',
    clear: 'Show everything',
  },
} as const;

export function TimelineFilterForm({
  page,
  timeline,
  filter,
  address,
  face,
}: {
  readonly page: RecordPage;
  readonly timeline: TimelinePage;
  readonly filter: TimelineFilter;
  /** Of the timeline, without a query. */
  readonly address: string;
  readonly face: Face;
}): JSX.Element {
  const words = WORDS[face];
  const kinds = [...timeline.kinds].map(([kind, count]) => ({
    value: kind,
    text: `${ENTRY_KINDS[kind]} (${count})`,
  }));
  const sources = page.view.sources.map(({ ods, name }) => ({
    value: ods,
    text: `${name} (${timeline.sources.get(ods) ?? 0})`,
  }));
  return (
    <form class="ow-filter" method="get" action={address}>
      <Select
        id="kind"
        name="kind"
        label={{ text: words.kind }}
        value={filter.kind ?? ''}
        items={[{ value: '', text: words.allKinds }, ...kinds]}
      />
      <Select
        id="source"
        name="source"
        label={{ text: words.source }}
        value={filter.source ?? ''}
        items={[{ value: '', text: words.allSources }, ...sources]}
      />
      <Button text="Show" variant="secondary" small />
      {isFiltered(filter) && <a href={address}>{words.clear}</a>}
    </form>
  );
}
