/**
 * One source of a shared record as pages need it: how whole its part is, and as of when. Frozen or late
 * data is never shown as live, so every entry holds on to this.
 */
import type { InstantMs, OdsCode } from '../../base/brands.ts';
import type { OrganisationKind } from '../../base/node-config.ts';
import type { ResourceType } from '../../fhir/resource.ts';
import type { RefusalRule, SourceReport, SourceStatus } from '../../network/shared-record.ts';
import { type Moment, momentAt } from '../moment.ts';

export interface SourceView {
  readonly ods: OdsCode;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly status: SourceStatus;
  readonly rule: RefusalRule | undefined;
  /** Up to when the source knows that it has everything; never the time of asking. */
  readonly asAt: Moment | undefined;
  /** What it says it holds. */
  readonly covers: readonly ResourceType[];
  /** Kinds that are late, and since when; undefined where nothing was ever heard of them. */
  readonly behind: readonly { readonly kind: ResourceType; readonly since: Moment | undefined }[];
  /** The network's own sentence. */
  readonly diagnostics: string;
  /** The watermark for one kind of information: the source's own where the kind has none. */
  asAtOf(kind: ResourceType): Moment | undefined;
}

/** The view of one report. */
export function sourceView(report: SourceReport): SourceView {
  const byKind = new Map(report.coverage.map((one) => [one.kind, one.asAt]));
  for (const { kind, since } of report.behind) byKind.set(kind, since);
  return {
    ods: report.ods,
    name: report.name,
    kind: report.kind,
    status: report.status,
    rule: report.rule,
    asAt: known(report.asAt),
    covers: report.coverage.map((one) => one.kind),
    behind: report.behind.map(({ kind, since }) => ({ kind, since: known(since) })),
    diagnostics: report.diagnostics,
    asAtOf: (kind) => known(byKind.get(kind) ?? report.asAt),
  };
}

/** A feed that was never heard says 0: that is no age. */
function known(at: InstantMs | undefined): Moment | undefined {
  return at === undefined || at <= 0 ? undefined : momentAt(at);
}

/** Worst first, then by name: what is missing must be seen before what is there. */
export function byConcern(a: SourceView, b: SourceView): number {
  return CONCERN[a.status] - CONCERN[b.status] || a.name.localeCompare(b.name, 'en-GB');
}

const CONCERN: Readonly<Record<SourceStatus, number>> = {
  unavailable: 0,
  refused: 1,
  copy: 2,
  behind: 3,
  live: 4,
};

/** Kinds of organisation whose own records are expected to hold the person's allergies. */
const RECORDS_ALLERGIES: readonly OrganisationKind[] = [
  'gp',
  'acute',
  'pharmacy',
  'mental-health',
  'community',
  'urgent-care',
];

/**
 * Why nothing whole can be said of this kind of information because of this source; undefined where the
 * source does not stand in the way. A source that failed, is behind, or does not say that it covers what it
 * is expected to hold, does.
 */
export function obstacle(
  source: SourceView,
  kind: ResourceType,
  expected: readonly OrganisationKind[] = RECORDS_ALLERGIES,
): 'failed' | 'behind' | 'not-covered' | undefined {
  const concerned =
    expected.includes(source.kind) || source.covers.includes(kind) || source.covers.length === 0;
  if (!concerned) return undefined;
  switch (source.status) {
    case 'unavailable':
    case 'refused':
    case 'copy':
      return 'failed';
    case 'behind': {
      const named = source.behind.map((one) => one.kind);
      if (named.length === 0 || named.includes(kind)) return 'behind';
      return source.covers.includes(kind) ? undefined : 'not-covered';
    }
    case 'live':
      return source.covers.includes(kind) ? undefined : 'not-covered';
  }
}
