/**
 * The official cases of the validator (fixtures/suites/validator-r4): each with the profiles that it brings,
 * run as its manifest says, and what the reference implementation found. Compared are validity and the place
 * of the first error, without what only that implementation writes into places.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Issue } from '../src/base/failure.ts';
import { effectiveSettings } from '../src/base/settings.ts';
import type { JsonObject } from '../src/fhir/json-access.ts';
import type { DefinitionType, LoadedDefinitions } from '../src/fhir/loaded-definitions.ts';
import { packageDefinitions } from '../src/fhir/package-definitions.ts';
import { parseXml } from '../src/fhir/parse-xml.ts';
import { validateProfiles } from '../src/fhir/profile-validator.ts';

const SUITE = join(import.meta.dirname, '../../shared/fixtures/suites/validator-r4');
export const SUITE_THERE = existsSync(SUITE);

interface Part {
  readonly source: string;
  readonly supporting?: readonly string[];
  readonly java: string | { readonly errorCount?: number };
}

export interface SuiteCase {
  readonly name: string;
  readonly file: string;
  readonly profiles?: readonly string[];
  readonly supporting?: readonly string[];
  readonly profile?: Part;
  readonly java?: string | { readonly errorCount?: number };
  readonly [flag: string]: unknown;
}

/** What is expected or was found: whether it is valid, and where the first error lies. */
export interface Verdict {
  readonly valid: boolean;
  readonly place: string | undefined;
}

export interface Comparison {
  readonly part: 'base' | 'profile';
  readonly expected: Verdict;
  readonly found: Verdict;
  readonly issues: readonly Issue[];
}

const LIMITS = effectiveSettings([], {});
const text = (name: string): string => readFileSync(join(SUITE, name), 'utf8');

export function suiteCases(): readonly SuiteCase[] {
  return (JSON.parse(text('manifest-subset.json')) as { 'test-cases': SuiteCase[] })['test-cases'];
}

/** `Observation.value.ofType(Quantity)` is our `Observation.value`; what stands in comments is of nobody. */
function placeOf(expression: string | undefined): string {
  return (expression ?? '')
    .replace(/\/\*.*?\*\//g, '')
    .replace(/\.ofType\(\w+\)/g, '')
    .replace(/\[url='[^']*'\]/g, '');
}

function expectedOf(said: Part['java'] | undefined): Verdict {
  if (said === undefined || typeof said !== 'string') {
    const valid = (said?.errorCount ?? 0) === 0;
    return { valid, place: undefined };
  }
  const { issue } = JSON.parse(text(join('outcomes', said))) as {
    issue?: { severity: string; expression?: string[]; location?: string[] }[];
  };
  const first = issue?.find((one) => one.severity === 'error' || one.severity === 'fatal');
  if (first === undefined) return { valid: true, place: undefined };
  return { valid: false, place: placeOf(first.expression?.[0] ?? first.location?.[0]) };
}

async function read(name: string): Promise<JsonObject> {
  const bytes = readFileSync(join(SUITE, name));
  const value = name.endsWith('.xml') ? await parseXml(bytes, LIMITS) : JSON.parse(bytes.toString('utf8'));
  return value as JsonObject;
}

/** A profile is named by its file, or by its address. */
async function urlOf(source: string): Promise<string> {
  return existsSync(join(SUITE, source)) ? String((await read(source)).url) : source;
}

/** Definitions of the case, and other resources that it brings, by address. */
function loadedFrom(resources: readonly JsonObject[]): LoadedDefinitions {
  const found = (type: string) => resources.filter((one) => one.resourceType === type);
  const find = (type: string, canonical: string): JsonObject | undefined =>
    found(type).find((one) => one.url === canonical.split('|')[0]);
  return {
    find: (type: DefinitionType, canonical) => find(type, canonical),
    urls: (type) => found(type).map((one) => String(one.url)),
  };
}

export async function runCase(one: SuiteCase): Promise<readonly Comparison[]> {
  const made = [await runPart(one, 'base')];
  if (one.profile?.java !== undefined) made.push(await runPart(one, 'profile'));
  return made;
}

async function runPart(one: SuiteCase, part: 'base' | 'profile'): Promise<Comparison> {
  const own = part === 'profile' ? one.profile : undefined;
  const names = [...(one.supporting ?? []), ...(one.profiles ?? [])];
  if (own !== undefined) names.push(...(own.supporting ?? []), own.source);
  const files = names.filter((name) => existsSync(join(SUITE, name)));
  const resources = await Promise.all(files.map(read));
  const asked = own === undefined ? [] : [await urlOf(own.source)];
  const expected = expectedOf(part === 'base' ? one.java : own?.java);
  const issues = await check(one, resources, asked);
  const first = issues.find((issue) => issue.severity === 'error' || issue.severity === 'fatal');
  const place = first === undefined ? undefined : placeOf(first.expression);
  return { part, expected, issues, found: { valid: first === undefined, place } };
}

async function check(
  one: SuiteCase,
  resources: readonly JsonObject[],
  profiles: readonly string[],
): Promise<readonly Issue[]> {
  const definitions = await packageDefinitions(loadedFrom(resources))();
  const source = {
    ...definitions,
    structure: (canonical: string) => definitions.structure(canonical),
    find: (type: string, canonical: string) =>
      definitions.find(type, canonical) ??
      resources.find((each) => each.resourceType === type && each.url === canonical.split('|')[0]),
  };
  let resource: unknown;
  try {
    resource = JSON.parse(text(one.file));
  } catch {
    return [{ severity: 'fatal', code: 'structure', text: 'not JSON' }];
  }
  return validateProfiles(source, resource, LIMITS, {
    profiles,
    unknownExtensions: 'error',
    restReferences: one.assumeValidRestReferences === true,
    noMarkup: one['security-checks'] === true,
    noMarkdownMarkup: one.noHtmlInMarkdown === true,
    noExamples: one.examples === false,
    noExperimental: one['no-experimental-content'] === true,
  });
}

export function agrees({ expected, found }: Comparison): boolean {
  if (expected.valid !== found.valid) return false;
  return expected.place === undefined || expected.place === found.place;
}
