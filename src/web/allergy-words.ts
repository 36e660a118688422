/**
 * The four headings that allergies can stand under, and no other; with the shape beside each. Reference: ux
 * 1.5.
 */
import type { Moment } from './moment.ts';
import type { Face } from './open-persons.ts';
import type { AllergyHeading, AllergyView } from './record/allergy-view.ts';
import type { SourceView } from './record/source-view.ts';
import { momentWords } from './source-words.ts';

export const ALLERGY_HEADINGS: Readonly<Record<AllergyHeading, string>> = {
  known: 'Known allergies',
  'none-known': 'No known allergies',
  'not-recorded': 'Allergies not recorded',
  unavailable: 'Allergies unavailable',
};

const ICONS = {
  known: 'stop',
  'none-known': 'live',
  'not-recorded': 'info',
  unavailable: 'warning',
} as const;

/** The shape beside the heading. */
export function allergyIcon(heading: AllergyHeading): (typeof ICONS)[AllergyHeading] {
  return ICONS[heading];
}

/** Why nothing whole can be said because of this source: goes on from its name. */
export function missingAllergies(
  source: SourceView,
  why: AllergyView['missing'][number]['why'],
  now: Moment,
  face: Face,
): string {
  if (why === 'not-covered') return 'does not say whether it holds allergies';
  if (why === 'behind') {
    const since = source.behind.find((one) => one.kind === 'AllergyIntolerance')?.since;
    return since === undefined
      ? 'has no news of allergies yet'
      : `has had no news of allergies since ${momentWords(since, now, face)}`;
  }
  switch (source.status) {
    case 'copy':
      return source.asAt === undefined
        ? 'is a copy whose age is not known'
        : `is a copy as at ${momentWords(source.asAt, now, face)}, and anything newer is missing`;
    case 'refused':
      return 'does not share its record here';
    default:
      return 'could not be reached';
  }
}
