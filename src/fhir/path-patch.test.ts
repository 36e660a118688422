/** FHIRPath Patch: the official cases, and what must not be possible. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { patchCases } from '../../test/patch-cases.ts';
import { effectiveSettings } from '../base/settings.ts';
import { writeJson } from './exact-decimals.ts';
import type { JsonObject } from './json-access.ts';
import { parseJson } from './parse-json.ts';
import { applyPathPatch } from './path-patch.ts';
import { validate } from './validate.ts';

const settings = effectiveSettings([], {});
const CASES = join(
  import.meta.dirname,
  '../../../shared/fixtures/suites/patch-graphql-r4/patch/fhir-patch-tests.xml',
);

type Part = Record<string, unknown>;
const operation = (type: string, path: string, ...more: Part[]): Part => ({
  name: 'operation',
  part: [{ name: 'type', valueCode: type }, { name: 'path', valueString: path }, ...more],
});
const patch = (...parameter: Part[]): JsonObject => ({ resourceType: 'Parameters', parameter });
const value = (given: object): Part => ({ name: 'value', ...given });
const named = (name: string): Part => ({ name: 'name', valueString: name });
const failure = (resource: object, ...parameter: Part[]) => {
  try {
    applyPathPatch(resource, patch(...parameter), settings);
  } catch (thrown) {
    return thrown as { code: string; message: string; expression: string };
  }
  return { code: 'none', message: '', expression: '' };
};

/** Narrative as its words: how it is laid out is lost on the way from the XML of the cases. */
const withWords = (resource: unknown): unknown =>
  JSON.parse(
    JSON.stringify(resource, (name, held) =>
      name === 'div'
        ? String(held)
            .replace(/<[^>]*>/g, ' ')
            .split(/\s+/)
            .sort()
            .join(' ')
        : held,
    ),
  );

describe.runIf(existsSync(CASES))('official cases', () => {
  const cases = existsSync(CASES) ? patchCases(readFileSync(CASES, 'utf8')) : [];

  it('are all there', () => {
    expect(cases).toHaveLength(33);
  });

  for (const { name, input, patch: given, output } of cases) {
    it(name, () => {
      expect(validate(given)).toEqual([]);
      const apply = () => applyPathPatch(input, given as JsonObject, settings);
      if (output === undefined) expect(apply).toThrow('leads to nothing');
      else expect(withWords(apply())).toEqual(withWords(output));
    });
  }
});
if (!existsSync(CASES)) console.warn('the official FHIRPath Patch cases are absent: not run');

describe('a FHIRPath Patch', () => {
  it('changes the type of a choice, and keeps decimals', () => {
    const observation = parseJson(
      Buffer.from('{"resourceType":"Observation","valueQuantity":{"value":5.40,"unit":"g"}}'),
      settings,
    );
    const given = parseJson(
      Buffer.from(
        JSON.stringify(
          patch(
            operation('replace', 'Observation.value.value', value({ valueDecimal: 777 })),
            operation('add', 'Observation', named('effective'), value({ valueDateTime: '2026' })),
            operation('replace', 'Observation.effective', value({ valueInstant: '2026-01-01T00:00:00Z' })),
          ),
        ).replace('777', '7.10'),
      ),
      settings,
    );
    expect(writeJson(applyPathPatch(observation, given as JsonObject, settings))).toBe(
      '{"resourceType":"Observation","valueQuantity":{"value":7.10,"unit":"g"},' +
        '"effectiveInstant":"2026-01-01T00:00:00Z"}',
    );
  });

  it('keeps what stands beside a primitive in its place', () => {
    const patient = {
      resourceType: 'Patient',
      name: [{ given: ['a', 'b'], _given: [null, { id: 'beside-b' }] }],
    };
    const given = operation(
      'insert',
      'Patient.name.given',
      { name: 'index', valueInteger: 1 },
      value({ valueString: 'new', _valueString: { id: 'beside-new' } }),
    );
    expect(applyPathPatch(patient, patch(given), settings)).toEqual({
      resourceType: 'Patient',
      name: [{ given: ['a', 'new', 'b'], _given: [null, { id: 'beside-new' }, { id: 'beside-b' }] }],
    });
    const removed = operation('delete', "Patient.name.given.where($this = 'b')");
    expect(applyPathPatch(patient, patch(removed), settings)).toEqual({
      resourceType: 'Patient',
      name: [{ given: ['a'] }],
    });
  });

  it('reaches into contained resources and into elements of their own kind', () => {
    const resource = {
      resourceType: 'Questionnaire',
      contained: [{ resourceType: 'Patient', id: 'p', gender: 'male' }],
      item: [{ linkId: '1', item: [{ linkId: '1.1', text: 'x' }] }],
    };
    const done = applyPathPatch(
      resource,
      patch(
        operation('replace', "Questionnaire.contained.where(id = 'p').gender", value({ valueCode: 'other' })),
        operation('replace', 'Questionnaire.item[0].item[0].text', value({ valueString: 'y' })),
        operation(
          'add',
          'Questionnaire.item[0].item[0]',
          named('item'),
          value({ part: [{ name: 'linkId', valueString: '1.1.1' }] }),
        ),
      ),
      settings,
    );
    expect(done).toEqual({
      resourceType: 'Questionnaire',
      contained: [{ resourceType: 'Patient', id: 'p', gender: 'other' }],
      item: [{ linkId: '1', item: [{ linkId: '1.1', text: 'y', item: [{ linkId: '1.1.1' }] }] }],
    });
  });

  it('is content where what is to be deleted is not there', () => {
    const patient = { resourceType: 'Patient', gender: 'male' };
    expect(applyPathPatch(patient, patch(operation('delete', 'Patient.name')), settings)).toEqual(patient);
  });

  it('names the operation and what is wrong with it', () => {
    const patient = { resourceType: 'Patient', gender: 'male', name: [{ family: 'a' }, { family: 'b' }] };
    const code = value({ valueCode: 'x' });
    for (const [given, kind, text, expression] of [
      [{ name: 'other' }, 'invalid', '"operation"', 'Parameters.parameter[0]'],
      [operation('frobnicate', 'Patient'), 'invalid', 'add, insert', 'Parameters.parameter[0].type'],
      [operation('add', 'Patient', code), 'invalid', '"name"'],
      [operation('delete', 'Patient.gender', code), 'invalid', 'no part "value"'],
      [operation('replace', 'Patient.name', code), 'processing', '2 elements'],
      [operation('delete', 'Patient.name'), 'processing', '2 elements'],
      [operation('delete', 'Patient'), 'processing', 'resource itself'],
      [operation('replace', 'Patient.birthDate', code), 'processing', 'leads to nothing'],
      [operation('add', 'Patient', named('gender'), code), 'processing', 'use replace'],
      [operation('add', 'Patient', named('nonsense'), code), 'value', '"nonsense"'],
      [operation('add', 'Patient', named('deceased'), code), 'value', 'that type'],
      [operation('add', 'Patient.gender', named('x'), code), 'processing', 'no elements'],
      [operation('replace', 'Patient.gender.upper()', code), 'processing', 'no part of'],
      [operation('replace', 'Patient.((', code), 'invalid', 'Not FHIRPath', 'Parameters.parameter[0].path'],
      [operation('replace', 'Patient.descendants()', code), 'invalid', '"descendants()"'],
      [operation('replace', "Patient.name.where(family.matches('(a+)+$'))", code), 'invalid', '"matches()"'],
      [operation('replace', "Patient.name.where('aa!'.`matches`('(a+)+$'))", code), 'invalid', 'matches'],
      [operation('replace', "Patient.name.where('aa!'.matches/**/('(a+)+$'))", code), 'invalid', 'matches'],
      [
        operation('replace', "Patient.name.where(`'`.not() and 'a'.matches('(a+)+$'))", code),
        'invalid',
        'match',
      ],
      [operation('replace', "Patient.name.where('aa!'.`\\u006datches`('(a+)+$'))", code), 'invalid', 'u006d'],
      [operation('replace', 'Patient.name.repeat(%resource)', code), 'invalid', '"repeat()"'],
      [operation('replace', '(Patient | Patient).gender', code), 'invalid', 'unions'],
      [operation('replace', `Patient${'.name'.repeat(300)}`, code), 'invalid', 'patchPathCharactersMax'],
      [
        operation(
          'insert',
          'Patient.name',
          { name: 'index', valueInteger: 9 },
          value({ valueHumanName: {} }),
        ),
        'processing',
        'list of 2',
      ],
      [
        operation(
          'move',
          'Patient.name',
          { name: 'source', valueInteger: 0 },
          { name: 'destination', valueInteger: 2 },
        ),
        'processing',
        'list of 2',
      ],
    ] as readonly (readonly [Part, string, string, string?])[]) {
      const thrown = failure(patient, given);
      expect([thrown.code, thrown.message], JSON.stringify(given)).toEqual([
        kind,
        expect.stringContaining(text),
      ]);
      expect(thrown.expression).toContain(expression ?? 'Parameters.parameter[0]');
    }
    const names = Array.from({ length: 1000 }, (_, n) => ({ family: `${n}` }));
    const where = `.where(${Array(20).fill('family.exists()').join(' and ')})`;
    const long = operation('delete', `Patient.name${where}${where}.family`);
    expect(failure({ ...patient, name: names }, ...Array(9).fill(long)).code).toBe('too-costly');
    // each is read anew: what is read is not evaluated, and takes no step
    const sums = Array.from({ length: 1000 }, (_, n) =>
      operation('delete', `Patient.photo[${n}${'+1'.repeat(400)}]`),
    );
    expect(failure(patient, ...sums)).toMatchObject({ code: 'too-costly', status: 400 });
    expect(
      applyPathPatch(patient, patch(operation('delete', 'Patient.gender')), settings),
    ).not.toHaveProperty('gender');
    expect(failure(patient, ...Array(1001).fill(operation('delete', 'Patient.photo'))).message).toContain(
      'patchOperationsMax',
    );
  });
});
