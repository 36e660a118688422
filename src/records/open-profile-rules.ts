/**
 * The rules of an organisation, ready to be applied: opened once, when the node starts, so that a write waits for no
 * file. A profile that no package has keeps nobody from writing: the log says so at the start, and whoever writes is
 * warned each time.
 */
import type { Issue } from '../base/failure.ts';
import type { NodeConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import type { PackageDefinitions } from '../fhir/package-definitions.ts';
import { validateProfiles } from '../fhir/profile-validator.ts';
import { ProfileRules, type ProfileRulesParts } from './profile-rules.ts';

export interface OpenRulesParts extends Omit<ProfileRulesParts, 'config' | 'check' | 'settings'> {
  readonly config: Pick<NodeConfig, 'profiles'>;
  readonly settings: Settings;
  /** R4 and the packages of this node; opened only where there are rules. */
  definitions(): Promise<PackageDefinitions>;
}

/** Undefined where the configuration asks for nothing beyond R4. Throws Failure `value` as ProfileRules does. */
export async function openProfileRules(parts: OpenRulesParts): Promise<ProfileRules | undefined> {
  const { config, settings, clock, log } = parts;
  if (config.profiles === undefined || !asksForAnything(config.profiles)) return undefined;
  const source = await parts.definitions();
  const limits = { ...settings, profileElementsMax: doorElementsMax(settings) };
  const rules = new ProfileRules({
    config: config.profiles,
    check: (resource, profiles) => namedLimit(validateProfiles(source, resource, limits, { profiles })),
    settings,
    clock,
    log,
  });
  for (const [type, { profiles }] of Object.entries(config.profiles.types ?? {})) {
    for (const profile of profiles) {
      if (source.structure(profile) !== undefined) continue;
      const reason = source.problemOf(profile) ?? 'No package that is loaded has it.';
      log.error({ type, profile, reason }, 'a profile of the configuration cannot be applied');
    }
  }
  return rules;
}

function doorElementsMax({ profileDoorElementsMax, profileElementsMax }: Settings): number {
  return Math.min(profileDoorElementsMax, profileElementsMax);
}

/** The limit that was met is the door's. */
function namedLimit(issues: readonly Issue[]): readonly Issue[] {
  return issues.map((issue) =>
    issue.code === 'too-costly'
      ? { ...issue, text: issue.text.replace('profileElementsMax', 'profileDoorElementsMax') }
      : issue,
  );
}

function asksForAnything({ declared = 'off', types = {} }: NonNullable<NodeConfig['profiles']>): boolean {
  return declared !== 'off' || Object.values(types).some(({ mode }) => mode !== 'off');
}
