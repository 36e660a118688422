/**
 * R4 definitions → src/fhir/generated (not in git): the element tables as one JSON string, which
 * loads faster and type-checks for nothing, and the index functions as source. Passed over when neither
 * the package nor these scripts have changed. The definitions are HL7's, CC0.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StructureTable } from '../src/fhir/structure-table.ts';
import { profileDefinitions } from './definitions/profile-definitions.ts';
import { readR4Package } from './definitions/r4-package.ts';
import { compileSearch } from './definitions/search-functions.ts';
import { expandRequired, structureTables } from './definitions/structure-tables.ts';

const here = dirname(fileURLToPath(import.meta.url));
const source = dirname(fileURLToPath(import.meta.resolve('hl7.fhir.r4.examples/package.json')));
const target = join(here, '../src/fhir/generated');

const HEADER = 'Made by scripts/compile-definitions.ts from the R4 definitions (HL7, CC0). Not to be edited.';

/** Changes when the package or a line of these scripts does. */
function stampOf(): string {
  const hash = createHash('sha256');
  const scripts = readdirSync(join(here, 'definitions')).map((name) => join(here, 'definitions', name));
  for (const path of [
    join(source, 'package.json'),
    fileURLToPath(import.meta.url),
    join(here, '../src/fhir/structure-table.ts'),
    ...scripts.sort(),
  ]) {
    hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}

/** Whole or not at all: another process may be reading. */
function write(name: string, text: string): void {
  const path = join(target, name);
  writeFileSync(`${path}.${process.pid}`, text);
  renameSync(`${path}.${process.pid}`, path);
}

function compile(): void {
  const definitions = readR4Package(source);
  const types = structureTables(definitions.structures);
  const resources = definitions.structures
    .filter((one) => one.kind === 'resource' && !one.abstract)
    .map((one) => one.type)
    .sort();
  const { valueSets, unlisted } = expandRequired(types, definitions);
  const bases = new Map(
    definitions.structures.map((one) => [one.type, one.baseDefinition?.split('/').at(-1) ?? '']),
  );
  // The package also holds examples of SearchParameters, made to be read and not to be used.
  const real = definitions.searchParameters.filter((one) => !one.id.startsWith('example'));
  const search = compileSearch(real, resources, { rows: types, bases }, valueSets);
  const compartment = (kind: string): Record<string, readonly string[]> =>
    Object.fromEntries(
      definitions
        .compartment(kind)
        .flatMap(({ code, param }) => (param === undefined ? [] : [[code, param] as const])),
    );
  const table: StructureTable = {
    resources,
    primitives: definitions.structures.filter((one) => one.kind === 'primitive-type').map((one) => one.type),
    types,
    valueSets,
    unlisted,
    patientCompartment: compartment('patient'),
    otherCompartments: {
      Device: compartment('device'),
      Encounter: compartment('encounter'),
      Practitioner: compartment('practitioner'),
      RelatedPerson: compartment('relatedPerson'),
    },
    searchParameters: search.parameters,
    notIndexed: search.notIndexed,
  };
  mkdirSync(target, { recursive: true });
  const text = JSON.stringify(JSON.stringify(table));
  write('structure.ts', `/** ${HEADER} */\nexport const STRUCTURE: string =\n  ${text};\n`);
  write('search-functions.ts', search.source);
  const packed = profileDefinitions(source).toString('base64');
  write(
    'profile-definitions.ts',
    `/** ${HEADER} */\nexport const PROFILE_DEFINITIONS: string =\n  '${packed}';\n`,
  );
}

const stamp = stampOf();
const stampPath = join(target, 'stamp.txt');
const made = ['structure.ts', 'search-functions.ts', 'profile-definitions.ts'].every((name) =>
  existsSync(join(target, name)),
);
if (!made || !existsSync(stampPath) || readFileSync(stampPath, 'utf8') !== stamp) {
  compile();
  write('stamp.txt', stamp);
}
