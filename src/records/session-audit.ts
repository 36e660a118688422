/**
 * The audit rows of a session: what each act is called and what its row says. Values that people typed are
 * left out (a search names its parameters only), and a row never grows with the size of the answer.
 */
import type { Asker } from '../access/actor.ts';
import type { Id, InstantMs } from '../base/brands.ts';
import type { Filter, SearchQuery } from '../fhir/search-query.ts';
import type { AuditAction, AuditDraft } from '../store/audit.ts';
import type { HistoryQuery, Stored, WriteOp } from '../store/store.ts';

/** Targets that a row names one by one; beyond that it counts. */
const TARGETS_MAX = 20;

export interface Act {
  readonly action: AuditAction;
  readonly targets: readonly string[];
  readonly persons: readonly string[];
  readonly outcome: AuditDraft['outcome'];
  readonly detail?: AuditDraft['detail'];
}

/** The row of an act by this asker at this moment. */
export function auditDraft({ actor, purpose, requestId }: Asker, at: InstantMs, act: Act): AuditDraft {
  return {
    at,
    action: act.action,
    actor,
    purpose,
    requestId,
    targets: act.targets,
    persons: act.persons,
    outcome: act.outcome,
    ...(act.detail === undefined ? {} : { detail: act.detail }),
  };
}

/** `Observation?code&subject`: the search with its values left out. */
export function searchTarget({ type, filters, also = [], anyType }: SearchQuery): string {
  const types = anyType === true ? '*' : [type, ...also.map((one) => one.type)].join(',');
  return filters.length === 0 ? types : `${types}?${filters.map(filterName).join('&')}`;
}

function filterName(filter: Filter): string {
  switch (filter.kind) {
    case 'id':
      return '_id';
    case 'last-updated':
      return '_lastUpdated';
    case 'parameter':
      return filter.negated === true ? `${filter.parameter.code}:not` : filter.parameter.code;
    case 'missing':
      return `${filter.parameter.code}:missing`;
    case 'full-text':
      return filter.over === 'narrative' ? '_text' : '_content';
    case 'chain':
      return `${filter.parameter.code}.${[...new Set(filter.targets.map((one) => filterName(one.filter)))].join('|')}`;
    case 'has':
      return `_has:${filter.source}:${filter.parameter.code}:${filterName(filter.filter)}`;
    case 'and':
    case 'or':
      return `(${[...new Set(filter.filters.map(filterName))].join(filter.kind === 'and' ? '&' : '|')})`;
    case 'not':
      return `not ${filterName(filter.filter)}`;
  }
}

/** `Observation/o`, `Observation/_history`, `_history`: whose versions were asked for. */
export function historyTarget({ type, id }: HistoryQuery): string {
  if (type === undefined) return '_history';
  return id === undefined ? `${type}/_history` : `${type}/${id}`;
}

/** Whose records these are, each once. */
export function personsOf(...lists: readonly (readonly Pick<Stored, 'persons'>[])[]): readonly Id[] {
  const found = new Set<Id>();
  for (const list of lists) for (const stored of list) for (const person of stored.persons) found.add(person);
  return [...found];
}

/** What a write is called: its one kind of op, or `update` where it mixes them. */
export function writeAction(ops: readonly WriteOp[]): AuditAction {
  const kinds = new Set(ops.map((one) => one.op));
  if (kinds.size !== 1) return 'update';
  return kinds.has('create') ? 'create' : kinds.has('delete') ? 'delete' : 'update';
}

/** `Type/id` of the first targets of a write, and how many of each kind where there are more than one. */
export function writeTargets(ops: readonly WriteOp[]): {
  targets: readonly string[];
  detail: Record<string, number>;
} {
  const targets: string[] = [];
  const detail: Record<string, number> = {};
  for (const op of ops) {
    if (targets.length < TARGETS_MAX) targets.push(opTarget(op));
    if (ops.length > 1) detail[op.op] = (detail[op.op] ?? 0) + 1;
  }
  return { targets, detail };
}

function opTarget(op: WriteOp): string {
  switch (op.op) {
    case 'create':
      return `${op.resource.resourceType}/${op.id ?? ''}`;
    case 'put':
      return `${op.resource.resourceType}/${op.resource.id}`;
    case 'delete':
      return `${op.type}/${op.id}`;
  }
}
