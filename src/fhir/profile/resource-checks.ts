/**
 * Rules that some types of resource have beside their definitions: what the specification says in prose.
 */
import type { JsonObject } from '../json-access.ts';
import { checkBundle } from './bundle-checks.ts';
import type { ProfileRun, Scope } from './profile-run.ts';

/** Holds a resource to the rules of its type. */
export function checkOfType(
  run: ProfileRun,
  resource: JsonObject,
  place: { readonly path: string; readonly scope: Scope },
): void {
  RULES[String(resource.resourceType)]?.(run, resource, place.path, place.scope);
}

type Rule = (run: ProfileRun, resource: JsonObject, path: string, scope: Scope) => void;

const RULES: Readonly<Record<string, Rule>> = {
  Bundle: checkBundle,
};
