/**
 * Reads the pinned package of R4 definitions (hl7.fhir.r4.examples, CC0): only the files that the
 * tables need, found by name, because the package holds 5,300.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ElementDefinition {
  readonly path: string;
  readonly min: number;
  readonly max: string;
  readonly base?: { readonly path: string };
  readonly isSummary?: boolean;
  readonly representation?: readonly string[];
  readonly contentReference?: string;
  readonly type?: readonly {
    readonly code: string;
    readonly targetProfile?: readonly string[];
    readonly extension?: readonly { readonly url: string; readonly valueUrl?: string }[];
  }[];
  readonly binding?: { readonly strength: string; readonly valueSet?: string };
}

export interface StructureDefinition {
  readonly type: string;
  readonly kind: 'resource' | 'complex-type' | 'primitive-type' | 'logical';
  readonly abstract: boolean;
  readonly derivation?: string;
  readonly baseDefinition?: string;
  readonly snapshot?: { readonly element: readonly ElementDefinition[] };
}

export interface SearchParameterDefinition {
  readonly id: string;
  readonly url: string;
  readonly code: string;
  readonly base?: readonly string[];
  readonly type: string;
  readonly expression?: string;
  readonly target?: readonly string[];
  readonly component?: readonly { readonly definition: string; readonly expression: string }[];
}

interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
}

export interface CodeSystem {
  readonly url: string;
  readonly content: string;
  readonly concept?: readonly Concept[];
}

interface ValueSet {
  readonly url: string;
  readonly compose?: {
    readonly include: readonly {
      readonly system?: string;
      readonly concept?: readonly Concept[];
      readonly filter?: readonly unknown[];
      readonly valueSet?: readonly string[];
    }[];
    readonly exclude?: readonly unknown[];
  };
}

export interface R4Package {
  readonly structures: readonly StructureDefinition[];
  readonly searchParameters: readonly SearchParameterDefinition[];
  /** Members of the compartment of a Patient, a Practitioner … `kind` is in lower case. */
  compartment(kind: string): readonly { readonly code: string; readonly param?: readonly string[] }[];
  valueSet(url: string): ValueSet | undefined;
  codeSystem(url: string): CodeSystem | undefined;
}

/** The definitions in the package's folder. Throws where a file cannot be read. */
export function readR4Package(folder: string): R4Package {
  const names = readdirSync(folder);
  const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
  const starting = (prefix: string): string[] =>
    names.filter((name) => name.startsWith(prefix) && name.endsWith('.json'));

  const urls = new Map<string, Map<string, string>>();
  /** Canonical URL → file, from the start of each file's text; made once, when a name alone does not tell. */
  const fileByUrl = (prefix: string): Map<string, string> => {
    const known = urls.get(prefix);
    if (known !== undefined) return known;
    const made = new Map<string, string>();
    for (const name of starting(prefix)) made.set(read<{ url: string }>(name).url, name);
    urls.set(prefix, made);
    return made;
  };
  const byUrl = <T extends { url: string }>(prefix: string, url: string): T | undefined => {
    const guess = `${prefix}${url.slice(url.lastIndexOf('/') + 1)}.json`;
    if (names.includes(guess)) {
      const found = read<T>(guess);
      if (found.url === url) return found;
    }
    const name = fileByUrl(prefix).get(url);
    return name === undefined ? undefined : read<T>(name);
  };

  return {
    structures: starting('StructureDefinition-')
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .filter((text) => !text.includes('"derivation":"constraint"'))
      .map((text) => JSON.parse(text) as StructureDefinition)
      .filter((one) => one.kind !== 'logical' && one.derivation !== 'constraint'),
    searchParameters: starting('SearchParameter-').map((name) => read<SearchParameterDefinition>(name)),
    compartment: (kind) =>
      read<{ resource: { code: string; param?: string[] }[] }>(`CompartmentDefinition-${kind}.json`).resource,
    valueSet: (url) => byUrl<ValueSet>('ValueSet-', url),
    codeSystem: (url) => byUrl<CodeSystem>('CodeSystem-', url),
  };
}
