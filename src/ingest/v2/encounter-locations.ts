/**
 * Encounter.location as the history of where a patient lay: a transfer ends one stay and begins the next, cancelling
 * it takes that back, an update corrects the present one. PV1-3, PV1-6, PV1-42.
 */
import type { EncounterLocation } from 'fhir/r4.d.ts';
import { fieldState, repetitions, type Segment } from '../v2-message.ts';
import { type Place, placeIn } from './directory.ts';
import { given, type Mapping, timed, timeIn } from './mapping.ts';
import type { VisitFacts } from './pv1.ts';

const PHYSICAL_TYPE = 'http://terminology.hl7.org/CodeSystem/location-physical-type';
const PHYSICAL_NAMES = { bd: 'Bed', ro: 'Room', wa: 'Ward' } as const;

/** The locations after this event, oldest first. */
export function encounterLocations(
  mapping: Mapping,
  pv1: Segment,
  facts: VisitFacts,
  before: readonly EncounterLocation[] | undefined,
): EncounterLocation[] {
  const known = [...(before ?? [])];
  const here = placeIn(mapping, repetitions(pv1, 3)[0]);
  switch (facts.event) {
    case 'transfer':
      return transferred(mapping, pv1, known, here, facts);
    case 'cancel-transfer':
      return transferTakenBack(known, here, facts);
    case 'discharge':
      return ended(
        corrected(known, here, timeIn(mapping, pv1, 44), 'active'),
        timeIn(mapping, pv1, 45) ?? facts.at,
      );
    case 'cancel-discharge':
      return corrected(reopened(known), here, timeIn(mapping, pv1, 44), 'active');
    case 'pre-admit':
      return corrected(known, here ?? placeIn(mapping, repetitions(pv1, 42)[0]), undefined, 'planned');
    case 'mention':
      return known.length > 0 ? known : corrected(known, here, timeIn(mapping, pv1, 44), 'active');
    case 'cancel-admit':
      return known;
    case 'admit':
    case 'register':
      return corrected(known, here, timeIn(mapping, pv1, 44) ?? facts.at, 'active');
    case 'update':
      if (fieldState(pv1, 3) === 'delete') return known.filter((one) => one.status !== 'active');
      return corrected(known, here, timeIn(mapping, pv1, 44), 'active');
  }
}

type Time = ReturnType<typeof timeIn>;

function stay(
  place: Place,
  status: NonNullable<EncounterLocation['status']>,
  start: Time,
  end?: Time,
): EncounterLocation {
  const period = { ...timed('start', start), ...timed('end', end) };
  const type = place.physicalType;
  return {
    location: place.reference,
    status,
    ...(type === undefined
      ? {}
      : { physicalType: { coding: [{ system: PHYSICAL_TYPE, code: type, display: PHYSICAL_NAMES[type] }] } }),
    ...(Object.keys(period).length === 0 ? {} : { period }),
  };
}

function isAt(one: EncounterLocation | undefined, place: Place): boolean {
  const { identifier, display } = place.reference;
  if (one === undefined) return false;
  return identifier === undefined
    ? one.location.display === display
    : one.location.identifier?.value === identifier.value &&
        one.location.identifier?.system === identifier.system;
}

/** The present stay is at `place`: the one that is known with its place put right, or a new one. */
function corrected(
  known: readonly EncounterLocation[],
  place: Place | undefined,
  start: Time,
  status: 'active' | 'planned',
): EncounterLocation[] {
  if (place === undefined) return [...known];
  const index = known.findLastIndex((one) => one.status === 'active' || one.status === 'planned');
  const present = known[index];
  if (present === undefined) {
    // a stay that has ended is not begun again by a message that only names it
    if (isAt(known.at(-1), place)) return [...known];
    return [...known, stay(place, status, start)];
  }
  if (isAt(present, place) && present.status === status && present.period !== undefined) return [...known];
  const period = present.status === status ? present.period : undefined;
  const now = {
    ...stay(place, status, start),
    ...given('period', period ?? stay(place, status, start).period),
  };
  return known.with(index, now);
}

function ended(known: readonly EncounterLocation[], end: Time): EncounterLocation[] {
  return known.map((one) =>
    one.status === 'active' || one.status === 'planned'
      ? { ...one, status: 'completed', period: { ...one.period, ...timed('end', end) } }
      : one,
  );
}

/** The last stay goes on. */
function reopened(known: readonly EncounterLocation[]): EncounterLocation[] {
  const last = known.at(-1);
  if (last?.status !== 'completed') return [...known];
  const { end: _end, _end: _beside, ...period } = last.period ?? {};
  const { period: _period, ...rest } = last;
  return known.with(-1, {
    ...rest,
    status: 'active',
    ...(Object.keys(period).length === 0 ? {} : { period }),
  });
}

function transferred(
  mapping: Mapping,
  pv1: Segment,
  known: readonly EncounterLocation[],
  here: Place | undefined,
  { at }: VisitFacts,
): EncounterLocation[] {
  if (here === undefined) return [...known];
  const present = known.findLast((one) => one.status === 'active');
  if (isAt(present, here)) return [...known];
  const from = placeIn(mapping, repetitions(pv1, 6)[0]);
  const past =
    known.length === 0 && from !== undefined
      ? [stay(from, 'completed', timeIn(mapping, pv1, 44), at)]
      : ended(known, at);
  return [...past, stay(here, 'active', at)];
}

function transferTakenBack(
  known: readonly EncounterLocation[],
  here: Place | undefined,
  { at }: VisitFacts,
): EncounterLocation[] {
  const present = known.at(-1);
  if (here !== undefined && isAt(present, here) && present?.status === 'active') return [...known];
  const earlier =
    known.length > 1 && present?.status === 'active' ? reopened(known.slice(0, -1)) : [...known];
  return corrected(earlier, here, at, 'active');
}
