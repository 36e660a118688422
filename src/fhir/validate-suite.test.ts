/**
 * HL7's own validator test cases (fhir-test-cases, validator-r4) where the fixtures are at hand: what HL7's validator
 * accepts must not be refused here. The reverse is not asked: most of its errors are of profiles and terminology.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { parseJson } from './parse-json.ts';
import { validate } from './validate.ts';

const FOLDER = join(import.meta.dirname, '../../../shared/fixtures/suites/validator-r4');
const present = existsSync(FOLDER);
if (!present)
  console.info('validate-suite: ../shared/fixtures/suites/validator-r4 is absent, so it is skipped');

interface Case {
  readonly file: string;
  /** What HL7's validator said: an OperationOutcome, or the file that holds it. */
  readonly java?: string | { readonly outcome?: { readonly issue?: { severity: string }[] } };
}

const read = (path: string): Buffer => readFileSync(join(FOLDER, path));

function refused(file: string): boolean {
  try {
    return validate(parseJson(read(file), { jsonDepthMax: 64 })).some((issue) => issue.severity === 'error');
  } catch (error) {
    if (error instanceof Failure) return true;
    throw error;
  }
}

describe.skipIf(!present)('HL7 validator cases', () => {
  it('that are valid are accepted', () => {
    const cases: readonly Case[] = JSON.parse(read('manifest-subset.json').toString('utf8'))['test-cases'];
    const valid = cases.filter(({ file, java }) => {
      if (java === undefined || !file.endsWith('.json')) return false;
      const found =
        typeof java === 'string' ? JSON.parse(read(join('outcomes', java)).toString('utf8')) : java;
      const issues: { severity: string }[] = (found.outcome ?? found).issue ?? [];
      return !issues.some(({ severity }) => severity === 'error' || severity === 'fatal');
    });
    expect(valid.length).toBeGreaterThan(20);
    expect(valid.map(({ file }) => file).filter(refused)).toEqual([]);
  });

  it('that are no JSON are refused with the place', () => {
    for (const file of ['bad-json-close-1.json']) {
      expect(() => parseJson(read(file), { jsonDepthMax: 64 })).toThrow(/line \d+, column \d+/);
    }
  });
});
