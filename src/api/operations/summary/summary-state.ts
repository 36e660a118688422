/**
 * What can be said of a kind of information in a summary: whether the node has all of it, how old it is, and in
 * which words. Nothing is said to be whole where a feed does not cover it, is late, or the role may not see it.
 */
import type { Role } from '../../../access/actor.ts';
import { PERSONAS } from '../../../access/personas.ts';
import type { InstantMs } from '../../../base/brands.ts';
import { isoInstant } from '../../../base/clock.ts';
import type { ResourceType } from '../../../fhir/resource.ts';
import type { FhirContext } from '../../fhir-call.ts';

export type KindState =
  /** A feed covers it and is on time. */
  | { readonly kind: 'whole'; readonly asAt: string }
  /** A feed covers it and is late: something may be missing. */
  | { readonly kind: 'behind'; readonly asAt: string | undefined }
  /** Nobody has said that this node holds all of it. */
  | { readonly kind: 'not-covered' }
  /** The role does not see this kind, or not all of it. */
  | { readonly kind: 'withheld' };

/** The state of several kinds together: the worst of them. */
export function stateOf(
  types: readonly ResourceType[],
  role: Role,
  { feeds }: Pick<FhirContext, 'feeds'>,
): KindState {
  const reads = role === 'node' ? 'all' : PERSONAS[role].reads;
  if (reads !== 'all' && types.some((type) => !reads.includes(type))) return { kind: 'withheld' };
  const late = feeds
    ?.states()
    .filter((feed) => feed.late && feed.covers.some((kind) => types.includes(kind)));
  if (late !== undefined && late.length > 0) {
    const marks = late.flatMap((feed) => feed.watermark ?? []);
    // one that was never heard leaves nothing to be sure of
    const isHeard = marks.length === late.length;
    return { kind: 'behind', asAt: isHeard ? isoInstant(Math.min(...marks) as InstantMs) : undefined };
  }
  const covered = feeds?.coverage().filter((one) => types.includes(one.kind)) ?? [];
  // each kind must be covered by somebody
  if (types.some((type) => !covered.some((one) => one.kind === type))) {
    return { kind: 'not-covered' };
  }
  const asAt = Math.min(...covered.map((one) => one.asAt)) as InstantMs;
  return { kind: 'whole', asAt: isoInstant(asAt) };
}

/** One sentence for people. `what` is the section's title. */
export function stateText(what: string, state: KindState, organisation: string): string {
  switch (state.kind) {
    case 'whole':
      return `${what}: as ${organisation} knew them at ${state.asAt}.`;
    case 'behind':
      return state.asAt === undefined
        ? `${what} unavailable: what feeds ${organisation} has never been heard, so any may be missing.`
        : `${what} unavailable in full: ${organisation} is missing what is newer than ${state.asAt}.`;
    case 'not-covered':
      return `${what} unavailable in full: nobody says that ${organisation} holds all of them.`;
    case 'withheld':
      return `${what} unavailable: your role does not see them all.`;
  }
}
