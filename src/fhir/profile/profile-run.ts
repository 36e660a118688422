/**
 * What one run of the profile validator carries: the definitions it asks, what was found, what has been done
 * already, and how much work is left before it is given up.
 */
import type { Issue, IssueType } from '../../base/failure.ts';
import type { JsonObject } from '../json-access.ts';
import type { DefinitionSource } from './definition-source.ts';

export interface ProfileOptions {
  /** Profiles to hold the resource to, beside its type and those it claims: canonicals. */
  readonly profiles?: readonly string[];
  /** What an extension that no definition is known of is; a modifier extension is always an error. */
  readonly unknownExtensions?: 'error' | 'warning' | 'information';
  /** Text that looks like HTML outside a narrative is an error. */
  readonly noMarkup?: boolean;
  /** Markup in markdown is an error. */
  readonly noMarkdownMarkup?: boolean;
  /** Addresses and URLs of examples are an error. */
  readonly noExamples?: boolean;
  /** Absolute references lead to RESTful servers, so that they show a type. */
  readonly restReferences?: boolean;
  /** Definitions marked as experimental are an error. */
  readonly noExperimental?: boolean;
  /** A resource elsewhere that a reference points at, where the caller knows it. */
  readonly resolve?: (reference: string) => JsonObject | undefined;
}

/** The settings of these names. */
export interface ProfileLimits {
  readonly profileElementsMax: number;
  readonly profileStepsMax: number;
  readonly profileIssuesMax: number;
  readonly profileDepthMax: number;
}

/** A place in a Bundle: what relative references in the entry start from. */
export interface BundleFrame {
  readonly bundle: JsonObject;
  /** Path of the Bundle. */
  readonly path: string;
  readonly fullUrl: string | undefined;
}

/** Which resource an element is in. */
export interface Scope {
  /** `%resource`: the nearest. */
  readonly resource: JsonObject;
  /** `%rootResource`: the container of a contained resource, else the same. */
  readonly root: JsonObject;
  /** The Bundles around it, the nearest last. */
  readonly bundles: readonly BundleFrame[];
  /** Path of the root resource. */
  readonly rootPath: string;
}

/** One value of an element. */
export interface Item {
  /** Undefined where a primitive has only extensions. */
  readonly value: unknown;
  /** Id and extensions of a primitive. */
  readonly companion: JsonObject | undefined;
  readonly type: string;
  readonly path: string;
}

/** An item with where it stands: what extension contexts and resolution look at. */
export interface Focus {
  readonly item: Item;
  readonly scope: Scope;
  readonly name: string;
  /** Path in the definitions (`Patient.contact.name`, `Questionnaire.item`). */
  readonly definitionPath: string;
  readonly parent: Focus | undefined;
}

/** What a finding is about, for the same found twice (by the base and by a profile) to be said once. */
interface Finding {
  readonly severity: Issue['severity'];
  readonly code: IssueType;
  readonly path: string;
  readonly text: string;
  /** The profile that asks for it; absent for R4 itself. */
  readonly profile?: string | undefined;
}

export class ProfileRun {
  readonly source: DefinitionSource;
  readonly options: ProfileOptions;
  readonly limits: ProfileLimits;
  private found: Issue[] = [];
  private said = new Set<string>();
  private errors = 0;
  private remarks = 0;
  private elements = 0;
  private depth = 0;
  private steps = 0;
  private exhausted = false;
  /** Resource → profiles it is being held to, or has been with so many errors. */
  private readonly done = new WeakMap<JsonObject, Map<string, number>>();

  constructor(source: DefinitionSource, options: ProfileOptions, limits: ProfileLimits) {
    this.source = source;
    this.options = options;
    this.limits = limits;
  }

  get issues(): readonly Issue[] {
    return this.found;
  }

  /** Whether looking further makes no sense: enough was found, or too much was done. */
  get over(): boolean {
    return this.exhausted || this.errors >= this.limits.profileIssuesMax;
  }

  get stepsLeft(): number {
    return Math.max(0, this.limits.profileStepsMax - this.steps);
  }

  spendSteps(steps: number): void {
    this.steps += steps;
  }

  report(finding: Finding): void {
    const { severity, code, path, text, profile } = finding;
    const key = `${severity} ${path} ${text}`;
    if (this.said.has(key)) return;
    this.said.add(key);
    // what is no error never keeps an error from being found
    const counted = severity === 'error' || severity === 'fatal' ? ++this.errors : ++this.remarks;
    if (counted > this.limits.profileIssuesMax) return;
    const asked = profile === undefined ? '' : ` (profile ${profile})`;
    this.found.push({
      severity,
      code,
      text: `${text}${asked}`,
      ...(path === '' ? {} : { expression: path }),
    });
  }

  error(code: IssueType, path: string, text: string, profile?: string): void {
    this.report({ severity: 'error', code, path, text, profile });
  }

  warn(code: IssueType, path: string, text: string, profile?: string): void {
    this.report({ severity: 'warning', code, path, text, profile });
  }

  note(path: string, text: string, profile?: string): void {
    this.report({ severity: 'information', code: 'informational', path, text, profile });
  }

  /** Counts an element; false where the limit is reached, which is reported once. */
  count(path: string): boolean {
    if (this.over) return false;
    if (++this.elements <= this.limits.profileElementsMax) return true;
    this.giveUp(path, 'profileElementsMax', this.limits.profileElementsMax, 'elements times profiles');
    return false;
  }

  /** Ends the run: what has been looked at so far is all that is said. */
  giveUp(path: string, setting: string, limit: number, of: string): void {
    if (this.exhausted) return;
    this.exhausted = true;
    const text = `The resource is too costly to validate: more than ${limit} ${of} (setting ${setting}).`;
    this.found.push({ severity: 'error', code: 'too-costly', text, expression: path });
    this.errors++;
  }

  /** Runs `work` one level deeper; not at all beyond the limit. */
  deeper(path: string, work: () => void): void {
    if (this.depth >= this.limits.profileDepthMax) {
      this.giveUp(
        path,
        'profileDepthMax',
        this.limits.profileDepthMax,
        'resources and profiles in one another',
      );
      return;
    }
    this.depth++;
    try {
      work();
    } finally {
      this.depth--;
    }
  }

  /**
   * Holds a resource to a profile once: the number of errors found now or before; 0 while the same is under
   * way further up, so that definitions in a circle end.
   */
  once(resource: JsonObject, profile: string, work: () => void): number {
    let known = this.done.get(resource);
    if (known === undefined) {
      known = new Map();
      this.done.set(resource, known);
    }
    const before = known.get(profile);
    if (before !== undefined) return before;
    known.set(profile, 0);
    const errors = this.errors;
    work();
    const made = this.errors - errors;
    // what was only tried must be said again where it counts
    if (this.trying === 0) known.set(profile, made);
    else known.delete(profile);
    return made;
  }

  private trying = 0;

  /** Whether `work` finds no error; nothing of what it finds is reported. */
  passes(work: () => void): boolean {
    const { found, said, errors } = this;
    this.found = [];
    this.said = new Set();
    this.errors = 0;
    this.trying++;
    try {
      work();
      return this.errors === 0;
    } finally {
      this.trying--;
      const costly = this.exhausted ? this.found.filter((one) => one.code === 'too-costly') : [];
      this.found = [...found, ...costly];
      this.said = said;
      this.errors = errors + costly.length;
    }
  }
}
