/** $validate in its own thread: answers, waits its turn, and is ended when it takes too long. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  definition,
  manifest,
  type ShelfUnderTest,
  shelfUnderTest,
  tgzOf,
} from '../../test/packages-under-test.ts';
import { Failure } from '../base/failure.ts';
import { effectiveSettings, type Settings } from '../base/settings.ts';
import { addGivenPackage } from './add-package.ts';
import { type OpenValidator, openValidator } from './open-validator.ts';

const PROFILE = 'https://example.org/StructureDefinition/named';
const NAMED = {
  resourceType: 'StructureDefinition',
  url: PROFILE,
  name: 'Named',
  status: 'active',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  derivation: 'constraint',
  differential: { element: [{ id: 'Patient.name', path: 'Patient.name', min: 1 }] },
};

let shelf: ShelfUnderTest;
const open: OpenValidator[] = [];
beforeAll(async () => {
  shelf = await shelfUnderTest();
  const from = await shelf.file('p.tgz', await tgzOf([manifest(), definition(NAMED)]));
  await addGivenPackage(shelf.parts(), { from, named: {}, keepExamples: false });
});
afterAll(async () => {
  for (const one of open) await one.close();
  await shelf.remove();
});

function validator(more: Partial<Settings> = {}): OpenValidator {
  const { folder } = shelf.parts();
  const made = openValidator({ folder, limits: { ...effectiveSettings([], {}), ...more } });
  open.push(made);
  return made;
}

describe('$validate in a thread of its own', () => {
  it('knows R4 and the packages of the node', async () => {
    const { validate } = validator();
    const [bare, named] = await Promise.all([
      validate({ resourceType: 'Patient' }, [PROFILE]),
      validate({ resourceType: 'Patient', name: [{ text: 'A' }] }, [PROFILE]),
    ]);
    const errors = (issues: typeof bare): unknown[] => issues.filter((one) => one.severity === 'error');
    expect(errors(bare ?? [])).toMatchObject([{ code: 'required', expression: 'Patient' }]);
    expect(errors(named ?? [])).toEqual([]);
  });

  it('is ended where it takes too long, and goes on with the next', async () => {
    const { validate } = validator({ validateSecondsMax: 0 });
    for (let i = 0; i < 2; i++) {
      const refused = await validate({ resourceType: 'Patient' }, []).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(Failure);
      expect((refused as Failure).message).toContain('validateSecondsMax');
    }
  });

  it('refuses where too many wait', async () => {
    const { validate, close } = validator({ validateQueueMax: 1 });
    const asked = [1, 2, 3].map(() =>
      validate({ resourceType: 'Patient' }, []).catch((error: unknown) => error),
    );
    expect(await asked[2]).toMatchObject({ code: 'throttled' });
    await close();
    expect(await asked[1]).toMatchObject({ code: 'transient' });
  });
});
