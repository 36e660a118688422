/**
 * What the room of packages hands to whoever validates or searches: definitions by their canonical address, as
 * the operator loaded them. An interface, so that this room reads no files and a test can give an object.
 */
import type { JsonObject } from './json-access.ts';

/** Kinds of definition that a package is read for; all else in it is an example, or left aside. */
export const DEFINITION_TYPES = [
  'StructureDefinition',
  'ValueSet',
  'CodeSystem',
  'ConceptMap',
  'NamingSystem',
  'SearchParameter',
] as const;

export type DefinitionType = (typeof DEFINITION_TYPES)[number];

export interface LoadedDefinitions {
  /**
   * The definition under this canonical address, `url` or `url|version`; without a version the newest. Undefined
   * where none is loaded. Throws Failure `exception` where what was loaded cannot be read any more.
   */
  find(type: DefinitionType, canonical: string): JsonObject | undefined;
  /** The addresses of all of one kind, without versions, each once. */
  urls(type: DefinitionType): readonly string[];
}

/** Where nothing is loaded. */
export const NO_DEFINITIONS: LoadedDefinitions = { find: () => undefined, urls: () => [] };

const TYPES: ReadonlySet<string> = new Set(DEFINITION_TYPES);

/** Whether a resource of this type is a definition. */
export function isDefinitionType(type: unknown): type is DefinitionType {
  return typeof type === 'string' && TYPES.has(type);
}

/** `url|version` in its parts. */
export function canonicalParts(canonical: string): { readonly url: string; readonly version?: string } {
  const bar = canonical.indexOf('|');
  if (bar < 0) return { url: canonical };
  return { url: canonical.slice(0, bar), version: canonical.slice(bar + 1) };
}
