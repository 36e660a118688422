/**
 * The base definitions that the profile validator asks at run time, cut down to what it reads: snapshots
 * without their documentation, value sets by their composition, code systems by codes and displays. One line
 * of JSON each under an index in the first line, gzipped, so that a node opens only those that it needs.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

type Json = { readonly [name: string]: unknown };

/** Of an element: what says nothing about an instance. */
const PROSE: ReadonlySet<string> = new Set([
  'definition',
  'comment',
  'requirements',
  'alias',
  'mapping',
  'example',
  'isSummary',
  'condition',
  'meaningWhenMissing',
  'orderMeaning',
  'isModifierReason',
  'label',
  'code',
]);

const HEAD: Readonly<Record<string, readonly string[]>> = {
  StructureDefinition: [
    'url',
    'version',
    'name',
    'status',
    'kind',
    'abstract',
    'type',
    'baseDefinition',
    'derivation',
    'context',
    'contextInvariant',
    'fhirVersion',
  ],
  ValueSet: ['url', 'version', 'name', 'status', 'immutable', 'compose'],
  CodeSystem: [
    'url',
    'version',
    'name',
    'status',
    'content',
    'caseSensitive',
    'hierarchyMeaning',
    'valueSet',
  ],
  SearchParameter: ['url', 'version', 'name', 'status', 'code', 'base', 'type', 'expression', 'derivedFrom'],
};

function cut(resource: Json, names: readonly string[]): Record<string, unknown> {
  const kept: Record<string, unknown> = { resourceType: resource.resourceType };
  for (const name of names) if (resource[name] !== undefined) kept[name] = resource[name];
  return kept;
}

function elementOf(element: Json): Json {
  return Object.fromEntries(Object.entries(element).filter(([name]) => !PROSE.has(name)));
}

function conceptOf(concept: Json): Json {
  const inner = concept.concept as readonly Json[] | undefined;
  return {
    code: concept.code,
    ...(concept.display === undefined ? {} : { display: concept.display }),
    ...(concept.designation === undefined ? {} : { designation: concept.designation }),
    ...(concept.property === undefined ? {} : { property: concept.property }),
    ...(inner === undefined ? {} : { concept: inner.map(conceptOf) }),
  };
}

function lineOf(resource: Json): Json | undefined {
  const type = String(resource.resourceType);
  const kept = cut(resource, HEAD[type] ?? []);
  if (type === 'StructureDefinition') {
    const snapshot = resource.snapshot as { readonly element: readonly Json[] } | undefined;
    if (snapshot === undefined) return undefined;
    kept.snapshot = { element: snapshot.element.map(elementOf) };
  }
  if (type === 'CodeSystem' && resource.concept !== undefined) {
    kept.concept = (resource.concept as readonly Json[]).map(conceptOf);
  }
  return kept;
}

/**
 * The package's definitions as one gzipped text: the index (an array of `[type, url, version]`), then a line
 * for each in the same order.
 */
export function profileDefinitions(folder: string): Buffer {
  const index: unknown[] = [];
  const lines: string[] = [];
  const names = readdirSync(folder).sort();
  for (const type of Object.keys(HEAD)) {
    for (const name of names) {
      if (!name.startsWith(`${type}-`) || !name.endsWith('.json')) continue;
      const resource = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Json;
      const line = typeof resource.url === 'string' ? lineOf(resource) : undefined;
      if (line === undefined) continue;
      index.push([type, resource.url, resource.version ?? '']);
      lines.push(JSON.stringify(line));
    }
  }
  return gzipSync([JSON.stringify(index), ...lines].join('\n'), { level: 9 });
}
