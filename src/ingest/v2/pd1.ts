/** PD1-3 and PD1-4: the practice where a patient is registered, and the doctor. HL7 v2.5.1 §3.4.10. */
import type { Reference } from 'fhir/r4.d.ts';
import { fieldState, repetitions, type Segment } from '../v2-message.ts';
import { organisationIn, practitionerIn } from './directory.ts';
import type { Mapping } from './mapping.ts';

/** Patient.generalPractitioner after this message; each of the two fields stands for its own kind of reference. */
export function practiceAfter(
  mapping: Mapping,
  pd1: Segment | undefined,
  before: readonly Reference[] | undefined,
): Reference[] {
  const known = before ?? [];
  const practices = after(
    pd1,
    3,
    known.filter((one) => !isDoctor(one)),
    () => organisationIn(mapping, repetitions(pd1, 3)[0]),
  );
  const doctors = after(pd1, 4, known.filter(isDoctor), () =>
    practitionerIn(mapping, repetitions(pd1, 4)[0]),
  );
  return [...practices, ...doctors];
}

function isDoctor(reference: Reference): boolean {
  return reference.type === 'Practitioner' || /^Practitioner(?:Role)?\//.test(reference.reference ?? '');
}

function after(
  pd1: Segment | undefined,
  n: number,
  before: readonly Reference[],
  make: () => Reference | undefined,
): readonly Reference[] {
  const state = fieldState(pd1, n);
  if (state !== 'value') return state === 'delete' ? [] : before;
  const made = make();
  return made === undefined ? before : [made];
}
