/**
 * What must be known before a record is read: conflicts over who this is, entries left out and why, and
 * answers older than they should be. Nothing here where there is nothing to say. Invariants 3, 4 and 6.
 */
import type { JSX } from 'preact';
import { clinicianDate } from '../clinician-format.ts';
import { momentOf } from '../moment.ts';
import type { Face } from '../open-persons.ts';
import { patientDate } from '../patient-format.ts';
import type { Difference } from '../record/record-identity.ts';
import type { RecordPage } from '../record-page.ts';
import { counted, genderWords } from '../record-words.ts';
import { momentWords } from '../source-words.ts';
import { StateIcon } from './state-icon.tsx';

/** The notices of this record; null where there are none. */
export function RecordNotices({
  page,
  face,
}: {
  readonly page: RecordPage;
  readonly face: Face;
}): JSX.Element | null {
  const identity = identityNotices(page, face);
  const other = [...page.view.notes, ...leftOutNotices(page), ...ageNotices(page, face)];
  if (identity.length === 0 && other.length === 0) return null;
  return (
    <div class="ow-notices">
      {identity.length > 0 && (
        <section class="ow-notice ow-notice--identity" aria-labelledby="who-is-this">
          <h2 class="ow-notice__heading" id="who-is-this">
            <StateIcon state="warning" />
            {face === 'clinician' ? 'Check who this is' : 'Some details do not agree'}
          </h2>
          <ul class="ow-notice__list">
            {identity.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </section>
      )}
      {other.length > 0 && (
        <section class="ow-notice" aria-label="About this record">
          <ul class="ow-notice__list">
            {other.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}

function identityNotices({ view }: RecordPage, face: Face): readonly string[] {
  const { identity, person } = view;
  const notices = identity.differences.map((difference) => differenceText(difference, face));
  if (person === undefined) {
    notices.push('No source that answered holds personal details, so name and birth date cannot be shown.');
  }
  for (const { source, records } of identity.joined) {
    notices.push(
      `${source.name} has joined ${records} of its records into this one. If that was a mistake, parts may be ` +
        'about somebody else.',
    );
  }
  return notices;
}

function differenceText({ source, what, stated }: Difference, face: Face): string {
  const holds = face === 'clinician' ? 'than above' : 'than the one on this page';
  switch (what) {
    case 'birth-date': {
      const moment = momentOf(stated);
      const words =
        moment === undefined ? stated : face === 'clinician' ? clinicianDate(moment) : patientDate(moment);
      return `${source.name} has another birth date ${holds}: ${words}.`;
    }
    case 'family-name':
      return `${source.name} has another family name ${holds}: ${stated}.`;
    case 'gender':
      return `${source.name} has another gender ${holds}: ${genderWords(stated) ?? stated}.`;
    case 'deceased':
      return stated === 'deceased'
        ? `${source.name} has recorded that this person has died; the details above do not say so.`
        : `${source.name} has not recorded that this person has died.`;
  }
}

function leftOutNotices({ view }: RecordPage): readonly string[] {
  const entries = (count: number): string => counted(count, 'entry', 'entries');
  return [
    ...view.identity.leftOut.map(
      ({ source, count }) =>
        `${entries(count)} from ${source.name} left out: not certain to be about this person.`,
    ),
    ...view.unreadable.map(
      ({ source, count }) => `${entries(count)} from ${source.name} could not be read and cannot be shown.`,
    ),
  ];
}

function ageNotices({ view, now }: RecordPage, face: Face): readonly string[] {
  const notices: string[] = [];
  if (view.isLocatorOld && view.locatorAsAt !== undefined) {
    notices.push(
      `The list of who holds a part of this record is from ${momentWords(view.locatorAsAt, now, face)}, ` +
        'so every organisation was asked.',
    );
  }
  if (view.directoryExpired) {
    notices.push(
      'The directory of organisations is out of date and is used all the same. ' +
        'An organisation that joined lately may be missing.',
    );
  }
  return notices;
}
