/**
 * Merging two Patient records of one person (HL7 v2 A40), and taking the merge apart again. A merge only
 * links: the retired record keeps its own content, and nothing that refers to it is rewritten, so that the
 * way back is exact. R4 Patient.link; HL7 v2.5.1 §3.3.40.
 */
import type { PatientLink } from 'fhir/r4.d.ts';
import type { Id, VersionId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { WriteOp } from '../store/store.ts';
import type { Patient } from './patient-identity.ts';

export type IdentifiedPatient = Patient & { id: Id };

/** On a link that a merge made: what Patient.active was before, `true`, `false` or `unstated`. */
export const ACTIVE_BEFORE_MERGE = 'https://openward.org/Extension/active-before-merge';

/**
 * Ops that retire `retired` in favour of `survivor`: each carries If-Match where its version is known, so
 * that a change in between makes the whole commit fail. Empty where they are merged already. Throws Failure
 * `conflict` where the two are one record, the retired one has been merged into another, or the survivor is
 * itself retired.
 */
export function mergeOps(survivor: IdentifiedPatient, retired: IdentifiedPatient): readonly WriteOp[] {
  if (survivor.id === retired.id) {
    throw new Failure('conflict', 'A record cannot be merged into itself.');
  }
  if (linksOf(survivor, 'replaced-by').length > 0) {
    throw new Failure(
      'conflict',
      'The record to keep has itself been merged into another. Merge into that one.',
    );
  }
  const before = linksOf(retired, 'replaced-by');
  if (before.some((link) => !pointsAt(link, survivor.id))) {
    throw new Failure(
      'conflict',
      'The record to retire has been merged into another. Take that merge apart first.',
    );
  }
  const ops: WriteOp[] = [];
  if (before.length === 0 || retired.active !== false) {
    ops.push(put({ ...retired, active: false, link: withReplacedBy(retired, survivor.id) }));
  }
  if (!linksOf(survivor, 'replaces').some((link) => pointsAt(link, retired.id))) {
    const link: PatientLink = { other: { reference: `Patient/${retired.id}` }, type: 'replaces' };
    ops.push(put({ ...survivor, link: [...(survivor.link ?? []), link] }));
  }
  return ops;
}

/**
 * Ops that undo the merge of `retired` into `survivor`: the links go, and the retired record is as active as
 * it was before (active, where the merge did not say). Throws Failure `conflict` where the two are not
 * merged.
 */
export function unmergeOps(survivor: IdentifiedPatient, retired: IdentifiedPatient): readonly WriteOp[] {
  const away = linksOf(retired, 'replaced-by').find((link) => pointsAt(link, survivor.id));
  const back = linksOf(survivor, 'replaces').find((link) => pointsAt(link, retired.id));
  if (away === undefined && back === undefined) {
    throw new Failure('conflict', 'These two records are not merged.');
  }
  const ops: WriteOp[] = [];
  if (away !== undefined) {
    ops.push(put(withActive(withoutLink(retired, away), activeBefore(away))));
  }
  if (back !== undefined) ops.push(put(withoutLink(survivor, back)));
  return ops;
}

type ActiveBefore = 'true' | 'false' | 'unstated';

function withReplacedBy(retired: IdentifiedPatient, survivor: Id): PatientLink[] {
  const others = (retired.link ?? []).filter(
    (link) => link.type !== 'replaced-by' || !pointsAt(link, survivor),
  );
  const valueCode: ActiveBefore =
    retired.active === undefined ? 'unstated' : retired.active ? 'true' : 'false';
  return [
    ...others,
    {
      extension: [{ url: ACTIVE_BEFORE_MERGE, valueCode }],
      other: { reference: `Patient/${survivor}` },
      type: 'replaced-by',
    },
  ];
}

function activeBefore(link: PatientLink): ActiveBefore {
  const code = link.extension?.find((one) => one.url === ACTIVE_BEFORE_MERGE)?.valueCode;
  return code === 'false' || code === 'unstated' ? code : 'true';
}

function withActive(patient: IdentifiedPatient, active: ActiveBefore): IdentifiedPatient {
  if (active !== 'unstated') return { ...patient, active: active === 'true' };
  const { active: _, ...rest } = patient;
  return rest;
}

function withoutLink(patient: IdentifiedPatient, gone: PatientLink): IdentifiedPatient {
  const { link, ...rest } = patient;
  const left = (link ?? []).filter((one) => one !== gone);
  return left.length === 0 ? rest : { ...rest, link: left };
}

function linksOf(patient: Patient, type: PatientLink['type']): readonly PatientLink[] {
  return (patient.link ?? []).filter((link) => link.type === type);
}

function pointsAt(link: PatientLink, id: Id): boolean {
  const reference = link.other.reference ?? '';
  return reference === `Patient/${id}` || reference.startsWith(`Patient/${id}/_history/`);
}

function put(resource: IdentifiedPatient): WriteOp {
  const version = resource.meta?.versionId;
  return { op: 'put', resource, ...(version === undefined ? {} : { ifMatch: version as VersionId }) };
}
