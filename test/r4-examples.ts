/**
 * HL7's R4 example instances, from the development package that the definitions come from (CC0). For
 * tests only.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../node_modules/hl7.fhir.r4.examples');
/** The definitions of R4 itself: valid instances too, but 4,500 of much the same. */
const DEFINITIONS = /^(StructureDefinition|SearchParameter|ValueSet|CodeSystem|ConceptMap)-/;

export interface R4Example {
  /** File name without `.json`: `Patient-example`. */
  readonly name: string;
  readonly bytes: Buffer;
  /** Parsed anew at each call of r4Examples, so that a test may change it. */
  readonly resource: Record<string, unknown> & { readonly resourceType: string };
}

/** The 793 example instances, by name; with `definitions`, also the 4,513 that define R4. */
export function r4Examples({ definitions = false } = {}): readonly R4Example[] {
  return readdirSync(FOLDER)
    .filter((file) => /^[A-Z].*\.json$/.test(file) || file === 'ig-r4.json')
    .filter((file) => definitions || !DEFINITIONS.test(file))
    .sort()
    .map((file) => {
      const bytes = readFileSync(join(FOLDER, file));
      return { name: file.slice(0, -'.json'.length), bytes, resource: JSON.parse(bytes.toString('utf8')) };
    });
}
