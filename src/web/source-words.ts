/**
 * What is said of a source, in both dialects: a word for its state, and a sentence on what is missing and
 * since when. The one rule: data that is not live never reads as if it were. Reference: ux section 2,
 * "Continuity banner".
 */
import type { RefusalRule, SourceStatus } from '../network/shared-record.ts';
import { clinicianDateTime, clinicianTime } from './clinician-format.ts';
import { type Moment, sameDay } from './moment.ts';
import type { Face } from './open-persons.ts';
import { patientDateTime, patientTime } from './patient-format.ts';
import type { SourceView } from './record/source-view.ts';
import { typesList } from './record-words.ts';

const STATES: Readonly<Record<Face, Readonly<Record<SourceStatus, string>>>> = {
  clinician: {
    live: 'Live',
    behind: 'Behind',
    copy: 'Copy',
    unavailable: 'Unavailable',
    refused: 'Not shared',
  },
  patient: {
    live: 'Up to date',
    behind: 'News is late',
    copy: 'Saved copy',
    unavailable: 'Not available now',
    refused: 'Not shared',
  },
};

/** One or a few words for the state. */
export function stateWords(status: SourceStatus, face: Face): string {
  return STATES[face][status];
}

/** A moment as this face writes it; without the date where it is today. */
export function momentWords(moment: Moment, now: Moment, face: Face): string {
  const isToday = moment.precision === 'minute' && sameDay(moment, now);
  if (face === 'clinician') return isToday ? clinicianTime(moment) : clinicianDateTime(moment);
  return isToday ? `${patientTime(moment)} today` : patientDateTime(moment);
}

/** `as at 14:02`; never left blank. */
export function asAtWords(asAt: Moment | undefined, now: Moment, face: Face): string {
  if (asAt === undefined) return 'age not known';
  return `as at ${momentWords(asAt, now, face)}`;
}

/** What is missing because of this source, and since when; for a live source, up to when it is complete. */
export function sourceSentence(source: SourceView, now: Moment, face: Face): string {
  const asAt = source.asAt === undefined ? undefined : momentWords(source.asAt, now, face);
  switch (source.status) {
    case 'live':
      return asAt === undefined ? 'Answered now.' : `Answered now. Complete up to ${asAt}.`;
    case 'behind':
      return `Answered now, but ${lateWords(source, now, face)}`;
    case 'copy':
      return asAt === undefined
        ? `We could not get this from ${source.name}. What you see is its last copy; its age is not known.`
        : `We could not get this from ${source.name}. Last copy ${asAt}. Anything newer is missing.`;
    case 'unavailable':
      return asAt === undefined
        ? `We could not get this from ${source.name}, and there is no copy. Everything it holds is missing.`
        : `We could not get this from ${source.name}, and no copy may be opened. ` +
            `Everything it holds is missing; it was last known to be complete up to ${asAt}.`;
    case 'refused':
      return REFUSALS[face][source.rule ?? 'role'];
  }
}

function lateWords(source: SourceView, now: Moment, face: Face): string {
  if (source.behind.length === 0) return 'news is late. What is newer may be missing.';
  const kinds = typesList(source.behind.map((one) => one.kind));
  const [oldest] = source.behind.map((one) => one.since).sort((a, b) => (a?.order ?? 0) - (b?.order ?? 0));
  return oldest === undefined
    ? `news is late: ${kinds} have never come.`
    : `news is late: ${kinds} since ${momentWords(oldest, now, face)} may be missing.`;
}

const REFUSALS: Readonly<Record<Face, Readonly<Record<RefusalRule, string>>>> = {
  clinician: {
    consent: 'The person has said no to sharing this service’s record. Nothing from it is shown.',
    role: 'This service does not show its record to your role. Nothing from it is shown.',
    label: 'This service’s record is restricted beyond your role. Nothing from it is shown.',
    identity:
      'The NHS number has not been verified there, so its record is not joined. Nothing from it is shown.',
    quarantine: 'This service’s answers are being checked, so nothing from it is shown.',
  },
  patient: {
    consent: 'You asked this service not to share its record, so nothing from it is shown here.',
    role: 'This service does not show its record here. You can ask the service for it.',
    label: 'This service keeps its record restricted. You can ask the service for it.',
    identity:
      'This service has not confirmed your NHS number yet, so its record cannot be shown here. ' +
      'You can ask it to check your details.',
    quarantine: 'What this service sends is being checked, so nothing from it is shown here.',
  },
};

/** Whether the sentence says whose it is. */
export function sentenceNames(source: SourceView): boolean {
  return source.status === 'copy' || source.status === 'unavailable';
}

/** Whether asking again could bring more. */
export function isWorthTrying(source: SourceView): boolean {
  return source.status === 'unavailable' || source.status === 'copy' || source.status === 'behind';
}

/** Said on every page of a record, whatever it holds: nothing follows from a service's absence. */
export const NEVER_SHOWN = 'Some services are never shown here.';
