/** The clinician's pages of one record: banner, sources, notices and navigation around each section. */
import type { JSX } from 'preact';
import { RecordNotices } from '../components/record-notices.tsx';
import type { PageContent } from '../document.tsx';
import { type TimelineFilter, timelinePage, timelineRows } from '../record/timeline.ts';
import type { RecordPage } from '../record-page.ts';
import { Allergies } from './allergies.tsx';
import { Medicines } from './medicines.tsx';
import { PatientBanner } from './patient-banner.tsx';
import { Problems } from './problems.tsx';
import { LatestResults, Results } from './results.tsx';
import { SourceStrip } from './source-strip.tsx';
import { Events, Recent, Timeline } from './timeline.tsx';

export const CLINICIAN_SECTIONS = {
  '': 'Summary',
  timeline: 'Timeline',
  problems: 'Problems',
  medicines: 'Medicines',
  allergies: 'Allergies',
  results: 'Results',
  vaccinations: 'Vaccinations',
  documents: 'Documents',
} as const;

export type ClinicianSection = keyof typeof CLINICIAN_SECTIONS;

/** The page of one section. */
export function clinicianPage(
  page: RecordPage,
  section: ClinicianSection,
  filter: TimelineFilter,
  timelinePageSize: number,
): PageContent {
  const heading = CLINICIAN_SECTIONS[section];
  return {
    heading,
    section: 'Patient record',
    wide: true,
    banner: (
      <>
        <PatientBanner page={page} />
        <SourceStrip page={page} />
        <Navigation page={page} section={section} />
      </>
    ),
    main: (
      <>
        <h1 class={section === '' ? 'nhsuk-u-visually-hidden' : 'ow-record-heading'}>{heading}</h1>
        <RecordNotices page={page} face="clinician" />
        <Section page={page} section={section} filter={filter} timelinePageSize={timelinePageSize} />
      </>
    ),
  };
}

function Navigation({
  page,
  section,
}: {
  readonly page: RecordPage;
  readonly section: ClinicianSection;
}): JSX.Element {
  return (
    <nav class="ow-nav" aria-label="Patient record">
      <ul class="ow-nav__list">
        {Object.entries(CLINICIAN_SECTIONS).map(([name, words]) => (
          <li class="ow-nav__item" key={name}>
            <a
              class="ow-nav__link"
              href={name === '' ? page.path : `${page.path}/${name}`}
              {...(name === section ? { 'aria-current': 'page' as const } : {})}
            >
              {words}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

const RECENT = 8;

function Section({
  page,
  section,
  filter,
  timelinePageSize,
}: {
  readonly page: RecordPage;
  readonly section: ClinicianSection;
  readonly filter: TimelineFilter;
  readonly timelinePageSize: number;
}): JSX.Element {
  const { view } = page;
  switch (section) {
    case 'timeline':
      return <Timeline page={page} timeline={timelinePage(view, filter, timelinePageSize)} filter={filter} />;
    case 'problems':
      return <Problems page={page} full />;
    case 'medicines':
      return <Medicines page={page} full />;
    case 'allergies':
      return <Allergies page={page} full />;
    case 'results':
      return <Results page={page} />;
    case 'vaccinations':
      return <Events page={page} rows={timelineRows(view.entries, view.references)} kind="vaccinations" />;
    case 'documents':
      return <Events page={page} rows={timelineRows(view.entries, view.references)} kind="letters" />;
    default: {
      const rows = timelineRows(view.entries, view.references);
      return (
        <div class="ow-summary">
          <div class="ow-summary__column">
            <Allergies page={page} full={false} />
            <Problems page={page} full={false} />
            <Medicines page={page} full={false} />
          </div>
          <div class="ow-summary__column">
            <LatestResults page={page} count={RECENT} />
            <Recent page={page} rows={rows.slice(0, RECENT)} more={rows.length} />
          </div>
        </div>
      );
    }
  }
}
