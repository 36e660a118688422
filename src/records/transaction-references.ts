/**
 * References of a transaction's resources: to another entry by its fullUrl, or to what a condition finds
 * (`Patient?identifier=…`), become `Type/id`. R4 http://hl7.org/fhir/R4/http.html#trules and
 * bundle.html#references.
 */
import type { Id } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { isResourceType } from '../fhir/definitions.ts';
import { isObject } from '../fhir/json-access.ts';
import { eachReference, rewriteReferences } from '../fhir/references.ts';
import type { ResourceType } from '../fhir/resource.ts';
import { conditionQuery } from './conditions.ts';
import type { RequestEntry } from './request-entry.ts';
import type { RecordSession } from './session.ts';
import { type PlannedWrite, placed, resourceOf } from './transaction-plan.ts';

const CONDITIONAL = /^([A-Z][A-Za-z]+)\?(.+)$/s;
const RESTFUL_BASE = /^(https?:\/\/.*\/)[A-Z][A-Za-z]+\/[A-Za-z0-9\-.]{1,64}$/;
/** Elements of type uri or url whose value may name another entry, such as Attachment.url naming a Binary. */
const URI_ELEMENTS: ReadonlySet<string> = new Set(['url', 'uri', 'valueUri', 'valueUrl']);

/** Resolves conditions of creates and references: what each searched for and found. */
export class Conditions {
  readonly #settings: Settings;
  readonly #session: RecordSession;
  /** By the whole text, since the same practitioner is named many times in one Bundle. */
  readonly #found = new Map<string, Id | undefined>();

  constructor(settings: Settings, session: RecordSession) {
    this.#settings = settings;
    this.#session = session;
  }

  /** The one resource that fits; undefined where none does. Throws Failure `multiple-matches` (412). */
  async find(type: ResourceType, query: string): Promise<Id | undefined> {
    const key = `${type}?${query}`;
    if (this.#found.has(key)) return this.#found.get(key);
    const page = await this.#session.search(conditionQuery(this.#settings, type, query));
    if (page.entries.length > 1) {
      throw new Failure('multiple-matches', `Several ${type} resources fit the condition: make it narrower.`);
    }
    const id = page.entries[0]?.id;
    this.#found.set(key, id);
    return id;
  }

  /** What was found may have changed. */
  forget(): void {
    this.#found.clear();
  }
}

/**
 * `Type/id` of every conditional reference in the writes. Throws Failure (412) at the entry where none or
 * many fit.
 */
export async function conditionalTargets(
  conditions: Conditions,
  writes: readonly PlannedWrite[],
): Promise<ReadonlyMap<string, string>> {
  const named = new Map<string, RequestEntry>();
  for (const { entry, op } of writes) {
    eachReference(resourceOf(op), (reference) => {
      if (!named.has(reference) && CONDITIONAL.test(reference)) named.set(reference, entry);
    });
  }
  const found = await inParts([...named], ([reference, entry]) => targetOf(conditions, reference, entry));
  return new Map([...named.keys()].map((reference, i) => [reference, found[i] ?? reference]));
}

/**
 * Searches under way at once: enough to share the wait for their audit rows, few enough to leave room for
 * others.
 */
const AT_ONCE = 32;

/** What `work` makes of each item, in their order. Throws what the first of them throws that fails. */
export async function inParts<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const done: R[] = [];
  for (let i = 0; i < items.length; i += AT_ONCE) {
    const part = await Promise.allSettled(items.slice(i, i + AT_ONCE).map(work));
    for (const one of part) {
      if (one.status === 'rejected') throw one.reason;
      done.push(one.value);
    }
  }
  return done;
}

async function targetOf(conditions: Conditions, reference: string, entry: RequestEntry): Promise<string> {
  const place = `${entry.place}.resource`;
  const [, type = '', query = ''] = CONDITIONAL.exec(reference) ?? [];
  if (!isResourceType(type)) {
    throw new Failure('value', `A conditional reference names "${type}", which is no R4 resource type.`, {
      expression: place,
    });
  }
  try {
    const id = await conditions.find(type, query);
    if (id !== undefined) return `${type}/${id}`;
  } catch (thrown) {
    throw placed(thrown, place);
  }
  const text = `A conditional reference finds no ${type}: create it first, or in this transaction.`;
  throw new Failure('not-found', text, { status: 412, expression: place });
}

/**
 * fullUrl → `Type/id` for what the transaction writes. `known` holds ids that a condition found instead
 * of creating.
 */
export function entryTargets(
  writes: readonly PlannedWrite[],
  known: ReadonlyMap<PlannedWrite, Id>,
): ReadonlyMap<string, string> {
  const targets = new Map<string, string>();
  for (const write of writes) {
    const { fullUrl } = write.entry;
    if (fullUrl === undefined || write.op.op === 'delete') continue;
    targets.set(fullUrl, `${write.type}/${known.get(write) ?? write.id}`);
  }
  return targets;
}

/**
 * Rewrites, in place, all references that name an entry or a condition. Throws Failure `invalid` at the
 * entry where a `urn:uuid:` names none: it would lead nowhere for ever.
 */
export function resolveReferences(
  writes: readonly PlannedWrite[],
  entries: ReadonlyMap<string, string>,
  conditional: ReadonlyMap<string, string>,
): void {
  for (const { entry, op } of writes) {
    const resource = resourceOf(op);
    if (resource === undefined) continue;
    const base = RESTFUL_BASE.exec(entry.fullUrl ?? '')?.[1];
    rewriteReferences(resource, (reference) => {
      if (reference.startsWith('#')) return undefined;
      const target = conditional.get(reference) ?? entryTarget(reference, base, entries);
      if (target === undefined && reference.startsWith('urn:uuid:')) {
        throw new Failure(
          'invalid',
          'A urn:uuid reference names no entry of this Bundle: give that entry this fullUrl.',
          {
            expression: `${entry.place}.resource`,
          },
        );
      }
      return target;
    });
    if (entries.size > 0) rewriteUris(resource, entries);
  }
}

/**
 * After somebody else created what a condition had not found: references to the id that had been drawn become
 * references to theirs. Throws Failure `conflict` where what had been found is gone.
 */
export function relink(
  writes: readonly PlannedWrite[],
  before: ReadonlyMap<PlannedWrite, Id>,
  now: ReadonlyMap<PlannedWrite, Id>,
): void {
  const moved = new Map<string, string>();
  for (const write of writes) {
    const [old, found] = [before.get(write), now.get(write)];
    if (old === found) continue;
    if (old !== undefined || found === undefined) {
      throw new Failure('conflict', 'What a condition found changed meanwhile: send the transaction again.', {
        expression: `${write.entry.place}.request.ifNoneExist`,
      });
    }
    moved.set(`${write.type}/${write.id}`, `${write.type}/${found}`);
  }
  for (const { op } of writes) {
    const resource = resourceOf(op);
    if (resource !== undefined) rewriteReferences(resource, (reference) => moved.get(reference));
  }
}

function entryTarget(
  reference: string,
  base: string | undefined,
  entries: ReadonlyMap<string, string>,
): string | undefined {
  const exact = entries.get(reference);
  if (exact !== undefined) return exact;
  const unversioned = reference.replace(/\/_history\/[^/]*$/, '');
  if (unversioned.startsWith('http')) return entries.get(unversioned);
  return base === undefined ? undefined : entries.get(`${base}${unversioned}`);
}

function rewriteUris(value: unknown, entries: ReadonlyMap<string, string>): void {
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') rewriteUris(item, entries);
    return;
  }
  if (!isObject(value)) return;
  const holder = value as Record<string, unknown>;
  for (const name in holder) {
    const child = holder[name];
    if (typeof child === 'string') {
      if (!URI_ELEMENTS.has(name) || !child.startsWith('urn:')) continue;
      const target = entries.get(child);
      if (target !== undefined) holder[name] = target;
    } else if (typeof child === 'object' && child !== null) {
      rewriteUris(child, entries);
    }
  }
}
