/**
 * What an asker may see, decided by access/ and pushed into every query by the store: never filtered
 * afterwards, because a count, a sort or a page border would tell what the rows do not.
 */
import type { Id } from '../base/brands.ts';
import type { ResourceType } from '../fhir/resource.ts';

export interface Scope {
  /** Patient ids whose compartments are open; a resource shows if it lies in one of them. */
  readonly persons: 'all' | readonly Id[];
  /** Whether resources that lie in no patient's compartment (Organization, Location, Medication …) show. */
  readonly unattached: boolean;
  readonly types: 'all' | readonly ResourceType[];
  /** `meta.security` codes (any system); a resource that carries one of them does not show. */
  readonly hiddenLabels: readonly string[];
}

/** For the organisation's own machinery: everything it holds. */
export const wholeScope: Scope = { persons: 'all', unattached: true, types: 'all', hiddenLabels: [] };
