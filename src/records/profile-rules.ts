/**
 * What an organisation asks of resources beyond R4: profiles by type, from its configuration, and those that a resource
 * itself claims (`meta.profile`). Broken rules refuse the write, come along as warnings, or are only recorded. A node
 * without such rules has no ProfileRules and pays nothing. http://hl7.org/fhir/R4/profiling.html#mixing
 */
import { type Clock, isoInstant } from '../base/clock.ts';
import { Failure, type Issue } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { ProfileMode, ProfilesConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import { isResourceType } from '../fhir/definitions.ts';
import { isObject, type JsonObject } from '../fhir/json-access.ts';
import { inPlace } from './given-resource.ts';

/** What checks a resource against profiles; those that it claims itself are among them. */
export type ProfileCheck = (resource: JsonObject, profiles: readonly string[]) => readonly Issue[];

export interface ProfileRulesParts {
  readonly config: ProfilesConfig;
  readonly check: ProfileCheck;
  readonly settings: Pick<Settings, 'profileFindingsMax'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** One kind of breach: what was wrong, where, how often. Nothing of a person is in it. */
export interface ProfileFinding {
  readonly type: string;
  readonly mode: Exclude<ProfileMode, 'off'>;
  readonly code: string;
  /** Without positions: `Patient.name.family`. */
  readonly expression: string;
  readonly text: string;
  readonly count: number;
  /** ISO instants. */
  readonly first: string;
  readonly last: string;
}

/** How many resources broke a rule since the node was started. */
export type ProfileCounts = Readonly<Record<Exclude<ProfileMode, 'off'>, number>>;

const STRICTNESS: Readonly<Record<ProfileMode, number>> = { off: 0, record: 1, warn: 2, refuse: 3 };
/** Issues of one resource that are remembered and told. */
const ISSUES_TOLD = 50;

export class ProfileRules {
  readonly #parts: ProfileRulesParts;
  readonly #byType: ReadonlyMap<string, { readonly profiles: readonly string[]; readonly mode: ProfileMode }>;
  readonly #declared: ProfileMode;
  readonly #findings = new Map<string, ProfileFinding>();
  readonly #counts = { refuse: 0, warn: 0, record: 0 };

  /** Throws Failure `value` where the configuration names a type that R4 has not. */
  constructor(parts: ProfileRulesParts) {
    this.#parts = parts;
    const { types = {}, declared = 'off' } = parts.config;
    for (const type of Object.keys(types)) {
      if (!isResourceType(type)) {
        throw new Failure(
          'value',
          `"profiles.types.${type}" in the configuration: there is no such type in R4.`,
        );
      }
    }
    this.#byType = new Map(Object.entries(types));
    this.#declared = declared;
  }

  /**
   * Holds a valid resource to what is asked of its type. Returns what is to be told as warnings. Throws Failure (422)
   * with all errors where it is refused, placed at `place` instead of the type: `Bundle.entry[2].resource`.
   */
  hold(resource: unknown, place?: string): readonly Issue[] {
    if (!isObject(resource)) return [];
    const rule = this.#byType.get(String(resource.resourceType));
    const claimed = this.#declared === 'off' ? undefined : claimedBy(resource);
    if (rule === undefined && claimed === undefined) return [];
    const told: Issue[] = [];
    const declared = claimed === undefined ? 'off' : this.#declared;
    if (rule === undefined || rule.mode === 'off') {
      told.push(...this.#judge(resource, [], declared, place));
    } else if (declared === 'off' || STRICTNESS[declared] === STRICTNESS[rule.mode]) {
      const held = declared === 'off' ? withoutClaims(resource) : resource;
      told.push(...this.#judge(held, rule.profiles, rule.mode, place));
    } else {
      told.push(...this.#judge(withoutClaims(resource), rule.profiles, rule.mode, place));
      told.push(...this.#judge(resource, [], declared, place));
    }
    return told;
  }

  /** Profiles that all resources of the type are held to. */
  profilesOf(type: string): readonly string[] {
    const rule = this.#byType.get(type);
    return rule === undefined || rule.mode === 'off' ? [] : rule.profiles;
  }

  /** What was found, the latest first. */
  findings(): readonly ProfileFinding[] {
    return [...this.#findings.values()].reverse();
  }

  counts(): ProfileCounts {
    return { ...this.#counts };
  }

  #judge(
    resource: JsonObject,
    profiles: readonly string[],
    mode: ProfileMode,
    place: string | undefined,
  ): readonly Issue[] {
    if (mode === 'off') return [];
    const issues = this.#parts.check(resource, profiles).slice(0, ISSUES_TOLD);
    const errors = issues.filter(isError);
    if (errors.length > 0) this.#counts[mode]++;
    for (const issue of errors) this.#find(String(resource.resourceType), mode, issue);
    const placed = (issue: Issue): Issue => (place === undefined ? issue : inPlace(issue, place));
    const [first] = errors;
    if (mode === 'refuse' && first !== undefined) {
      throw new Failure(first.code, first.text, { issues: errors.map(placed), status: 422 });
    }
    if (mode === 'record') return [];
    // it was taken: what is wrong with it is a warning
    return issues.map((issue) => placed(isError(issue) ? { ...issue, severity: 'warning' } : issue));
  }

  #find(type: string, mode: Exclude<ProfileMode, 'off'>, { code, text, expression = '' }: Issue): void {
    const where = expression.replace(/\[\d+\]/g, '');
    const key = `${mode} ${code} ${where} ${text}`;
    const known = this.#findings.get(key);
    const last = isoInstant(this.#parts.clock.now());
    const finding = { type, mode, code, expression: where, text, count: 1, first: last, last };
    this.#findings.delete(key);
    this.#findings.set(key, known === undefined ? finding : { ...known, count: known.count + 1, last });
    if (known !== undefined) return;
    this.#parts.log.info({ type, mode, code, expression: where }, 'a profile was broken in a new way');
    if (this.#findings.size <= this.#parts.settings.profileFindingsMax) return;
    const [oldest] = this.#findings.keys();
    if (oldest !== undefined) this.#findings.delete(oldest);
  }
}

function isError({ severity }: Issue): boolean {
  return severity === 'error' || severity === 'fatal';
}

function claimedBy({ meta }: JsonObject): readonly unknown[] | undefined {
  const profiles = isObject(meta) ? meta.profile : undefined;
  return Array.isArray(profiles) && profiles.length > 0 ? profiles : undefined;
}

/** What it claims is judged by a rule of its own, or by none. */
function withoutClaims(resource: JsonObject): JsonObject {
  if (claimedBy(resource) === undefined || !isObject(resource.meta)) return resource;
  const { profile: _, ...meta } = resource.meta;
  const { meta: __, ...rest } = resource;
  return Object.keys(meta).length === 0 ? rest : { ...rest, meta };
}
