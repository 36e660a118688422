/**
 * The patient's pages of the own record: an overview with a card for each part, and a page for each. Whose
 * record it is stands on every page.
 */
import type { JSX } from 'preact';
import type { ResourceType } from '../../fhir/resource.ts';
import { formatNhsNumber } from '../../identity/nhs-number.ts';
import { ALLERGY_HEADINGS } from '../allergy-words.ts';
import { BackLink } from '../components/content.tsx';
import { RecordNotices } from '../components/record-notices.tsx';
import type { PageContent } from '../document.tsx';
import { momentOf } from '../moment.ts';
import { patientDate, patientName } from '../patient-format.ts';
import { medicineView } from '../record/medicine-view.ts';
import { problemView } from '../record/problem-view.ts';
import { nameInUse } from '../record/resource-text.ts';
import { resultView } from '../record/result-view.ts';
import { sectionGaps } from '../record/section-gaps.ts';
import { type TimelineFilter, type TimelineRow, timelinePage, timelineRows } from '../record/timeline.ts';
import type { RecordPage } from '../record-page.ts';
import { counted, LETTER_TYPES, MEDICINE_TYPES, RESULT_TYPES, VISIT_TYPES } from '../record-words.ts';
import { PatientAllergies } from './patient-allergies.tsx';
import { Everything, OneKind } from './patient-events.tsx';
import { PatientMedicines } from './patient-medicines.tsx';
import { PatientProblems } from './patient-problems.tsx';
import { PatientResults } from './patient-results.tsx';
import { AllSources, TroubledSources } from './patient-sources.tsx';

export const PATIENT_SECTIONS = {
  '': 'Your health record',
  allergies: 'Your allergies',
  medicines: 'Your medicines',
  conditions: 'Your conditions',
  results: 'Your test results',
  vaccinations: 'Your vaccinations',
  letters: 'Your letters and documents',
  visits: 'Your visits and stays',
  everything: 'Everything in your record',
} as const;

export type PatientSection = keyof typeof PATIENT_SECTIONS;

/** The page of one section. */
export function patientPage(
  page: RecordPage,
  section: PatientSection,
  filter: TimelineFilter,
  timelinePageSize: number,
): PageContent {
  const heading = PATIENT_SECTIONS[section];
  return {
    heading,
    section: section === '' ? 'Patient' : 'Your health record',
    banner: <Whose page={page} />,
    main: (
      <>
        {section !== '' && <BackLink href={page.path} text="Your health record" />}
        <h1>{heading}</h1>
        <RecordNotices page={page} face="patient" />
        {section !== '' && <TroubledSources page={page} />}
        <Section page={page} section={section} filter={filter} timelinePageSize={timelinePageSize} />
      </>
    ),
  };
}

function Whose({ page }: { readonly page: RecordPage }): JSX.Element {
  const { person, nhsNumber } = page.view;
  const born = momentOf(person?.birthDate);
  return (
    <section class="ow-whose" aria-label="Whose record this is">
      <div class="ow-whose__inner">
        <strong class="ow-whose__name">
          {patientName(nameInUse(person?.name)) ?? 'Name not available now'}
        </strong>
        {born !== undefined && <span>Born {patientDate(born)}</span>}
        <span>
          NHS number <span class="nhsuk-u-nowrap">{formatNhsNumber(nhsNumber)}</span>
        </span>
      </div>
    </section>
  );
}

function Section({
  page,
  section,
  filter,
  timelinePageSize,
}: {
  readonly page: RecordPage;
  readonly section: PatientSection;
  readonly filter: TimelineFilter;
  readonly timelinePageSize: number;
}): JSX.Element {
  const { view } = page;
  const rows = (): readonly TimelineRow[] => timelineRows(view.entries, view.references);
  switch (section) {
    case 'allergies':
      return <PatientAllergies page={page} />;
    case 'medicines':
      return <PatientMedicines page={page} />;
    case 'conditions':
      return <PatientProblems page={page} />;
    case 'results':
      return <PatientResults page={page} />;
    case 'vaccinations':
      return (
        <OneKind
          page={page}
          rows={rows()}
          kinds={['vaccinations']}
          types={['Immunization']}
          what="vaccinations"
        />
      );
    case 'letters':
      return (
        <OneKind
          page={page}
          rows={rows()}
          kinds={['letters']}
          types={LETTER_TYPES}
          what="letters or documents"
        />
      );
    case 'visits':
      return <OneKind page={page} rows={rows()} kinds={['visits']} types={VISIT_TYPES} what="visits" />;
    case 'everything':
      return (
        <Everything page={page} timeline={timelinePage(view, filter, timelinePageSize)} filter={filter} />
      );
    default:
      return <Overview page={page} rows={rows()} />;
  }
}

interface Card {
  readonly section: PatientSection;
  readonly title: string;
  readonly text: string;
  /** Kinds that it counts: where some of them may be missing, the card says so. */
  readonly types: readonly ResourceType[];
}

function Overview({
  page,
  rows,
}: {
  readonly page: RecordPage;
  readonly rows: readonly TimelineRow[];
}): JSX.Element {
  return (
    <>
      <ul class="ow-cards">
        {cardsOf(page, rows).map(({ section, title, text, types }) => (
          <li class="ow-card" key={section}>
            <h2 class="ow-card__heading">
              <a class="ow-card__link" href={`${page.path}/${section}`}>
                {title}
              </a>
            </h2>
            <p class="ow-card__text">
              {text}
              {types.length > 0 &&
                sectionGaps(page.view.sources, types).gaps.length > 0 &&
                ' (not the whole list)'}
            </p>
          </li>
        ))}
      </ul>
      <AllSources page={page} />
    </>
  );
}

function cardsOf(page: RecordPage, rows: readonly TimelineRow[]): readonly Card[] {
  const { view, allergies } = page;
  const medicines = medicineView(view.entries, view.references);
  const problems = problemView(view.entries);
  const results = resultView(view.entries);
  const tests = results.laboratory.length + results.measurements.length;
  const of = (kind: TimelineRow['description']['kind']): number =>
    rows.filter((row) => row.description.kind === kind).length;
  return [
    {
      section: 'allergies',
      title: 'Allergies',
      text: allergies === undefined ? '' : ALLERGY_HEADINGS[allergies.heading],
      types: [],
    },
    {
      section: 'medicines',
      title: 'Medicines',
      text: `${medicines.current.length} current, ${medicines.past.length} past`,
      types: MEDICINE_TYPES,
    },
    {
      section: 'conditions',
      title: 'Conditions',
      text: `${problems.current.length} current, ${problems.past.length} past`,
      types: ['Condition'],
    },
    {
      section: 'results',
      title: 'Test results',
      text: counted(tests, 'test or measurement', 'tests and measurements'),
      types: RESULT_TYPES,
    },
    {
      section: 'vaccinations',
      title: 'Vaccinations',
      text: counted(of('vaccinations'), 'vaccination', 'vaccinations'),
      types: ['Immunization'],
    },
    {
      section: 'letters',
      title: 'Letters and documents',
      text: counted(of('letters'), 'document', 'documents'),
      types: LETTER_TYPES,
    },
    {
      section: 'visits',
      title: 'Visits and stays',
      text: counted(of('visits'), 'visit', 'visits'),
      types: VISIT_TYPES,
    },
    {
      section: 'everything',
      title: 'Everything',
      text: counted(rows.length, 'entry, newest first', 'entries, newest first'),
      types: page.view.sources.flatMap((source) => source.covers),
    },
  ];
}
