/**
 * Codes for a search (`:in`, `:below` …), from the ValueSets and CodeSystems that the node holds, R4's own and
 * those of packages. They are about nobody, so whoever may search may have them looked up; what a label hides
 * from a role stays hidden.
 */
import type { Settings } from '../base/settings.ts';
import { searchParameter } from '../fhir/definitions.ts';
import { expandedQuery, needsCodes } from '../fhir/expanded-query.ts';
import type { JsonObject } from '../fhir/json-access.ts';
import { NO_DEFINITIONS } from '../fhir/loaded-definitions.ts';
import { type LoadDefinition, nodeCodes } from '../fhir/node-codes.ts';
import { type PackageDefinitions, packageDefinitions } from '../fhir/package-definitions.ts';
import type { Filter, FilterValue, SearchQuery } from '../fhir/search-query.ts';
import type { Scope } from '../store/scope.ts';
import type { Snapshot } from '../store/store.ts';

/** R4's definitions alone, where the node has loaded no packages. */
const r4Definitions = packageDefinitions(NO_DEFINITIONS);

interface CodeParts {
  readonly definitions?: () => Promise<PackageDefinitions>;
  readonly settings: Pick<Settings, 'valueSetCodesMax'>;
}

/**
 * The query with its value sets and hierarchies expanded, as they stand in this snapshot for a role of this
 * scope. Throws Failure `not-supported` naming what cannot be expanded.
 */
export async function withCodes(
  query: SearchQuery,
  snapshot: Snapshot,
  scope: Scope,
  { definitions = r4Definitions, settings }: CodeParts,
): Promise<SearchQuery> {
  if (!needsCodes(query)) return query;
  return expandedQuery(query, nodeCodes(definitionsOf(snapshot, scope), definitions, settings));
}

function definitionsOf(snapshot: Snapshot, { hiddenLabels }: Scope): LoadDefinition {
  const open: Scope = { persons: [], unattached: 'all', types: 'all', hiddenLabels };
  return async (type, canonical) => {
    const page = await snapshot.search(definitionQuery(type, canonical), open);
    const [newest] = page.entries;
    return newest === undefined ? undefined : (JSON.parse(newest.bytes.toString()) as JsonObject);
  };
}

function definitionQuery(type: 'ValueSet' | 'CodeSystem', canonical: string): SearchQuery {
  const [url = '', version] = canonical.split('|');
  const id = url.startsWith('ValueSet/') ? url.slice('ValueSet/'.length) : undefined;
  const filters: readonly Filter[] =
    id === undefined
      ? [
          equals(type, 'url', { kind: 'uri', value: url }),
          ...(version === undefined ? [] : [equals(type, 'version', { kind: 'token', value: version })]),
        ]
      : [{ kind: 'id', ids: [id] }];
  return {
    type,
    filters,
    sort: [{ by: { kind: 'last-updated' }, descending: true }],
    count: 1,
    total: 'none',
    include: [],
    revinclude: [],
  };
}

function equals(type: string, code: string, value: FilterValue): Filter {
  const parameter = searchParameter(type, code);
  if (parameter === undefined) throw new Error(`${type} has no ${code}`);
  return { kind: 'parameter', parameter, values: [value] };
}
