/** The patient's allergies, under one of the same four headings, in sentences. */
import type { JSX } from 'preact';
import { AllergiesHeading, AllergiesMissing } from '../components/allergies-head.tsx';
import { AlsoFrom, SourceBadge } from '../components/source-badge.tsx';
import { patientDate } from '../patient-format.ts';
import type { AllergyHeading, AllergyLine } from '../record/allergy-view.ts';
import type { RecordPage } from '../record-page.ts';
import { andList } from '../record-words.ts';

const SENTENCES: Readonly<Record<AllergyHeading, string>> = {
  known: 'These are the allergies that the places below have recorded.',
  'none-known': 'It has been recorded that you have no known allergies.',
  'not-recorded':
    'Nobody has recorded an allergy, and nobody has recorded that you have none. ' +
    'Tell your GP surgery if you have one.',
  unavailable:
    'We cannot show all that is recorded about your allergies now. If you are given a medicine, ' +
    'tell the person who gives it to you what you are allergic to.',
};

export function PatientAllergies({ page }: { readonly page: RecordPage }): JSX.Element | null {
  const { allergies } = page;
  if (allergies === undefined) return null;
  const { heading, known, negations, past, missing } = allergies;
  return (
    <>
      <section class={`ow-panel ow-allergies ow-allergies--${heading}`} aria-labelledby="allergies">
        <AllergiesHeading heading={heading} />
        <p>{SENTENCES[heading]}</p>
        <AllergiesMissing missing={missing} now={page.now} face="patient" />
        <Lines lines={[...known, ...negations]} page={page} />
      </section>
      {past.length > 0 && (
        <section class="ow-panel" aria-labelledby="past">
          <h2 class="ow-panel__heading" id="past">
            No longer active
          </h2>
          <Lines lines={past} page={page} />
        </section>
      )}
    </>
  );
}

function Lines({
  lines,
  page,
}: {
  readonly lines: readonly AllergyLine[];
  readonly page: RecordPage;
}): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <ul class="ow-list">
      {lines.map((line) => (
        <li class="ow-list__item" key={line.entry.key}>
          <p class="ow-list__title">
            <strong>{line.title}</strong>
          </p>
          {line.reactions.length > 0 && <p class="ow-list__text">Reaction: {andList(line.reactions)}</p>}
          {line.critical && <p class="ow-list__text">This is recorded as a high risk.</p>}
          <p class="ow-list__meta">
            <span>
              {line.recorded === undefined ? 'No date recorded' : `Recorded ${patientDate(line.recorded)}`}
            </span>
            <SourceBadge entry={line.entry} now={page.now} face="patient" />
            <AlsoFrom same={line.same} now={page.now} face="patient" />
          </p>
        </li>
      ))}
    </ul>
  );
}
