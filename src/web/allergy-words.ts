/** The four headings that allergies can stand under, and no other; with the shape beside each. Reference: ux 1.5. */
import type { AllergyHeading } from './record/allergy-view.ts';

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
