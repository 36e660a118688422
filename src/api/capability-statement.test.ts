import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CapabilityStatement } from 'fhir/r4.d.ts';
import { describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { effectiveSettings } from '../base/settings.ts';
import { resourceTypes, searchParametersOf } from '../fhir/definitions.ts';
import { parseSearch } from '../fhir/parse-search.ts';
import { parseSearchAcross } from '../fhir/parse-search-across.ts';
import type { ResourceType } from '../fhir/resource.ts';
import { validate } from '../fhir/validate.ts';
import { capabilityStatement } from './capability-statement.ts';
import { routes } from './routes.ts';

const bytes = capabilityStatement({
  rows: routes,
  base: 'http://x/fhir',
  name: 'X',
  date: '2026-11-23',
  conditionalDeleteMax: 1,
});
const statement = JSON.parse(bytes.toString()) as CapabilityStatement;
const [rest] = statement.rest ?? [];

const options = { strict: true, settings: effectiveSettings([], {}) };

/** Whether a search knows the parameter, whatever it says of the value. */
function isTaken(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return thrown.code !== 'not-supported';
  }
}

describe('the CapabilityStatement', () => {
  it('is valid R4', () => {
    expect(validate(statement)).toEqual([]);
  });

  it('lists every resource type with the interactions that the route table has', () => {
    expect(rest?.resource?.map((one) => one.type)).toEqual(resourceTypes);
    const expected = routes.interactions.filter((one) => one.level !== 'system').map((one) => one.code);
    expect(expected).toContain('read');
    for (const resource of rest?.resource ?? []) {
      expect(resource.interaction?.map((one) => one.code)).toEqual(expected);
    }
    expect(rest?.interaction?.map((one) => one.code)).toEqual(
      expect.arrayContaining(['batch', 'transaction', 'history-system']),
    );
  });

  it('lists every search parameter that a search takes, and no other', () => {
    for (const { type, searchParam } of rest?.resource ?? []) {
      const taken = [...searchParametersOf(type as ResourceType).keys()].filter((code) =>
        isTaken(() => parseSearch(type as ResourceType, [[code, 'x']], options)),
      );
      expect(searchParam?.map((one) => one.name)).toEqual(taken);
    }
    const patient = rest?.resource?.find((one) => one.type === 'Patient');
    expect(patient?.searchParam?.map((one) => one.name)).toContain('birthdate');
    expect(patient?.searchInclude).toContain('Patient:general-practitioner');
    expect(patient?.searchRevInclude).toContain('Observation:subject');
  });

  it('lists for all types what a search across them takes', () => {
    const names = rest?.searchParam?.map((one) => one.name) ?? [];
    expect(names).toEqual(
      expect.arrayContaining(['_id', '_lastUpdated', '_tag', '_filter', '_list', '_type']),
    );
    for (const name of names) {
      expect(name).toSatisfy(() => isTaken(() => parseSearchAcross([[name, 'x']], options)));
    }
  });

  it('lists the operations of the route table', () => {
    for (const resource of rest?.resource ?? []) {
      const expected = routes.operations
        .filter((one) => one.type === resource.type || one.type === 'any')
        .filter((one) => one.levels.some((level) => level !== 'system'));
      expect(resource.operation?.map((one) => one.name)).toEqual(expected.map((one) => one.name));
    }
    const ofSystem = routes.operations.filter((one) => one.levels.includes('system'));
    expect((rest?.operation ?? []).map((one) => one.name)).toEqual(ofSystem.map((one) => one.name));
  });

  it('is small enough to be fetched by every client', () => {
    expect(bytes.length).toBeLessThan(1_000_000);
  });
});

describe('docs/reference/fhir-api.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/fhir-api.md'), 'utf8');
  const documented = [...page.matchAll(/^\| `(\$?[a-z-]+)` \|/gm)].map((match) => match[1] ?? '');

  it('names every interaction and operation of the route table, and no other', () => {
    const interactions = routes.interactions.map((one) => one.code);
    const operations = new Set(routes.operations.map((one) => `$${one.name}`));
    expect(documented.sort()).toEqual([...interactions, ...operations].sort());
  });
});
