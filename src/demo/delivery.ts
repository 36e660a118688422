/**
 * What made-up source systems send to their organisations' nodes, and to whom it belongs: the shapes between
 * people/ and the supervisor.
 */
import type { PersonToTry } from '../base/demo-control.ts';

/** One thing that a source system sends. */
export type Delivery =
  /** A transaction Bundle for `POST /fhir`, as JSON; sending it again changes nothing. */
  | { readonly kind: 'fhir'; readonly ods: string; readonly bundle: string }
  /** An HL7 v2 message for MLLP, segments ended by CR. Those of one organisation are sent in their order. */
  | { readonly kind: 'v2'; readonly ods: string; readonly message: string };

/** One person's deliveries, in the order in which their life happened at each organisation. */
export interface MadePerson {
  /** Left out for records that no verified number belongs to. */
  readonly person?: PersonToTry;
  readonly deliveries: readonly Delivery[];
}
