/** Sources and entries for tests of the pages' views, as the network would report them. */
import type { InstantMs, OdsCode } from '../src/base/brands.ts';
import type { OrganisationKind } from '../src/base/node-config.ts';
import type { Identified, ResourceType } from '../src/fhir/resource.ts';
import type { SourceReport, SourceStatus } from '../src/network/shared-record.ts';
import { type Entry, entryOf } from '../src/web/record/entry.ts';
import { type SourceView, sourceView } from '../src/web/record/source-view.ts';

/** 2026-11-24T10:00:00Z */
export const NOW = Date.UTC(2026, 10, 24, 10) as InstantMs;
const HOUR = 3_600_000;

export interface SourceLike {
  readonly ods?: string;
  readonly name?: string;
  readonly kind?: OrganisationKind;
  readonly status?: SourceStatus;
  readonly rule?: SourceReport['rule'];
  readonly covers?: readonly ResourceType[];
  readonly behind?: readonly ResourceType[];
  /** Undefined: never heard of. */
  readonly asAt?: number | null;
}

/** A source as pages see it: live at ten, covering allergies, unless said otherwise. */
export function source(like: SourceLike = {}): SourceView {
  const { ods = 'GP1', name = 'Mill Lane Surgery', kind = 'gp', status = 'live', rule } = like;
  const asAt = (like.asAt === undefined ? NOW : like.asAt) as InstantMs | null;
  return sourceView({
    ods: ods as OdsCode,
    name,
    kind,
    status,
    ...(rule === undefined ? {} : { rule }),
    ...(asAt === null ? {} : { asAt }),
    coverage: (like.covers ?? ['AllergyIntolerance']).map((one) => ({
      kind: one,
      since: '2012-01-01',
      asAt: (asAt ?? NOW) as InstantMs,
    })),
    behind: (like.behind ?? []).map((one) => ({ kind: one, since: (NOW - HOUR) as InstantMs })),
    diagnostics: '',
  });
}

/** A resource as an entry of this source. */
export function entry(from: SourceView, resource: object): Entry {
  const { resourceType, id } = resource as { resourceType: string; id: string };
  return entryOf(from, resource as Identified, `http://${from.ods}.example/fhir/${resourceType}/${id}`);
}
