/** SPM, or OBR-15 of older messages → Specimen. HL7 v2.5.1 §7.4.3. */
import type { Identifier, Specimen } from 'fhir/r4.d.ts';
import { fieldState, part, repetitions, type Segment } from '../v2-message.ts';
import { conceptIn } from './code-systems.ts';
import { identifierSystem } from './identifiers.ts';
import { given, type Mapping, timed, timeFrom, timeIn } from './mapping.ts';

/** SPM-2: the laboratory's number for the specimen, else the requester's; undefined where there is none. */
export function specimenIdentifier(mapping: Mapping, spm: Segment): Identifier | undefined {
  const [pair] = repetitions(spm, 2);
  for (const component of [2, 1]) {
    const value = part(pair, component, 1).replace(/\s+/g, ' ');
    if (value === '') continue;
    const authority = {
      namespace: part(pair, component, 2),
      universalId: part(pair, component, 3),
      universalType: part(pair, component, 4),
    };
    return { system: identifierSystem(mapping, authority, 'Specimen'), value };
  }
  return undefined;
}

/** The Specimen of an SPM segment. */
export function specimenFromSpm(
  mapping: Mapping,
  spm: Segment,
  identifier: Identifier,
  patient: string,
): Specimen {
  const [collected] = repetitions(spm, 17);
  const start = timeFrom(mapping, part(collected, 1), 'SPM-17');
  const end = timeFrom(mapping, part(collected, 2), 'SPM-17');
  const when =
    start !== undefined && end !== undefined && end.at > start.at
      ? { collectedPeriod: { ...timed('start', start), ...timed('end', end) } }
      : timed('collectedDateTime', start);
  const collection = {
    ...when,
    ...given('method', conceptIn(mapping, repetitions(spm, 7)[0], 'SPM-7')),
    ...given('bodySite', conceptIn(mapping, repetitions(spm, 8)[0], 'SPM-8')),
  };
  const conditions = repetitions(spm, 24).map((one) => conceptIn(mapping, one, 'SPM-24'));
  return {
    resourceType: 'Specimen',
    identifier: [identifier],
    ...given('type', conceptIn(mapping, repetitions(spm, 4)[0], 'SPM-4')),
    subject: { reference: patient },
    ...timed('receivedTime', timeIn(mapping, spm, 18)),
    ...(Object.keys(collection).length === 0 ? {} : { collection }),
    ...given(
      'condition',
      conditions.filter((one) => one !== undefined),
    ),
  };
}

/** True where OBR-15 tells of a specimen. */
export function hasSpecimenSource(obr: Segment | undefined): boolean {
  return fieldState(obr, 15) === 'value';
}

/** The Specimen of OBR-15: source code, additives, free text, body site, each with sub-components. */
export function specimenFromObr(
  mapping: Mapping,
  obr: Segment,
  identifier: Identifier,
  patient: string,
): Specimen {
  const [source] = repetitions(obr, 15);
  const leaves = (component: number) =>
    conceptIn(
      mapping,
      { components: [1, 2, 3].map((n) => part(source, component, n)), delimiters: obr.delimiters },
      'OBR-15',
    );
  const bodySite = leaves(4);
  const collection = {
    ...timed('collectedDateTime', timeIn(mapping, obr, 7)),
    ...given('bodySite', bodySite),
  };
  const text = part(source, 3);
  return {
    resourceType: 'Specimen',
    identifier: [identifier],
    ...given('type', leaves(1) ?? (text === '' ? undefined : { text })),
    subject: { reference: patient },
    ...timed('receivedTime', timeIn(mapping, obr, 14)),
    ...(Object.keys(collection).length === 0 ? {} : { collection }),
  };
}
