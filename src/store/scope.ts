/**
 * What an asker may see, decided by access/ and pushed into every query by the store: never filtered
 * afterwards, because a count, a sort or a page border would tell what the rows do not.
 */
import type { Id } from '../base/brands.ts';
import type { ResourceType } from '../fhir/resource.ts';

export interface Scope {
  /** Patient ids whose compartments are open; a resource shows if it lies in one of them. */
  readonly persons: 'all' | readonly Id[];
  /**
   * Types whose resources show where they lie in no patient's compartment (Organization, Location,
   * Medication …). A list and not a switch: an Observation whose subject is only named in words lies in no
   * compartment either, and must not show to a person who may see nothing but directory entries outside
   * their own record.
   */
  readonly unattached: 'all' | readonly ResourceType[];
  /** Types that show at all; what is not in it does not show, attached or not. */
  readonly types: 'all' | readonly ResourceType[];
  /** `meta.security` codes (any system); a resource that carries one of them does not show. */
  readonly hiddenLabels: readonly string[];
}

/** For the organisation's own machinery: everything it holds. */
export const wholeScope: Scope = { persons: 'all', unattached: 'all', types: 'all', hiddenLabels: [] };
