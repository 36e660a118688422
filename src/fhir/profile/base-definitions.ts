/**
 * The R4 definitions themselves as a source for the profile validator: made at build time, opened when they
 * are first asked for, and then only those that are (a line of JSON each). A node that validates against no
 * profile never loads them.
 */
import { gunzipSync } from 'node:zlib';
import type { JsonObject } from '../json-access.ts';
import { codeMembership } from './code-membership.ts';
import type { DefinitionSource, Structure } from './definition-source.ts';

interface Line {
  readonly from: number;
  readonly to: number;
  resource: JsonObject | undefined;
}

const VERSION = '4.0.1';

let loading: Promise<DefinitionSource> | undefined;

/**
 * The base definitions, loaded once in a process (50 to 80 ms, 11 MB); fails where the build is incomplete.
 */
export function baseDefinitions(): Promise<DefinitionSource> {
  loading ??= import('../generated/profile-definitions.ts').then(({ PROFILE_DEFINITIONS }) =>
    openDefinitions(gunzipSync(Buffer.from(PROFILE_DEFINITIONS, 'base64'))),
  );
  return loading;
}

function openDefinitions(text: Buffer): DefinitionSource {
  const lines = indexOf(text);
  const find = (type: string, canonical: string): JsonObject | undefined => {
    const bar = canonical.indexOf('|');
    const line = lines.get(`${type} ${bar < 0 ? canonical : canonical.slice(0, bar)}`);
    if (line === undefined) return undefined;
    line.resource ??= JSON.parse(text.toString('utf8', line.from, line.to)) as JsonObject;
    if (bar < 0 || hasVersion(line.resource, canonical.slice(bar + 1))) return line.resource;
    return undefined;
  };
  return {
    structure: (canonical) => find('StructureDefinition', canonical) as Structure | undefined,
    find,
    ...codeMembership(find),
  };
}

/** `4.0` asks for any 4.0.x; HL7's own code systems carry versions of their own beside that of R4. */
function hasVersion(resource: JsonObject, asked: string): boolean {
  const held = typeof resource.version === 'string' ? resource.version : VERSION;
  return held === asked || held.startsWith(`${asked}.`) || asked === VERSION;
}

function indexOf(text: Buffer): Map<string, Line> {
  const lines = new Map<string, Line>();
  let from = text.indexOf(10) + 1;
  const index = JSON.parse(text.toString('utf8', 0, from)) as readonly (readonly [string, string, string])[];
  for (const [type, url] of index) {
    const end = text.indexOf(10, from);
    const to = end < 0 ? text.length : end;
    // the first of one address stays: what follows are examples under the same
    const key = `${type} ${url}`;
    if (!lines.has(key)) lines.set(key, { from, to, resource: undefined });
    from = to + 1;
  }
  return lines;
}
