/**
 * Observation/$lastn: of each kind of observation about somebody the newest, or the newest few. Codes that
 * one observation names together are one kind, and so on from one to the next; what is as old as the last
 * that fits comes too. R4 http://hl7.org/fhir/R4/observation-operation-lastn.html.
 */
import type { CodeableConcept, Observation } from 'fhir/r4.d.ts';
import { Failure } from '../../base/failure.ts';
import { dateRange } from '../../fhir/date-range.ts';
import { searchParameter } from '../../fhir/definitions.ts';
import { parseSearch } from '../../fhir/parse-search.ts';
import type { Pairs } from '../../fhir/query-pairs.ts';
import type { SearchQuery, SortKey } from '../../fhir/search-query.ts';
import type { Stored } from '../../store/store.ts';
import { outcomeBytes, resourceUrl } from '../answers.ts';
import { type BundleEntry, bundleBytes } from '../bundle-bytes.ts';
import type { FhirAnswer, FhirCall } from '../fhir-call.ts';
import type { Operation } from '../interaction.ts';
import { oneValue, operationPairs } from '../operation-parameters.ts';
import { pageLinks } from '../page-links.ts';

export const lastn: Operation = {
  name: 'lastn',
  type: 'Observation',
  levels: ['type'],
  methods: ['GET', 'POST'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Observation-lastn',
  summary: 'The newest observations of each kind about somebody',
  parameters: [
    { name: 'max', type: 'positiveInt', text: 'How many of each kind; 1 where left out' },
    { name: 'patient', text: 'Whose observations; or "subject"', required: true },
    { name: 'category', text: 'Kinds of kinds; this or a code must be given' },
    { name: 'code', text: 'Codes; this or a category must be given' },
  ],
  handle: answerLastn,
};

const SUBJECTS = ['patient', 'subject'];
/** Parameters whose expression contains the code of the observation. */
const CODES = [
  'category',
  'code',
  'code-value-concept',
  'code-value-date',
  'code-value-quantity',
  'code-value-string',
  'combo-code',
  'combo-code-value-concept',
  'combo-code-value-quantity',
];
/** The operation itself decides what is on the one page that it answers, and in which order. */
const NOT_HERE = ['_sort', '_count', '_total', '_include', '_revinclude', '_summary', '_elements', '_cursor'];

async function answerLastn(call: FhirCall): Promise<FhirAnswer> {
  const pairs = operationPairs(call);
  const max = maxOf(pairs);
  const asked = pairs.filter(([name]) => name !== 'max');
  requireSubjectAndKind(asked);
  const options = { strict: call.prefer.strict, settings: call.context.settings };
  const { query, warnings } = parseSearch('Observation', asked, options);
  const found = await newestOfEach(call, query, asked, max);
  const entries: BundleEntry[] = found.map(({ stored }) => ({
    fullUrl: resourceUrl(call.context, 'Observation', stored.id),
    resource: stored.bytes,
    search: 'match',
  }));
  if (warnings.length > 0) entries.push({ resource: outcomeBytes(warnings), search: 'outcome' });
  const links = pageLinks(`${call.context.base}/Observation/$lastn`, pairs, undefined);
  const body = bundleBytes({ type: 'searchset', total: found.length, links, entries });
  return { status: 200, body, cache: 'check' };
}

function maxOf(pairs: Pairs): number {
  const text = oneValue(pairs, 'max') ?? '1';
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Failure('value', 'max must be a whole number, 1 or more.');
}

const codeOf = (name: string): string => name.split(/[:.]/, 1)[0] ?? '';

function requireSubjectAndKind(pairs: Pairs): void {
  const codes = pairs.map(([name]) => codeOf(name));
  const other = codes.find((code) => NOT_HERE.includes(code));
  if (other !== undefined) {
    throw new Failure('not-supported', `Parameter "${other}" is not supported on $lastn.`);
  }
  if (!codes.some((code) => SUBJECTS.includes(code))) {
    throw new Failure('required', '$lastn needs to know about whom: give patient or subject.');
  }
  if (!codes.some((code) => CODES.includes(code))) {
    throw new Failure('required', '$lastn needs to know which kinds: give category, code, or both.');
  }
}

interface Candidate {
  readonly stored: Stored;
  /** The end of the time that it is about: Infinity where it goes on, -Infinity where it names none. */
  readonly at: number;
  /** What it is of: its codings, or its text where it has none. */
  readonly keys: readonly string[];
}

/**
 * Goes through what fits, newest first. Throws Failure `too-costly` beyond the setting
 * lastnObservationsMax: a part would look like all.
 */
async function newestOfEach(
  call: FhirCall,
  query: SearchQuery,
  asked: Pairs,
  max: number,
): Promise<readonly Candidate[]> {
  const { lastnObservationsMax: most, pageSizeMax } = call.context.settings;
  const plainCodes = plainCodesOf(asked);
  const seen: Candidate[] = [];
  let page: SearchQuery | undefined = { ...query, sort: [NEWEST_FIRST], count: pageSizeMax, total: 'none' };
  while (page !== undefined) {
    const { entries, next } = await call.session.search(page);
    for (const stored of entries) seen.push(candidate(stored));
    if (next === undefined || isEnough(seen, plainCodes, max)) break;
    if (seen.length >= most) {
      throw new Failure(
        'too-costly',
        `More than ${most} observations fit (setting lastnObservationsMax): ask for fewer kinds or years.`,
      );
    }
    page = { ...page, cursor: next };
  }
  return newest(seen, max);
}

const NEWEST_FIRST: SortKey = { by: { kind: 'parameter', parameter: dateParameter() }, descending: true };

function dateParameter(): Extract<SortKey['by'], { kind: 'parameter' }>['parameter'] {
  const parameter = searchParameter('Observation', 'date');
  if (parameter === undefined) throw new Error('R4 defines Observation date');
  return parameter;
}

function candidate(stored: Stored): Candidate {
  const observation = JSON.parse(stored.bytes.toString('utf8')) as Observation;
  return { stored, at: endOf(observation), keys: keysOf(observation.code) };
}

function endOf(observation: Observation): number {
  const { effectiveDateTime, effectiveInstant, effectivePeriod, effectiveTiming } = observation;
  const time = effectiveDateTime ?? effectiveInstant;
  if (time !== undefined) return hiOf(time);
  if (effectivePeriod !== undefined) {
    if (effectivePeriod.end !== undefined) return hiOf(effectivePeriod.end);
    return effectivePeriod.start === undefined ? -Infinity : Infinity;
  }
  return Math.max(-Infinity, ...(effectiveTiming?.event ?? []).map(hiOf));
}

const hiOf = (text: string): number => dateRange(text)?.hi ?? -Infinity;

function keysOf(code: CodeableConcept | undefined): readonly string[] {
  const codings = (code?.coding ?? []).filter((one) => one.code !== undefined);
  if (codings.length > 0) return codings.map((one) => `${one.system ?? ''}|${one.code}`);
  return [`text ${code?.text ?? ''}`];
}

/** Codes, where the search names each whole by `code=system|code`: then nothing of another kind fits. */
function plainCodesOf(asked: Pairs): readonly string[] | undefined {
  const values = asked.filter(([name]) => name === 'code').flatMap(([, value]) => value.split(','));
  const plain = values.length > 0 && values.every((value) => /^[^\\|]+\|[^\\|]+$/.test(value));
  return plain ? values : undefined;
}

/** Whether what is older than all that was seen can no longer be among the newest. */
function isEnough(seen: readonly Candidate[], codes: readonly string[] | undefined, max: number): boolean {
  const last = seen.at(-1);
  if (codes === undefined || last === undefined) return false;
  return codes.every((code) => {
    const ofCode = seen.filter((one) => one.keys.includes(code));
    const nth = ofCode[max - 1];
    return nth !== undefined && nth.at > last.at;
  });
}

/** The newest `max` of each kind and what is as old as the last of them, newest first. */
function newest(seen: readonly Candidate[], max: number): readonly Candidate[] {
  const kinds = new Kinds();
  for (const one of seen) kinds.join(one.keys);
  const groups = new Map<string, Candidate[]>();
  const byTime = [...seen].sort((a, b) => (a.at === b.at ? 0 : b.at > a.at ? 1 : -1));
  return byTime.filter((one) => {
    const kind = kinds.of(one.keys[0] ?? '');
    const group = groups.get(kind) ?? [];
    groups.set(kind, group);
    const isOver = group.length >= max && group[max - 1]?.at !== one.at;
    if (!isOver) group.push(one);
    return !isOver;
  });
}

/** Keys that belong together: what is said to be the same as a third is the same. */
class Kinds {
  readonly #parents = new Map<string, string>();

  of(key: string): string {
    let root = key;
    for (let up = this.#parents.get(root); up !== undefined; up = this.#parents.get(root)) root = up;
    if (root !== key) this.#parents.set(key, root);
    return root;
  }

  join(keys: readonly string[]): void {
    const [first, ...others] = keys;
    if (first === undefined) return;
    for (const other of others) {
      const [a, b] = [this.of(first), this.of(other)];
      if (a !== b) this.#parents.set(b, a);
    }
  }
}
