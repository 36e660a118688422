/**
 * The rules of an organisation, ready to be applied: opened once, when the node starts, so that a write waits for no
 * file. A profile that no package has keeps nobody from writing: the log says so at the start, and whoever writes is
 * warned each time.
 */
import type { Issue } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { NodeConfig, ProfilesConfig } from '../base/node-config.ts';
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
  const limits = doorLimits(settings);
  return new ProfileRules({
    config: { ...config.profiles, types: applicable(config.profiles, source, log) },
    check: (resource, profiles) => namedLimit(validateProfiles(source, resource, limits, { profiles })),
    settings,
    clock,
    log,
  });
}

type TypeRules = NonNullable<ProfilesConfig['types']>;

/**
 * The rules without profiles of another type, which everything would break. One that is not known stays: whoever
 * writes is told that it was not looked at.
 */
function applicable({ types = {} }: ProfilesConfig, source: PackageDefinitions, log: Log): TypeRules {
  const applied = Object.entries(types).map(([type, rule]) => {
    const profiles = rule.profiles.filter((profile) => {
      const structure = source.structure(profile);
      if (structure?.type === type) return true;
      const reason =
        structure === undefined
          ? (source.problemOf(profile) ?? 'No package that is loaded has it.')
          : `It is a profile of ${structure.type}.`;
      log.error({ type, profile, reason }, 'a profile of the configuration cannot be applied');
      return structure === undefined;
    });
    return [type, { ...rule, profiles }] as const;
  });
  return Object.fromEntries(applied);
}

/** Where others wait, less is looked at than where somebody asks for nothing else. */
function doorLimits(settings: Settings): Settings {
  const { profileElementsMax, profileDoorElementsMax, profileStepsMax, profileDoorStepsMax } = settings;
  return {
    ...settings,
    profileElementsMax: Math.min(profileElementsMax, profileDoorElementsMax),
    profileStepsMax: Math.min(profileStepsMax, profileDoorStepsMax),
  };
}

/** The limit that was met is the door's. */
function namedLimit(issues: readonly Issue[]): readonly Issue[] {
  return issues.map((issue) =>
    issue.code === 'too-costly'
      ? { ...issue, text: issue.text.replace(/\bprofile(Elements|Steps)Max\b/, 'profileDoor$1Max') }
      : issue,
  );
}

function asksForAnything({ declared = 'off', types = {} }: NonNullable<NodeConfig['profiles']>): boolean {
  return declared !== 'off' || Object.values(types).some(({ mode }) => mode !== 'off');
}
