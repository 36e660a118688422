/**
 * From one Patient record to all records of the same person at this node. Two records that nobody has joined join
 * nothing: then the record asked for stands alone.
 */
import type { Id } from '../base/brands.ts';
import type { ResourceOf } from '../fhir/resource.ts';
import { verifiedNhsNumbers } from '../identity/patient-identity.ts';
import type { RecordSession } from '../records/session.ts';
import type { PersonFinder } from './fhir-call.ts';

/** Ids of the Patient records that are this person, the one asked for among them. Throws Failure as a read does. */
export async function patientsJoinedWith(
  session: RecordSession,
  persons: PersonFinder,
  id: Id,
): Promise<readonly Id[]> {
  const stored = await session.read('Patient', id);
  const patient = JSON.parse(stored.bytes.toString('utf8')) as ResourceOf<'Patient'>;
  for (const nhsNumber of verifiedNhsNumbers(patient)) {
    const match = await persons.locate(nhsNumber);
    if (match.kind === 'one' && match.patients.includes(id)) return match.patients;
  }
  return [id];
}
