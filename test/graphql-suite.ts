/** HL7's own GraphQL cases, from the fixtures beside the project: queries, and what they must answer. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = join(import.meta.dirname, '../../shared/fixtures/suites/patch-graphql-r4/graphql');
const examples = dirname(fileURLToPath(import.meta.resolve('hl7.fhir.r4.examples/package.json')));

export interface GraphqlCase {
  readonly name: string;
  readonly query: string;
  /** Below the base, the operation with it: `Patient/example/$graphql`. */
  readonly path: string;
  /** What `data` must be; undefined where an error is right. */
  readonly output: unknown;
  readonly operationName: string | undefined;
}

/** Every case of the manifest; undefined where the fixtures are absent. */
export function graphqlCases(): readonly GraphqlCase[] | undefined {
  const manifest = join(folder, 'manifest.xml');
  if (!existsSync(manifest)) return undefined;
  const rows = readFileSync(manifest, 'utf8').matchAll(/<test ([^>]*)\/>/g);
  return [...rows].map(([, row = '']) => {
    const attribute = (name: string): string | undefined => new RegExp(`\\b${name}="([^"]*)"`).exec(row)?.[1];
    const output = attribute('output') ?? '$error';
    return {
      name: attribute('name') ?? '',
      query: readFileSync(join(folder, attribute('source') ?? ''), 'utf8'),
      path: attribute('context') || '$graphql',
      output: output === '$error' ? undefined : JSON.parse(readFileSync(join(folder, output), 'utf8')),
      operationName: attribute('operation'),
    };
  });
}

/** An example of the R4 package by the name of its file. */
export function example(name: string): { resourceType: string; id: string } {
  return JSON.parse(readFileSync(join(examples, `${name}.json`), 'utf8'));
}
