/** The invariants made by hand answer as the library does for the expression that they stand for. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { compile } from '../fhir-path.ts';
import { isArray, isObject, type JsonObject } from '../json-access.ts';
import { QUICK } from './invariants.ts';
import type { Focus } from './profile-run.ts';

const FOLDER = dirname(fileURLToPath(import.meta.resolve('hl7.fhir.r4.examples/package.json')));

function focusOn(value: JsonObject, type: string, resource: JsonObject): Focus {
  const scope = { resource, root: resource, bundles: [], rootPath: type };
  const item = { value, companion: undefined, type, path: type };
  return { item, scope, name: type, definitionPath: type, parent: undefined };
}

function agreesOn(key: string, value: JsonObject, type: string, resource: JsonObject): boolean {
  const quick = QUICK[key];
  if (quick === undefined) return false;
  // R4 writes as() of many values, where the language has ofType() for it, and the library minds
  const expression = quick.expression.replaceAll('.as(', '.ofType(');
  const byLibrary = compile(expression, type === 'Resource' ? '' : type)(value, {
    resource,
    rootResource: resource,
  });
  return quick.holds(focusOn(value, type, resource)) === (byLibrary[0] === true);
}

function within(value: unknown, visit: (one: JsonObject, name: string) => void, name = ''): void {
  if (isArray(value)) {
    for (const one of value) within(one, visit, name);
  } else if (isObject(value)) {
    visit(value, name);
    for (const child in value) if (child !== 'contained') within(value[child], visit, child);
  }
}

const ofResource = ['dom-2', 'dom-3', 'dom-4', 'dom-5', 'dom-6'];

describe('invariants made by hand', () => {
  it('agree with the library on R4 examples', { timeout: 120_000 }, () => {
    const names = readdirSync(FOLDER).filter((one) =>
      /^(?:Patient|Observation|MedicationRequest|Medication|CarePlan|Claim)-.*\.json$/.test(one),
    );
    expect(names.length).toBeGreaterThan(150);
    for (const name of names) {
      const resource = JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as JsonObject;
      for (const key of ofResource) {
        expect(agreesOn(key, resource, 'Resource', resource), `${key} ${name}`).toBe(true);
      }
      within(resource, (one, member) => {
        if (member === 'extension') {
          expect(agreesOn('ext-1', one, 'Extension', resource), name).toBe(true);
          expect(agreesOn('ele-1', one, 'Extension', resource), name).toBe(true);
        } else if (typeof one.reference === 'string') {
          expect(agreesOn('ref-1', one, 'Reference', resource), name).toBe(true);
        } else if (member === 'period') {
          expect(agreesOn('per-1', one, 'Period', resource), name).toBe(true);
        }
      });
    }
  });

  const patient = (more: object): JsonObject => ({ resourceType: 'Patient', ...more });
  const CASES: readonly (readonly [string, boolean, JsonObject])[] = [
    [
      'dom-2',
      false,
      patient({ contained: [{ resourceType: 'Basic', contained: [{ resourceType: 'Basic' }] }] }),
    ],
    ['dom-3', false, patient({ contained: [{ resourceType: 'Basic', id: 'a' }] })],
    [
      'dom-3',
      true,
      patient({ contained: [{ resourceType: 'Basic', id: 'a' }], managingOrganization: { reference: '#a' } }),
    ],
    ['dom-4', false, patient({ contained: [{ resourceType: 'Basic', meta: { versionId: '1' } }] })],
    [
      'dom-5',
      false,
      patient({ contained: [{ resourceType: 'Basic', meta: { security: [{ code: 'R' }] } }] }),
    ],
    ['dom-6', false, patient({ text: { status: 'empty' } })],
  ];
  it.each(CASES)('%s is %s', (key, holds, resource) => {
    expect(QUICK[key]?.holds(focusOn(resource, 'Resource', resource))).toBe(holds);
    expect(agreesOn(key, resource, 'Resource', resource)).toBe(true);
  });

  it('of elements that say too much or nothing', () => {
    const resource = patient({});
    const both = { url: 'u', valueString: 'x', extension: [{ url: 'y', valueString: 'z' }] };
    for (const one of [both, { url: 'u' }]) {
      expect(QUICK['ext-1']?.holds(focusOn(one, 'Extension', resource))).toBe(false);
      expect(agreesOn('ext-1', one, 'Extension', resource)).toBe(true);
    }
    expect(QUICK['ele-1']?.holds(focusOn({ id: 'a' }, 'HumanName', resource))).toBe(false);
    expect(agreesOn('ele-1', { id: 'a' }, 'HumanName', resource)).toBe(true);
    expect(QUICK['ref-1']?.holds(focusOn({ reference: '#a' }, 'Reference', resource))).toBe(false);
    expect(agreesOn('ref-1', { reference: '#a' }, 'Reference', resource)).toBe(true);
    const backwards = { start: '2020-02-01', end: '2020-01-01' };
    expect(QUICK['per-1']?.holds(focusOn(backwards, 'Period', resource))).toBe(false);
    expect(agreesOn('per-1', backwards, 'Period', resource)).toBe(true);
  });
});
