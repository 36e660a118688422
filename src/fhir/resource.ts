/**
 * R4 resources as TypeScript sees them. The element types come from `@types/fhir`; what is kept
 * and sent is always the JSON text itself, so these types are for code that builds or reads.
 */
import type { FhirResource } from 'fhir/r4.d.ts';
import type { Id } from '../base/brands.ts';

export type Resource = FhirResource;
export type ResourceType = FhirResource['resourceType'];
export type ResourceOf<T extends ResourceType> = Extract<FhirResource, { resourceType: T }>;
/** A resource that carries its logical id. */
export type Identified = Resource & { id: Id };

export const NHS_NUMBER_SYSTEM = 'https://fhir.nhs.uk/Id/nhs-number';
export const ODS_CODE_SYSTEM = 'https://fhir.nhs.uk/Id/ods-organization-code';
