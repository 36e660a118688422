/**
 * A shared record as lines for a terminal: the sources first, since what is missing must be seen before what
 * is there.
 */
import type { InstantMs } from '../base/brands.ts';
import { tableOf } from './text-table.ts';

interface Concept {
  readonly text?: string;
  readonly coding?: readonly { readonly code?: string; readonly display?: string }[];
}

interface Issue {
  readonly diagnostics?: string;
  readonly details?: Concept;
  readonly extension?: readonly {
    readonly url: string;
    readonly valueIdentifier?: { readonly value: string };
    readonly valueInstant?: string;
  }[];
}

type Resource = Readonly<Record<string, unknown>> & { readonly resourceType: string };

interface Entry {
  readonly fullUrl?: string;
  readonly search: { readonly mode: string };
  readonly resource: Resource & { readonly issue?: readonly Issue[] };
}

/** What `$shared-record` answers. */
export interface RecordBundle {
  readonly total?: number;
  readonly entry?: readonly Entry[];
}

/** `nodes` names the organisation that answers at a FHIR address, such as `http://127.0.0.1:8803/fhir`. */
export function recordText(bundle: RecordBundle, nodes: ReadonlyMap<string, string>, now: InstantMs): string {
  const entries = bundle.entry ?? [];
  const issues = entries.find((entry) => entry.search.mode === 'outcome')?.resource.issue ?? [];
  const sources = issues.filter((issue) => odsOf(issue) !== '');
  const others = issues.filter((issue) => odsOf(issue) === '');
  const found = entries.filter((entry) => entry.search.mode === 'match');
  const lines = found
    .map((entry) => ({ when: whenOf(entry.resource), entry }))
    .sort((a, b) => (a.when === b.when ? 0 : a.when < b.when ? 1 : -1))
    .map(({ when, entry }) => [
      when === '' ? 'no date' : when.slice(0, 16).replace('T', ' '),
      sourceOf(entry, nodes),
      entry.resource.resourceType,
      titleOf(entry.resource),
    ]);
  return [
    tableOf(
      ['source', 'status', 'age', 'complete up to', 'in words'],
      sources.map((issue) => {
        const asAt = extension(issue, 'as-at')?.valueInstant;
        return [
          odsOf(issue),
          (issue.details?.coding ?? []).map((coding) => coding.code ?? '').join(' '),
          asAt === undefined ? 'not known' : ageText(now - Date.parse(asAt)),
          asAt ?? 'not known',
          issue.diagnostics ?? '',
        ];
      }),
    ),
    ...others.map((issue) => issue.diagnostics ?? issue.details?.text ?? ''),
    '',
    `${found.length} entries, newest first`,
    tableOf(['when', 'source', 'kind', 'what'], lines),
    '',
  ].join('\n');
}

function extension(issue: Issue, name: string): NonNullable<Issue['extension']>[number] | undefined {
  return issue.extension?.find((one) => one.url === `https://openward.org/Extension/${name}`);
}

const odsOf = (issue: Issue): string => extension(issue, 'source')?.valueIdentifier?.value ?? '';

/** Entries do not name their organisation, but lie at the address of its node. */
function sourceOf({ fullUrl = '' }: Entry, nodes: ReadonlyMap<string, string>): string {
  const address = fullUrl.split('/').slice(0, -2).join('/');
  return nodes.get(address) ?? address;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** `4 s`, `12 min`, `3 h`, `2 d`: whole units of the largest that fits; 0 s where clocks disagree. */
function ageText(ms: number): string {
  const unit = UNITS.find(([, length]) => ms >= length);
  return unit === undefined ? '0 s' : `${Math.floor(ms / unit[1])} ${unit[0]}`;
}

const WHEN = [
  'effectiveDateTime',
  'issued',
  'occurrenceDateTime',
  'performedDateTime',
  'whenHandedOver',
  'authoredOn',
  'onsetDateTime',
  'recordedDate',
  'authored',
  'created',
  'date',
] as const;

/** When it happened, from the elements that say so; '' where none does. */
function whenOf(resource: Resource): string {
  for (const name of WHEN) {
    const value = resource[name];
    if (typeof value === 'string') return value;
  }
  const period = (resource.period ?? resource.effectivePeriod ?? resource.performedPeriod) as
    | { readonly start?: string }
    | undefined;
  return period?.start ?? '';
}

/** What it is about, in the source's own words. */
function titleOf(resource: Resource): string {
  const concept = (resource.code ??
    resource.medicationCodeableConcept ??
    resource.vaccineCode ??
    first(resource.type) ??
    first(resource.category)) as Concept | undefined;
  const title =
    resource.title ??
    resource.description ??
    concept?.text ??
    concept?.coding?.[0]?.display ??
    nameOf(resource);
  const value = shownValue(resource);
  return [title, value].filter((part) => part !== undefined && part !== '').join(': ');
}

const first = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

function nameOf(resource: Resource): string | undefined {
  if (typeof resource.name === 'string') return resource.name;
  const name = first(resource.name) as { readonly family?: string; readonly given?: string[] } | undefined;
  return name === undefined ? undefined : [...(name.given ?? []), name.family ?? ''].join(' ');
}

function shownValue(resource: Resource): string | undefined {
  const quantity = (resource.valueQuantity ?? resource.quantity) as
    | { readonly value?: number; readonly unit?: string }
    | undefined;
  if (quantity?.value !== undefined) return `${quantity.value} ${quantity.unit ?? ''}`.trim();
  const concept = resource.valueCodeableConcept as Concept | undefined;
  return (
    concept?.text ??
    concept?.coding?.[0]?.display ??
    (typeof resource.valueString === 'string' ? resource.valueString : undefined)
  );
}
