/**
 * How a list of allergies begins in both faces: under exactly one of four headings, with its shape, and with
 * everybody because of whom the list is not the whole. Reference: ux 1.5.
 */
import type { JSX } from 'preact';
import { ALLERGY_HEADINGS, allergyIcon, missingAllergies } from '../allergy-words.ts';
import type { Moment } from '../moment.ts';
import type { Face } from '../open-persons.ts';
import type { AllergyHeading, AllergyView } from '../record/allergy-view.ts';
import { StateIcon } from './state-icon.tsx';

export function AllergiesHeading({ heading }: { readonly heading: AllergyHeading }): JSX.Element {
  return (
    <h2 class="ow-panel__heading" id="allergies">
      <StateIcon state={allergyIcon(heading)} />
      {ALLERGY_HEADINGS[heading]}
    </h2>
  );
}

export function AllergiesMissing({
  missing,
  now,
  face,
}: {
  readonly missing: AllergyView['missing'];
  readonly now: Moment;
  readonly face: Face;
}): JSX.Element | null {
  if (missing.length === 0) return null;
  return (
    <ul class="ow-allergies__missing">
      {missing.map(({ source, why }) => (
        <li key={source.ods}>
          {source.name} {missingAllergies(source, why, now, face)}.
        </li>
      ))}
    </ul>
  );
}
