/**
 * Problems: current and past apart, the same problem told twice only where a source gave both one
 * identifier, and then both tellings stand. Refuted ones are neither: they are past.
 */
import type { Condition } from 'fhir/r4.d.ts';
import { groupsOf, identifierKeys } from './business-keys.ts';
import { type Entry, isOf } from './entry.ts';
import { conceptText } from './resource-text.ts';

export interface ProblemLine {
  readonly entry: Entry<Condition>;
  /** Told again under the same identifier, in the same words. */
  readonly same: readonly Entry<Condition>[];
  readonly title: string;
  /** Clinical status code; undefined where none was recorded. */
  readonly status: string | undefined;
  /** Verification status code, where it is not simply confirmed. */
  readonly certainty: string | undefined;
}

export interface ProblemView {
  readonly current: readonly ProblemLine[];
  readonly past: readonly ProblemLine[];
}

const PAST = ['inactive', 'resolved', 'remission'];

/** All Conditions among `entries`, newest first as they come. */
export function problemView(entries: readonly Entry[]): ProblemView {
  const lines = groupsOf(
    entries.filter((entry) => isOf(entry, 'Condition')),
    (entry) => identifierKeys(entry.resource.identifier),
  ).flatMap(linesOf);
  return { current: lines.filter(isCurrent), past: lines.filter((line) => !isCurrent(line)) };
}

/** One line where the tellings agree, a line each where they do not. */
function linesOf(group: readonly [Entry<Condition>, ...Entry<Condition>[]]): readonly ProblemLine[] {
  const [first, ...rest] = group;
  const lead = lineOf(first, rest);
  const agree = rest
    .map((entry) => lineOf(entry, []))
    .every(
      (one) => one.title === lead.title && one.status === lead.status && one.certainty === lead.certainty,
    );
  return agree ? [lead] : group.map((entry) => lineOf(entry, []));
}

function lineOf(entry: Entry<Condition>, same: readonly Entry<Condition>[]): ProblemLine {
  const { resource } = entry;
  const certainty = resource.verificationStatus?.coding?.[0]?.code;
  return {
    entry,
    same,
    title: conceptText(resource.code) ?? 'Problem not named',
    status: resource.clinicalStatus?.coding?.[0]?.code,
    certainty: certainty === 'confirmed' ? undefined : certainty,
  };
}

/** A status that is absent is taken for current: a problem must not be lost for want of a code. */
function isCurrent(line: ProblemLine): boolean {
  return !PAST.includes(line.status ?? 'active') && line.certainty !== 'refuted';
}
