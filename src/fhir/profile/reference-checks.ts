/**
 * References: that they lead where the element allows, and that what is here meets the profile it must.
 * http://hl7.org/fhir/R4/references.html
 */
import { isResourceType } from '../definitions.ts';
import { isObject } from '../json-access.ts';
import { typeShownBy } from '../references.ts';
import type { ElementType } from './definition-source.ts';
import type { Focus, ProfileRun, Scope } from './profile-run.ts';
import type { ProfileNode } from './profile-tree.ts';
import { type ResolvedTarget, resolveReference } from './resolve-reference.ts';
import { BASE, labelOf } from './type-insides.ts';

/** Whether a resource meets a profile, without reporting. */
export type MeetsProfile = (target: ResolvedTarget, profile: string) => boolean;

/** Holds a Reference to the targets of its element. */
export function checkReference(run: ProfileRun, focus: Focus, node: ProfileNode, meets: MeetsProfile): void {
  const { item, scope } = focus;
  if (!isObject(item.value)) return;
  const { reference, type: said } = item.value;
  if (typeof reference === 'string') checkWritten(run, focus, reference);
  const target = typeof reference === 'string' ? resolveReference(run, scope, reference) : undefined;
  if (typeof reference === 'string' && target === undefined) checkMissing(run, focus, scope, reference);
  const type = typeOf(target, reference);
  if (type !== undefined && typeof said === 'string' && said !== type && isResourceType(said)) {
    run.error('value', item.path, `The reference leads to ${type}, but its "type" says otherwise.`);
  }
  const found = type ?? (typeof said === 'string' && isResourceType(said) ? said : undefined);
  const wanted = node.types.filter((one) => one.code === item.type);
  const profiles = wanted.flatMap((one) => one.targetProfile ?? []);
  if (found !== undefined && profiles.length > 0) checkType(run, focus, node, found, profiles);
  if (target !== undefined) {
    checkProfile(run, focus, node, target, profiles, meets);
    checkAggregation(run, focus, node, target, wanted);
  }
}

/** A reference that cannot be one; where only RESTful ones are expected, also one to a type that is none. */
function checkWritten(run: ProfileRun, { item }: Focus, reference: string): void {
  if (/\s/.test(reference)) {
    run.error('value', item.path, 'A reference is a URL: it has no white space.');
    return;
  }
  if (run.options.restReferences !== true) return;
  const named = /^https?:\/\/.*\/([A-Z][A-Za-z]*)\/[A-Za-z0-9.-]{1,64}$/.exec(reference)?.[1];
  if (named !== undefined && !isResourceType(named)) {
    run.error('value', item.path, 'The reference leads to a type of resource that is not one of R4.');
  }
}

function typeOf(target: ResolvedTarget | undefined, reference: unknown): string | undefined {
  if (target !== undefined) return String(target.resource.resourceType);
  return typeof reference === 'string' ? typeShownBy(reference) : undefined;
}

function checkMissing(run: ProfileRun, { item }: Focus, scope: Scope, reference: string): void {
  if (reference.startsWith('#')) return; // ref-1 says so
  const bundle = scope.bundles.at(-1)?.bundle;
  if (bundle === undefined) return;
  const closed = bundle.type === 'document' || bundle.type === 'message';
  if (/^urn:(?:uuid|oid):/.test(reference) && bundle.type !== 'searchset' && bundle.type !== 'history') {
    run.error('not-found', item.path, 'The Bundle has no entry with this fullUrl.');
  } else if (closed && !/^[a-z][a-z0-9+.-]*:/i.test(reference)) {
    run.warn('not-found', item.path, 'The Bundle has no entry that this reference leads to.');
  }
}

function checkType(
  run: ProfileRun,
  { item }: Focus,
  node: ProfileNode,
  type: string,
  profiles: readonly string[],
): void {
  const types = profiles.map((profile) => run.source.structure(profile)?.type);
  // a profile that nobody knows may be of any type
  if (types.includes(undefined) || types.includes('Resource') || types.includes(type)) return;
  const text = `This may refer to ${[...new Set(types)].join(', ')}, not to ${type}.`;
  run.error('value', item.path, text, labelOf(node.structure));
}

function checkProfile(
  run: ProfileRun,
  { item }: Focus,
  node: ProfileNode,
  target: ResolvedTarget,
  profiles: readonly string[],
  meets: MeetsProfile,
): void {
  const type = String(target.resource.resourceType);
  const own = profiles.filter((profile) => {
    const known = run.source.structure(profile)?.type;
    return known === undefined || known === type;
  });
  const known = own.filter((profile) => run.source.structure(profile) !== undefined);
  const narrow = own.filter((profile) => profile !== BASE + type && profile !== `${BASE}Resource`);
  if (own.length === 0 || narrow.length < own.length) return;
  if (known.length < own.length) {
    run.note(item.path, 'A profile that the target may meet is not loaded, so it has not been checked.');
    return;
  }
  if (known.some((profile) => meets(target, profile))) return;
  const text = `What this refers to meets none of: ${known.join(', ')}.`;
  run.error('value', item.path, text, labelOf(node.structure));
}

function checkAggregation(
  run: ProfileRun,
  { item }: Focus,
  node: ProfileNode,
  target: ResolvedTarget,
  types: readonly ElementType[],
): void {
  const modes = types.flatMap((one) => one.aggregation ?? []);
  if (modes.length === 0) return;
  const how = target.how === 'elsewhere' ? 'referenced' : target.how;
  if (modes.includes(how) || (how === 'bundled' && modes.includes('referenced'))) return;
  run.error(
    'value',
    item.path,
    `The target must be ${modes.join(' or ')}, not ${how}.`,
    labelOf(node.structure),
  );
}
