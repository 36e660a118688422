/**
 * A whole shared record as pages need it: sources by concern, entries that are certainly this person's, who
 * the person is, and what was left out and why. Every page of a record is made from one of these, asked for
 * anew.
 */
import type { InstantMs, NhsNumber, OdsCode } from '../../base/brands.ts';
import type { Settings } from '../../base/settings.ts';
import { parseJson } from '../../fhir/parse-json.ts';
import type { Identified } from '../../fhir/resource.ts';
import { type Patient, verifiedNhsNumbers } from '../../identity/patient-identity.ts';
import type { SharedRecord } from '../../network/shared-record.ts';
import { type Moment, momentAt, newestFirst } from '../moment.ts';
import { type Entry, entryOf, isEnteredInError, isOf } from './entry.ts';
import { type IdentityView, sift } from './record-identity.ts';
import { References } from './resource-text.ts';
import { byConcern, type SourceView, sourceView } from './source-view.ts';

export interface RecordView {
  /** The one in use, where the number asked for has been replaced. */
  readonly nhsNumber: NhsNumber;
  readonly askedAt: Moment;
  /** What needs to be seen first comes first. */
  readonly sources: readonly SourceView[];
  /** The Patient of the banner; undefined where no source that answered holds one. */
  readonly person: Patient | undefined;
  /** Where the banner's Patient comes from. */
  readonly personFrom: SourceView | undefined;
  /** Newest first. */
  readonly entries: readonly Entry[];
  readonly references: References;
  readonly identity: IdentityView;
  /** Marked by their sources as recorded by mistake, and not shown. */
  readonly mistaken: number;
  /** Entries that could not be read, by source. */
  readonly unreadable: readonly { readonly source: SourceView; readonly count: number }[];
  /** Age of the answer to "who holds something"; undefined where there was none and everybody was asked. */
  readonly locatorAsAt: Moment | undefined;
  readonly isLocatorOld: boolean;
  readonly directoryExpired: boolean;
  /** What is to be known of the record beside its sources. */
  readonly notes: readonly string[];
}

/** The view of a record that was asked for at `here`. Never throws: what cannot be read is counted. */
export function recordView(
  record: SharedRecord,
  here: OdsCode,
  settings: Pick<Settings, 'jsonDepthMax' | 'locatorFreshHours'>,
): RecordView {
  const sources = record.sources.map(sourceView);
  const byOds = new Map(sources.map((source) => [source.ods, source]));
  const all: Entry[] = [];
  const unreadable = new Map<SourceView, number>();
  for (const { source: ods, bytes, fullUrl } of record.entries) {
    const source = byOds.get(ods);
    if (source === undefined) continue; // entries come with a report of their source, always
    const resource = readable(bytes, settings);
    if (resource === undefined) unreadable.set(source, (unreadable.get(source) ?? 0) + 1);
    else all.push(entryOf(source, resource, fullUrl));
  }
  const [nhsNumber] = record.nhsNumbers;
  const personEntry = bannerPatient(all, nhsNumber, here);
  const { entries, identity } = sift(all, record.nhsNumbers, personEntry?.resource);
  const sound = entries.filter((entry) => !isEnteredInError(entry.resource));
  const oldBefore = record.askedAt - settings.locatorFreshHours * 3_600_000;
  return {
    nhsNumber,
    notes: record.notes.map((note) => note.text),
    askedAt: momentAt(record.askedAt),
    sources: sources.sort(byConcern),
    person: personEntry?.resource,
    personFrom: personEntry?.source,
    entries: sound.sort((a, b) => newestFirst(a.when, b.when)),
    references: new References(sound),
    identity,
    mistaken: entries.length - sound.length,
    unreadable: [...unreadable].map(([source, count]) => ({ source, count })),
    locatorAsAt: momentOf(record.locatorAsAt),
    isLocatorOld: record.locatorAsAt !== undefined && record.locatorAsAt < oldBefore,
    directoryExpired: record.directoryExpired,
  };
}

const momentOf = (at: InstantMs | undefined): Moment | undefined =>
  at === undefined ? undefined : momentAt(at);

function readable(bytes: Buffer, settings: Pick<Settings, 'jsonDepthMax'>): Identified | undefined {
  try {
    const value = parseJson(bytes, settings) as Partial<Identified> | null;
    return typeof value?.resourceType === 'string' && typeof value.id === 'string'
      ? (value as Identified)
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The Patient that the banner shows: verified under this number and in use; this organisation's own first,
 * then the practice's, then what was answered live before what is a copy.
 */
function bannerPatient(
  all: readonly Entry[],
  nhsNumber: NhsNumber,
  here: OdsCode,
): Entry<Patient> | undefined {
  const rank = ({ source, resource }: Entry<Patient>): number => {
    const retired =
      resource.active === false || (resource.link ?? []).some((link) => link.type === 'replaced-by');
    const place = source.ods === here ? 0 : source.kind === 'gp' ? 1 : source.status === 'live' ? 2 : 3;
    return (retired ? 10 : 0) + place;
  };
  return all
    .filter((entry) => isOf(entry, 'Patient'))
    .filter((entry) => verifiedNhsNumbers(entry.resource).includes(nhsNumber))
    .sort((a, b) => rank(a) - rank(b))[0];
}
