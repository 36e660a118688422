/** What is said where a condition finds several resources and may find one. */
import { Failure } from '../base/failure.ts';
import type { ResourceType } from '../fhir/resource.ts';

/** Failure `multiple-matches` (412). */
export function severalMatches(type: ResourceType): Failure {
  return new Failure('multiple-matches', `The condition finds more than one ${type}. Make it narrower.`);
}
