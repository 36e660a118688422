/** Asks for a shared record from outside, as any client would, and reads the answer by the contract. */

const SOURCE = 'https://openward.org/Extension/source';
const AS_AT = 'https://openward.org/Extension/as-at';
const COVERAGE = 'https://openward.org/Extension/coverage';

export interface SourceIssue {
  readonly ods: string;
  readonly status: string;
  readonly rule: string | undefined;
  readonly severity: string;
  readonly code: string;
  readonly asAt: string | undefined;
  readonly kinds: readonly string[];
  readonly diagnostics: string;
}

export interface RecordAnswer {
  readonly httpStatus: number;
  readonly cacheControl: string | null;
  readonly total: number;
  /** fullUrl → resource */
  readonly matches: ReadonlyMap<string, { readonly resourceType: string; readonly id: string }>;
  readonly sources: ReadonlyMap<string, SourceIssue>;
  /** Texts of issues that name no source. */
  readonly constants: readonly string[];
  readonly body: string;
  readonly ms: number;
}

interface Extension {
  readonly url: string;
  readonly valueIdentifier?: { readonly value: string };
  readonly valueInstant?: string;
  readonly valueCode?: string;
  readonly extension?: readonly Extension[];
}
interface Issue {
  readonly severity: string;
  readonly code: string;
  readonly diagnostics?: string;
  readonly details?: { readonly text?: string; readonly coding?: readonly { readonly code: string }[] };
  readonly extension?: readonly Extension[];
}
interface Entry {
  readonly fullUrl?: string;
  readonly search: { readonly mode: string };
  readonly resource: {
    readonly resourceType: string;
    readonly id: string;
    readonly issue?: readonly Issue[];
  };
}

/** GET `$shared-record` at a node's FHIR address. */
export async function askSharedRecord(
  fhir: string,
  nhsNumber: string,
  token: string,
  more = '',
): Promise<RecordAnswer> {
  const begun = performance.now();
  const answer = await fetch(
    `${fhir}/Patient/$shared-record?identifier=https://fhir.nhs.uk/Id/nhs-number|${nhsNumber}${more}`,
    { headers: { authorization: `Bearer ${token}` } },
  );
  const body = await answer.text();
  const ms = performance.now() - begun;
  const bundle = JSON.parse(body) as { readonly total?: number; readonly entry?: readonly Entry[] };
  const entries = bundle.entry ?? [];
  const issues = entries.find((entry) => entry.search.mode === 'outcome')?.resource.issue ?? [];
  const sources = issues.map(sourceOf).filter((issue) => issue !== undefined);
  return {
    httpStatus: answer.status,
    cacheControl: answer.headers.get('cache-control'),
    total: bundle.total ?? 0,
    matches: new Map(
      entries
        .filter((entry) => entry.search.mode === 'match')
        .map((entry) => [entry.fullUrl ?? '', entry.resource]),
    ),
    sources: new Map(sources.map((issue) => [issue.ods, issue])),
    constants: issues
      .filter((issue) => sourceOf(issue) === undefined)
      .map((issue) => issue.diagnostics ?? issue.details?.text ?? ''),
    body,
    ms,
  };
}

function sourceOf(issue: Issue): SourceIssue | undefined {
  const ods = issue.extension?.find((one) => one.url === SOURCE)?.valueIdentifier?.value;
  if (ods === undefined) return undefined;
  return {
    ods,
    status: issue.details?.coding?.[0]?.code ?? '',
    rule: issue.details?.coding?.[1]?.code,
    severity: issue.severity,
    code: issue.code,
    asAt: issue.extension?.find((one) => one.url === AS_AT)?.valueInstant,
    kinds: (issue.extension ?? [])
      .filter((one) => one.url === COVERAGE)
      .map((one) => one.extension?.find((part) => part.url === 'kind')?.valueCode ?? ''),
    diagnostics: issue.diagnostics ?? '',
  };
}
