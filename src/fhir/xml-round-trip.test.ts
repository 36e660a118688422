/**
 * JSON → XML → JSON leaves every example instance and definition of R4 as it was, and XML of others means what
 * their JSON does.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { r4Examples } from '../../test/r4-examples.ts';
import { effectiveSettings } from '../base/settings.ts';
import { writeJson } from './exact-decimals.ts';
import { parseJson } from './parse-json.ts';
import { parseXml } from './parse-xml.ts';
import { writeXml } from './write-xml.ts';

const settings = effectiveSettings([], {});
const UK_CORE = join(import.meta.dirname, '../../../shared/fixtures/ukcore');
const present = existsSync(UK_CORE);
if (!present) console.info('xml-round-trip: ../shared/fixtures/ukcore is absent, so it is skipped');

/** As it would be stored, whatever the order of the members. */
function isSame(one: unknown, other: unknown): boolean {
  const [a, b] = [writeJson(one), writeJson(other)];
  return a === b || (isDeepStrictEqual(one, other) && numbersIn(a) === numbersIn(b));
}

/** Every number of a JSON text as it is written there. */
function numbersIn(text: string): string {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[-+.\deE]*/g)]
    .map(([token]) => token)
    .filter((token) => !token.startsWith('"'))
    .sort()
    .join(' ');
}

describe('JSON → XML → JSON', () => {
  // of the definitions some hundreds, which are much the same; OPENWARD_XML_ALL=1 takes all 5,306
  const all = process.env.OPENWARD_XML_ALL === '1';
  const examples = r4Examples({ definitions: true }).filter(
    ({ name, bytes }, i) =>
      all ||
      (bytes.length < 1_000_000 &&
        (!/^(StructureDefinition|SearchParameter|ValueSet|CodeSystem|ConceptMap)-/.test(name) ||
          i % 10 === 0)),
  );

  it('is the same for every R4 example, indented or not', { timeout: 300_000 }, async () => {
    expect(examples.length).toBeGreaterThan(1_000);
    const differ: string[] = [];
    for (const [i, { name, bytes }] of examples.entries()) {
      const value = parseJson(bytes, settings);
      const xml = writeXml(value, i % 2 === 0 ? undefined : 0);
      if (!isSame(await parseXml(Buffer.from(xml), settings), value)) differ.push(name);
    }
    expect(differ).toEqual([]);
  });
});

describe.skipIf(!present)('UK Core in XML', () => {
  const folders = ['examples', ...['structuredefinitions', 'valuesets', 'codesystems', 'conceptmaps']];
  for (const folder of folders) {
    it(`is what its JSON says: ${folder}`, { timeout: 60_000 }, async () => {
      const inFormat = (format: string): string =>
        join(UK_CORE, folder === 'examples' ? `examples-${format}` : `definitions-${format}/${folder}`);
      const refused: string[] = [];
      const differ: string[] = [];
      const files = readdirSync(inFormat('xml'));
      for (const file of files) {
        const json = JSON.parse(
          readFileSync(join(inFormat('json'), file.replace(/xml$/, 'json')), 'utf8'),
          asWeRead,
        );
        try {
          const value = await parseXml(readFileSync(join(inFormat('xml'), file)), settings);
          if (!isDeepStrictEqual(withoutLines(value), withoutLines(json))) differ.push(file);
          if (!isSame(await parseXml(Buffer.from(writeXml(value, 0)), settings), value)) differ.push(file);
        } catch (error) {
          refused.push(`${file}: ${(error as Error).message}`);
        }
      }
      expect(files.length).toBeGreaterThan(2);
      expect(differ).toEqual([]);
      // a letter stands between two elements there
      expect(refused).toEqual(
        folder === 'codesystems'
          ? [
              'CodeSystem-UKCore-EthnicCategoryScotland.xml: Text stands between elements: FHIR has its values in ' +
                'attributes (line 38, column 3).',
            ]
          : [],
      );
    });
  }
});

const DECIMALS = new Set(['value', 'period', 'valueDecimal']);

/** The JSON of the fixtures comes from a converter that keeps comments and writes decimals as text. */
function asWeRead(this: unknown, name: string, value: unknown): unknown {
  if (name === 'fhir_comments') return undefined;
  const bare = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  if (bare && name.startsWith('_')) return undefined;
  return DECIMALS.has(name) && typeof value === 'string' && isDecimalOf(this, name) ? Number(value) : value;
}

function isDecimalOf(holder: unknown, name: string): boolean {
  const of = holder as Readonly<Record<string, unknown>>;
  if (!/^-?\d+(\.\d+)?$/.test(String(of[name]))) return false;
  return name !== 'value' || 'unit' in of || ('code' in of && !('use' in of));
}

/** XML makes a line break within an attribute a space; the converter of the fixtures does not. */
function withoutLines(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, one) => (typeof one === 'string' ? one.replace(/\s+/g, ' ') : one)),
  );
}
