/**
 * A search across types: of the whole server, of a compartment (`Patient/1/Observation`), or of all of a
 * compartment (`Patient/1/*`). Every parameter must be one of every type that is searched.
 * http://hl7.org/fhir/R4/search.html#all and compartmentdefinition.html
 */
import { Failure } from '../base/failure.ts';
import { isResourceType, resourceTypes, searchParameter, structure } from './definitions.ts';
import { isOfAnswer, type ParsedSearch, parsedOf, requireValue, takePair } from './parse-search.ts';
import type { Pairs } from './query-pairs.ts';
import type { ResourceType } from './resource.ts';
import { count, type Draft, emptyDraft, leaveOut, type SearchOptions, shown } from './search-draft.ts';
import type { Filter, TypedFilters } from './search-query.ts';

/** Whose compartment is searched, and for which type; `*` for all. */
export interface CompartmentPlace {
  readonly type: ResourceType;
  readonly id: string;
  readonly member: string;
}

/**
 * As parseSearch. Types come from `_type`, where left out they are all of the server or the compartment.
 * Throws also Failure `not-supported` where there is no such compartment.
 */
export function parseSearchAcross(
  pairs: Pairs,
  options: SearchOptions,
  place?: CompartmentPlace,
): ParsedSearch {
  const named = typesNamed(pairs);
  const possible = place === undefined ? resourceTypes : membersOf(place);
  const types = named ?? possible;
  const outside = types.find((type) => !possible.includes(type));
  if (outside !== undefined) {
    throw new Failure('not-supported', `${outside} is not in the compartment of a ${place?.type}.`);
  }
  const [first = 'Patient'] = types;
  const draft = emptyDraft(first, options, types);
  const parts = types.map((type) => ({
    type,
    filters: place === undefined ? [] : [within(place, type)],
  }));
  for (const [name, value] of pairs) {
    if (name === '_type' && (place === undefined || place.member === '*')) continue;
    if (!requireValue(name, value)) continue;
    count(draft, 1);
    if (isOfAnswer(name)) takePair(draft, name, value);
    else takeForEach(draft, parts, name, value);
  }
  const { query, ...rest } = parsedOf(draft);
  const [head, ...also] = parts as readonly TypedFilters[];
  const any = named === undefined && (place === undefined || place.member === '*');
  return {
    ...rest,
    query: {
      ...query,
      filters: head?.filters ?? [],
      ...(also.length === 0 ? {} : { also }),
      ...(any ? { anyType: true as const } : {}),
    },
  };
}

function typesNamed(pairs: Pairs): readonly ResourceType[] | undefined {
  const given = pairs.filter(([name]) => name === '_type');
  const [only] = given;
  if (only === undefined) return undefined;
  if (given.length > 1) throw new Failure('value', '"_type" is given more than once.');
  const names = only[1].split(',');
  if (!names.every(isResourceType)) {
    throw new Failure('value', 'The value of "_type" cannot be read: expected types of FHIR R4, by commas.');
  }
  return [...new Set(names)];
}

function takeForEach(
  draft: Draft,
  parts: readonly { readonly type: ResourceType; readonly filters: Filter[] }[],
  name: string,
  value: string,
): void {
  const clauses = draft.budget.clauses;
  const found: Filter[][] = [];
  const options = { ...draft.options, strict: false };
  for (const { type } of parts) {
    draft.budget.clauses = clauses; // the values are the same for each type
    const filters: Filter[] = [];
    takePair({ ...draft, type, filters, warnings: [], options }, name, value);
    if (filters.length === 0) {
      const which = parts.length === 1 ? '' : ', which is one of the types that are searched';
      leaveOut(draft, `"${shown(name)}" is not known of ${type}${which}.`);
      return;
    }
    found.push(filters);
  }
  for (const [i, part] of parts.entries()) part.filters.push(...(found[i] ?? []));
}

type Members = Readonly<Record<string, readonly string[]>>;

function compartmentOf(type: ResourceType): Members {
  const members = type === 'Patient' ? structure.patientCompartment : structure.otherCompartments[type];
  if (members !== undefined) return members;
  const known = ['Patient', ...Object.keys(structure.otherCompartments)].join(', ');
  throw new Failure('not-supported', `There is no compartment of a ${type}. R4 has those of ${known}.`);
}

function membersOf({ type, member }: CompartmentPlace): readonly ResourceType[] {
  const members = compartmentOf(type);
  const all = resourceTypes.filter((one) => one === type || members[one] !== undefined);
  if (member === '*') return all;
  const only = all.find((one) => one === member);
  if (only !== undefined) return [only];
  throw new Failure('not-supported', `${shown(member)} is not in the compartment of a ${type}.`);
}

/**
 * That a resource lies in the compartment. The one that it is of lies in its own; a Patient in no other's,
 * since a link is no statement that two records are one person (fhir/compartments.ts).
 */
function within({ type, id }: CompartmentPlace, member: ResourceType): Filter {
  const itself: readonly Filter[] = member === type ? [{ kind: 'id', ids: [id] }] : [];
  const codes = member === 'Patient' && type === 'Patient' ? [] : (compartmentOf(type)[member] ?? []);
  const referring = codes.flatMap((code): Filter[] => {
    const parameter = searchParameter(member, code); // {def}, the resource itself, is none
    return parameter === undefined
      ? []
      : [{ kind: 'parameter', parameter, values: [{ kind: 'reference', type, id }] }];
  });
  return { kind: 'or', filters: [...itself, ...referring] };
}
