/** StructureDefinition snapshots → element tables, and required bindings → lists of codes. */
import type { ElementRow } from '../../src/fhir/structure-table.ts';
import type { CodeSystem, ElementDefinition, R4Package, StructureDefinition } from './r4-package.ts';

const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';
const CORE = 'http://hl7.org/fhir/StructureDefinition/';

/** Table name → rows, for every type and every backbone of every type. */
export function structureTables(structures: readonly StructureDefinition[]): Record<string, ElementRow[]> {
  const tables: Record<string, ElementRow[]> = {};
  for (const definition of structures) {
    if (definition.kind === 'primitive-type') continue;
    const elements = definition.snapshot?.element ?? [];
    const parents = new Set(elements.map((element) => parentOf(element.path)));
    for (const element of elements) {
      const parent = parentOf(element.path);
      if (parent === '' || element.max === '0') continue;
      tables[parent] ??= [];
      tables[parent].push(rowOf(element, definition.kind === 'resource', parents));
    }
  }
  return tables;
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.')));

function rowOf(element: ElementDefinition, inResource: boolean, parents: ReadonlySet<string>): ElementRow {
  const last = element.path.slice(element.path.lastIndexOf('.') + 1);
  const choice = last.endsWith('[x]');
  const attribute =
    element.base?.path === 'Element.id' || element.path === 'Extension.url' || element.path === 'Element.id';
  const binding = element.binding?.strength === 'required' ? element.binding.valueSet : undefined;
  const targets = referenceTargets(element);
  return {
    n: choice ? last.slice(0, -3) : last,
    t: typesOf(element, inResource, parents),
    min: element.min,
    max: element.max === '*' ? 0 : Number(element.max),
    ...(choice ? { c: 1 as const } : {}),
    ...(element.isSummary === true ? { s: 1 as const } : {}),
    ...(attribute ? { a: 1 as const } : {}),
    ...(binding === undefined ? {} : { b: binding.split('|')[0] ?? '' }),
    ...(targets === undefined ? {} : { r: targets }),
  };
}

function typesOf(element: ElementDefinition, inResource: boolean, parents: ReadonlySet<string>): string[] {
  if (element.contentReference !== undefined) return [element.contentReference.slice(1)];
  if (parents.has(element.path)) return [element.path];
  if (element.base?.path === 'Resource.id' || element.path === 'Resource.id') {
    if (!inResource) throw new Error(`${element.path} is not in a resource`);
    return ['id'];
  }
  return (element.type ?? []).map((type) => {
    if (!type.code.startsWith('http://hl7.org/fhirpath/')) return type.code;
    const fhirType = type.extension?.find((extension) => extension.url === FHIR_TYPE)?.valueUrl;
    if (fhirType === undefined) throw new Error(`${element.path}: ${type.code} without a FHIR type`);
    return fhirType;
  });
}

/** Types that a Reference or canonical of this element may name; undefined: any, or no reference at all. */
function referenceTargets(element: ElementDefinition): string[] | undefined {
  const profiles = (element.type ?? [])
    .filter((type) => type.code === 'Reference' || type.code === 'canonical')
    .flatMap((type) => type.targetProfile ?? []);
  const types = [...new Set(profiles.map((profile) => profile.slice(CORE.length)))].sort();
  return types.length === 0 || types.includes('Resource') ? undefined : types;
}

export interface Expansions {
  readonly valueSets: Record<string, Record<string, string[]>>;
  readonly unlisted: Record<string, string>;
}

/** Codes of every value set that `tables` binds as required; those that cannot be listed, with the reason. */
export function expandRequired(tables: Record<string, ElementRow[]>, source: R4Package): Expansions {
  const urls = new Set(
    Object.values(tables).flatMap((rows) => rows.flatMap((row) => (row.b === undefined ? [] : [row.b]))),
  );
  const valueSets: Record<string, Record<string, string[]>> = {};
  const unlisted: Record<string, string> = {};
  for (const url of [...urls].sort()) {
    const expanded = expand(url, source);
    if (typeof expanded === 'string') unlisted[url] = expanded;
    else valueSets[url] = expanded;
  }
  return { valueSets, unlisted };
}

/** System → codes, or the reason why there is no list. */
function expand(url: string, source: R4Package): Record<string, string[]> | string {
  const valueSet = source.valueSet(url);
  if (valueSet?.compose === undefined) return 'not in the package';
  if (valueSet.compose.exclude !== undefined) return 'excludes codes';
  const out: Record<string, string[]> = {};
  for (const include of valueSet.compose.include) {
    if (include.filter !== undefined || include.valueSet !== undefined || include.system === undefined)
      return 'filters a code system';
    const codes =
      include.concept?.map((concept) => concept.code) ?? allCodes(source.codeSystem(include.system));
    if (codes === undefined) return `takes all of ${include.system}, which is not in the package`;
    out[include.system] = [...new Set([...(out[include.system] ?? []), ...codes])];
  }
  return out;
}

function allCodes(system: CodeSystem | undefined): string[] | undefined {
  if (system === undefined || system.content !== 'complete') return undefined;
  const codes: string[] = [];
  const visit = (concepts: CodeSystem['concept']): void => {
    for (const concept of concepts ?? []) {
      codes.push(concept.code);
      visit(concept.concept);
    }
  };
  visit(system.concept);
  return codes;
}
