/**
 * The R4 definitions in memory: resource types, element tables, search parameters. Loaded once from what
 * scripts/compile-definitions.ts made.
 */
import { STRUCTURE } from './generated/structure.ts';
import type { ResourceType } from './resource.ts';
import type { SearchParameter, SearchParameterKind } from './search-value.ts';
import type { SearchParameterRow, StructureTable } from './structure-table.ts';

/** The tables as compiled; validate.ts and parse-search.ts read them. */
export const structure = JSON.parse(STRUCTURE) as StructureTable;

/** Every R4 resource type that an instance can have, in alphabetical order. */
export const resourceTypes: readonly ResourceType[] = structure.resources as readonly ResourceType[];

const known: ReadonlySet<string> = new Set(resourceTypes);

/** Whether `text` names an R4 resource type. */
export function isResourceType(text: string): text is ResourceType {
  return known.has(text);
}

/**
 * Search parameters of the specification without an index function, as `Type.code` (`Resource` and
 * `DomainResource` for those of every type), each with the reason. A search by one of them is refused.
 */
export const notIndexed: Readonly<Record<string, string>> = structure.notIndexed;

const EMPTY: ReadonlyMap<string, SearchParameter> = new Map();
const byType = new Map<string, ReadonlyMap<string, SearchParameter>>();

/** Code → parameter, for every R4 search parameter of the type, those that are not indexed too. */
export function searchParametersOf(type: string): ReadonlyMap<string, SearchParameter> {
  const made = byType.get(type);
  if (made !== undefined) return made;
  if (!isResourceType(type)) return EMPTY;
  const parameters = new Map<string, SearchParameter>();
  for (const row of structure.searchParameters[type] ?? []) {
    parameters.set(row.code, {
      code: row.code,
      on: type,
      kind: row.kind as SearchParameterKind,
      targets: (row.targets ?? []) as readonly ResourceType[],
      url: row.url,
    });
  }
  byType.set(type, parameters);
  return parameters;
}

/** One parameter of a type; undefined where R4 defines none of that code. */
export function searchParameter(type: string, code: string): SearchParameter | undefined {
  return searchParametersOf(type).get(code);
}

/** What the compiler found out about a parameter: element types, implied systems. */
export function searchParameterRow(type: string, code: string): SearchParameterRow | undefined {
  return structure.searchParameters[type]?.find((row) => row.code === code);
}

/** The reason why this parameter has no index; undefined where it can be searched by. */
export function whyNotIndexed(type: string, code: string): string | undefined {
  return (
    notIndexed[`${type}.${code}`] ?? notIndexed[`DomainResource.${code}`] ?? notIndexed[`Resource.${code}`]
  );
}
