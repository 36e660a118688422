/**
 * The face of the profile validator: a resource against R4 itself, the profiles that it claims and those that
 * are asked for, all that StructureDefinitions can say. It takes milliseconds where the structural check at the
 * door (validate.ts) takes microseconds, so it runs where it is asked for: by `$validate`, or by a setting.
 * http://hl7.org/fhir/R4/validation.html
 */
import type { Issue } from '../base/failure.ts';
import { isObject } from './json-access.ts';
import { checkResource } from './profile/check-element.ts';
import type { DefinitionSource } from './profile/definition-source.ts';
import { type ProfileLimits, type ProfileOptions, ProfileRun } from './profile/profile-run.ts';

/** As validateProfiles, by somebody beside the thread that asks; rejects with a Failure where a limit is met. */
export type ValidateBeside = (resource: unknown, profiles: readonly string[]) => Promise<readonly Issue[]>;

/** Levels beyond which nothing is walked; parseJson refuses such depth long before (jsonDepthMax). */
const NESTING_MAX = 600;

/**
 * All that is wrong with a resource, and what is worth knowing, in the order in which it was found. `error` is
 * what makes it invalid. Each issue has the FHIRPath of an element that is there (the parent of one that is
 * missing), and a text that names no value of the resource. Never throws, whatever it is given, and ends within
 * the limits, which an issue `too-costly` names where they were met.
 */
export function validateProfiles(
  source: DefinitionSource,
  resource: unknown,
  limits: ProfileLimits,
  options: ProfileOptions = {},
): readonly Issue[] {
  const run = new ProfileRun(source, options, limits);
  const type = isObject(resource) && typeof resource.resourceType === 'string' ? resource.resourceType : '';
  const path = /^[A-Z][A-Za-z]{1,40}$/.test(type) ? type : '';
  if (isDeeperThan(resource, NESTING_MAX)) {
    const text = `The resource is nested deeper than ${NESTING_MAX} levels, which none needs to be.`;
    return [{ severity: 'error', code: 'too-costly', text, ...(path === '' ? {} : { expression: path }) }];
  }
  const root = isObject(resource) ? resource : {};
  const scope = { resource: root, root, bundles: [], rootPath: path };
  checkResource(run, resource, { path, scope, name: type, parent: undefined }, options.profiles ?? []);
  return run.issues;
}

/** Without recursion: how deep it may go is what is asked. */
function isDeeperThan(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    const below: unknown[] = [];
    for (const one of level) {
      if (typeof one !== 'object' || one === null) continue;
      for (const inner of Object.values(one))
        if (typeof inner === 'object' && inner !== null) below.push(inner);
    }
    level = below;
  }
  return false;
}
