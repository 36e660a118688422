/**
 * Valid instances, made wrong in one place: the validator says so, and says where. Some mistakes are listed by
 * hand against a profile with slices, some are made anywhere by a seed.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Issue } from '../../base/failure.ts';
import { effectiveSettings } from '../../base/settings.ts';
import { validateProfiles } from '../profile-validator.ts';
import { baseDefinitions } from './base-definitions.ts';

type Json = { [name: string]: unknown };

const FOLDER = dirname(fileURLToPath(import.meta.resolve('hl7.fhir.r4.examples/package.json')));
const base = await baseDefinitions();
const limits = effectiveSettings([], {});
const example = (name: string): Json =>
  JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Json;

function errorsOf(resource: unknown, profiles: readonly string[] = []): readonly Issue[] {
  return validateProfiles(base, resource, limits, { profiles }).filter((one) => one.severity === 'error');
}

const BLOOD_PRESSURE = 'http://hl7.org/fhir/StructureDefinition/bp';

/** What stands at a path of names and positions. */
function at(value: unknown, ...steps: readonly (string | number)[]): Json {
  return steps.reduce<unknown>((one, step) => (one as Json)[step], value) as Json;
}

const MISTAKES: readonly (readonly [string, (observation: Json) => void, string])[] = [
  ['no category', (one) => delete one.category, 'Observation'],
  [
    'a category of another kind',
    (one) => (at(one, 'category', 0, 'coding', 0).code = 'laboratory'),
    'Observation',
  ],
  ['no time', (one) => delete one.effectiveDateTime, 'Observation'],
  ['a year alone', (one) => (one.effectiveDateTime = '2012'), 'Observation.effective'],
  ['no subject', (one) => delete one.subject, 'Observation'],
  [
    'a subject of another type',
    (one) => (one.subject = { reference: 'Practitioner/1' }),
    'Observation.subject',
  ],
  [
    'a code without the one that the profile names',
    (one) => (one.code = { coding: [{ system: 'http://loinc.org', code: '8867-4' }] }),
    'Observation.code',
  ],
  ['no second pressure', (one) => (one.component as Json[]).splice(1, 1), 'Observation'],
  [
    'the same pressure twice',
    (one) => ((one.component as Json[])[1] = structuredClone(at(one, 'component', 0))),
    'Observation',
  ],
  [
    'another unit',
    (one) => (at(one, 'component', 0, 'valueQuantity').code = 'kPa'),
    'Observation.component[0].value.code',
  ],
  [
    'a pressure without a value or a reason',
    (one) => delete at(one, 'component', 0).valueQuantity,
    'Observation.component[0]',
  ],
  [
    'a pressure as text',
    (one) => {
      const component = at(one, 'component', 0);
      component.valueString = '120';
      delete component.valueQuantity;
    },
    'Observation.component[0]',
  ],
  ['a status that is none', (one) => (one.status = 'done'), 'Observation.status'],
];

describe('a blood pressure', () => {
  const sound = example('Observation-blood-pressure');

  it('is valid as HL7 has it', () => {
    expect(errorsOf(sound, [BLOOD_PRESSURE])).toEqual([]);
  });

  it.each(MISTAKES)('with %s fails there', (_name, mistake, place) => {
    const wrong = structuredClone(sound);
    mistake(wrong);
    expect(errorsOf(wrong, [BLOOD_PRESSURE]).map((one) => one.expression)).toContain(place);
  });
});

interface Spot {
  readonly holder: Json;
  readonly name: string;
  /** FHIRPath of the holder, and of the value in it. */
  readonly path: string;
  readonly place: string;
}

const CHOICE =
  /^(value|effective|onset|deceased|multipleBirth|medication|occurrence|performed|allowed|reported|dose|scheduled)(?!AndRate)[A-Z]\w+$/;

/** Every member of every object, with its places in FHIRPath. */
function spotsIn(value: unknown, path: string, found: Spot[] = []): Spot[] {
  if (typeof value !== 'object' || value === null) return found;
  const holder = value as Json;
  for (const [name, member] of Object.entries(holder)) {
    if (name === 'resourceType' || name === 'contained' || name.startsWith('_')) continue;
    const plain = CHOICE.exec(name)?.[1] ?? name;
    const place = `${path}.${plain}`;
    found.push({ holder, name, path, place });
    if (Array.isArray(member)) {
      for (const [i, one] of member.entries()) spotsIn(one, `${place}[${i}]`, found);
    } else {
      spotsIn(member, place, found);
    }
  }
  return found;
}

const INSTANCES = [
  'Patient-example',
  'Observation-blood-pressure',
  'MedicationRequest-medrx0302',
  'Encounter-f001',
  'CarePlan-example',
  'AllergyIntolerance-example',
  'Condition-example',
  'Procedure-example',
];

/** Kind of mistake → makes it, and says where it must be found. */
const ANYWHERE: Readonly<Record<string, (spot: Spot) => string>> = {
  'an element that does not exist': (spot) => {
    spot.holder.nobodyKnowsThis = true;
    return spot.path;
  },
  'a value of no type': (spot) => {
    const value = spot.holder[spot.name];
    if (Array.isArray(value)) {
      value.push(42);
      return `${spot.place}[${value.length - 1}]`;
    }
    spot.holder[spot.name] = typeof value === 'object' ? 'text' : { nested: true };
    return spot.place;
  },
  'an empty object': (spot) => {
    const value = spot.holder[spot.name];
    if (Array.isArray(value)) {
      value.push({});
      return `${spot.place}[${value.length - 1}]`;
    }
    spot.holder[spot.name] = {};
    return spot.place;
  },
  'a list where there is one, or one where there is a list': (spot) => {
    const value = spot.holder[spot.name];
    spot.holder[spot.name] = Array.isArray(value) ? value[0] : [value];
    return spot.place;
  },
};

describe('a mistake anywhere', () => {
  it('is found where it is', { timeout: 120_000 }, () => {
    const sound = INSTANCES.map(example);
    for (const one of sound) expect(errorsOf(one), String(one.id)).toEqual([]);
    const kinds = Object.entries(ANYWHERE);
    fc.assert(
      fc.property(
        fc.nat(sound.length - 1),
        fc.nat(kinds.length - 1),
        fc.nat(10_000),
        (instance, kind, number) => {
          const wrong = structuredClone(sound[instance]) as Json;
          const spots = spotsIn(wrong, String(wrong.resourceType));
          const spot = spots[number % spots.length];
          const make = kinds[kind]?.[1];
          if (spot === undefined || make === undefined) return false;
          const place = make(spot);
          const places = errorsOf(wrong).map((one) => one.expression ?? '');
          if (!places.some((one) => one === place || one.startsWith(`${place}[`)))
            throw new Error(`${kinds[kind]?.[0]} at ${place}, found at ${places.join(', ')}`);
          return true;
        },
      ),
      { numRuns: 400, seed: 20_261_124 },
    );
  });
});
