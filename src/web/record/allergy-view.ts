/**
 * Allergies, under exactly one of four headings. "No known allergies" is said only where somebody recorded
 * exactly that and every source that should know answered in full; anything missing makes it "Allergies
 * unavailable", whatever is listed. Reference: ux 1.5; design invariant 3.
 */
import type { AllergyIntolerance } from 'fhir/r4.d.ts';
import type { Moment } from '../moment.ts';
import { newestFirst } from '../moment.ts';
import { groupsOf, identifierKeys } from './business-keys.ts';
import { type Entry, isOf } from './entry.ts';
import { conceptText, conceptTexts, hasCode } from './resource-text.ts';
import { obstacle, type SourceView } from './source-view.ts';

export type AllergyHeading = 'known' | 'none-known' | 'not-recorded' | 'unavailable';

export interface AllergyLine {
  readonly entry: Entry<AllergyIntolerance>;
  /** The same allergy, told by others under the same identifier. */
  readonly same: readonly Entry<AllergyIntolerance>[];
  readonly title: string;
  readonly reactions: readonly string[];
  readonly severity: string | undefined;
  readonly critical: boolean;
  /** `confirmed`, `unconfirmed` … as recorded. */
  readonly verification: string | undefined;
  readonly recorded: Moment | undefined;
}

export interface AllergyView {
  readonly heading: AllergyHeading;
  readonly known: readonly AllergyLine[];
  /** Resolved or inactive, or refuted: shown apart. */
  readonly past: readonly AllergyLine[];
  /** Statements such as "No known allergy" or "No known drug allergy". */
  readonly negations: readonly AllergyLine[];
  /** Sources that stand in the way of saying anything whole. */
  readonly missing: readonly {
    readonly source: SourceView;
    readonly why: 'failed' | 'behind' | 'not-covered';
  }[];
  /** When the newest of what is listed was recorded. */
  readonly updated: Moment | undefined;
}

const SNOMED = ['http://snomed.info/sct'];
/** "No known allergy", and its retired form: said of all allergies. */
const NO_KNOWN_ALLERGY = ['716186003', '160244002'];
/** Said of drugs, food, insects, latex, the environment only; nothing follows for the rest. */
const NO_KNOWN_PART = ['409137002', '429625007', '428197003', '1003774007', '428607008'];

/** The view of all allergies among `entries`, given every source of the record. */
export function allergyView(entries: readonly Entry[], sources: readonly SourceView[]): AllergyView {
  const recorded = entries
    .filter((entry) => isOf(entry, 'AllergyIntolerance'))
    .sort((a, b) => newestFirst(a.when, b.when));
  const lines = groupsOf(recorded, (entry) => identifierKeys(entry.resource.identifier)).flatMap(linesOf);
  const negations = lines.filter((line) => isNegation(line.entry.resource) && isCurrent(line.entry.resource));
  const substances = lines.filter((line) => !isNegation(line.entry.resource));
  const known = substances.filter((line) => isCurrent(line.entry.resource));
  const past = lines.filter((line) => !known.includes(line) && !negations.includes(line));
  const missing = sources.flatMap((source) => {
    const why = obstacle(source, 'AllergyIntolerance');
    return why === undefined ? [] : [{ source, why }];
  });
  return {
    heading: headingOf(known, negations, sources.length === 0 || missing.length > 0),
    known: known.sort(criticalFirst),
    past,
    negations,
    missing,
    updated: [...known, ...negations].map((line) => line.recorded).sort(newestFirst)[0],
  };
}

function headingOf(
  known: readonly AllergyLine[],
  negations: readonly AllergyLine[],
  partial: boolean,
): AllergyHeading {
  if (partial) return 'unavailable';
  if (known.length > 0) return 'known';
  const ofAll = negations.some((line) => hasCode(line.entry.resource.code, SNOMED, NO_KNOWN_ALLERGY));
  return ofAll ? 'none-known' : 'not-recorded';
}

/** One line for a group that agrees; a line each where those under one identifier do not say the same. */
function linesOf(
  group: readonly [Entry<AllergyIntolerance>, ...Entry<AllergyIntolerance>[]],
): readonly AllergyLine[] {
  const [first, ...rest] = group;
  const agree = rest.every(
    (other) =>
      conceptText(other.resource.code) === conceptText(first.resource.code) &&
      isCurrent(other.resource) === isCurrent(first.resource),
  );
  return agree ? [lineOf(first, rest)] : group.map((entry) => lineOf(entry, []));
}

function lineOf(entry: Entry<AllergyIntolerance>, same: readonly Entry<AllergyIntolerance>[]): AllergyLine {
  const { resource } = entry;
  const reactions = (resource.reaction ?? []).flatMap((reaction) => {
    const texts = conceptTexts(reaction.manifestation);
    return texts.length > 0 ? texts : reaction.description === undefined ? [] : [reaction.description];
  });
  return {
    entry,
    same,
    title: conceptText(resource.code) ?? 'Substance not recorded',
    reactions: [...new Set(reactions)],
    severity: worst((resource.reaction ?? []).map((reaction) => reaction.severity)),
    critical: resource.criticality === 'high',
    verification: resource.verificationStatus?.coding?.[0]?.code,
    recorded: entry.when,
  };
}

/** A status that is absent is taken for active: an allergy must not be lost for want of a code. */
function isCurrent(allergy: AllergyIntolerance): boolean {
  const status = allergy.clinicalStatus?.coding?.[0]?.code ?? 'active';
  const verified = allergy.verificationStatus?.coding?.[0]?.code;
  return status !== 'inactive' && status !== 'resolved' && verified !== 'refuted';
}

function isNegation(allergy: AllergyIntolerance): boolean {
  return hasCode(allergy.code, SNOMED, [...NO_KNOWN_ALLERGY, ...NO_KNOWN_PART]);
}

function criticalFirst(a: AllergyLine, b: AllergyLine): number {
  return Number(b.critical) - Number(a.critical) || newestFirst(a.recorded, b.recorded);
}

const SEVERITIES = ['mild', 'moderate', 'severe'];

function worst(severities: readonly (string | undefined)[]): string | undefined {
  return severities
    .filter((one) => one !== undefined)
    .sort((a, b) => SEVERITIES.indexOf(b) - SEVERITIES.indexOf(a))[0];
}
