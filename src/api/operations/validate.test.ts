/** $validate: what would be taken, and nothing kept; 200 whether it is valid or not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type DoorUnderTest,
  openDoorUnderTest,
  scenarios,
} from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest();
  const body = { resourceType: 'Basic', id: 'there', code: { text: 'x' } };
  expect((await door.send('PUT', '/fhir/Basic/there', { as: 'system', body })).status).toBe(201);
});
afterAll(() => door.close());

const GOOD = { resourceType: 'Basic', code: { text: 'x' } };
const BAD = { resourceType: 'Basic', kode: 'x' };

async function validated(path: string, body: object, as = 'system'): Promise<Answer> {
  const answer = await door.send('POST', `/fhir/${path}`, { as, body });
  expect(answer.status, answer.text).toBe(200);
  expect(answer.json().resourceType).toBe('OperationOutcome');
  return answer;
}
const errors = (answer: Answer): unknown[] =>
  answer.json().issue.filter((one: { severity: string }) => one.severity === 'error');

describe('$validate', () => {
  it('takes the resource as the body or as a parameter, and says where it is wrong', async () => {
    const wrapped = (resource: object): object => ({
      resourceType: 'Parameters',
      parameter: [{ name: 'resource', resource }],
    });
    for (const wrap of [(one: object) => one, wrapped]) {
      expect(errors(await validated('Basic/$validate', wrap(GOOD)))).toEqual([]);
      const outcome = await validated('Basic/$validate', wrap(BAD));
      expect(errors(outcome).length).toBeGreaterThan(0);
      expect(outcome.text).toContain('Basic.');
    }
    expect(errors(await validated('Patient/$validate', GOOD))).toHaveLength(1);
    expect((await door.send('GET', '/fhir/Basic', { as: 'system' })).json().entry).toHaveLength(1);
  });

  it('checks Parameters themselves', async () => {
    const itself = { resourceType: 'Parameters', parameter: [{ name: 'a', valueString: 'b' }] };
    expect(errors(await validated('Parameters/$validate', itself))).toEqual([]);
    expect(errors(await validated('Parameters/$validate', { ...itself, parameter: [{}] }))).not.toEqual([]);
  });

  it('checks what is there', async () => {
    const answer = await door.send('GET', '/fhir/Basic/there/$validate', { as: 'system' });
    expect(errors(answer)).toEqual([]);
  });

  it('checks against an update of what is there', async () => {
    const mode = '$validate?mode=update';
    expect(errors(await validated(`Basic/there/${mode}`, { ...GOOD, id: 'there' }))).toEqual([]);
    expect(errors(await validated(`Basic/there/${mode}`, { ...GOOD, id: 'other' }))).toHaveLength(1);
    expect((await validated(`Basic/new/${mode}`, { ...GOOD, id: 'new' })).text).toContain('anew');
  });

  it('checks by profiles: those that it claims, and the one that is asked for', async () => {
    const heartRate = {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
      subject: { reference: 'Patient/p' },
      effectiveDateTime: '2026-11-24',
      valueQuantity: { value: 60, unit: '/min', system: 'http://unitsofmeasure.org', code: '/min' },
    };
    const profile = 'http://hl7.org/fhir/StructureDefinition/heartrate';
    expect(errors(await validated('Observation/$validate', heartRate))).toEqual([]);
    const claiming = { ...heartRate, meta: { profile: [profile] } };
    for (const answer of [
      await validated('Observation/$validate', claiming),
      await validated(`Observation/$validate?profile=${encodeURIComponent(profile)}`, heartRate),
    ]) {
      expect(errors(answer).length).toBeGreaterThan(0);
      expect(errors(answer)[0]).toMatchObject({ code: 'required', expression: ['Observation'] });
      expect(answer.text).toContain('category');
    }
  });

  it('checks a deletion, which needs no content', async () => {
    const body = { resourceType: 'Parameters', parameter: [{ name: 'mode', valueCode: 'delete' }] };
    expect((await validated('Basic/there/$validate', body)).text).toContain('All OK');
    expect((await validated('Basic/nobody/$validate', body)).text).toContain('Nothing is there');
  });

  scenarios(
    () => door,
    [
      {
        name: 'nothing',
        request: 'POST /fhir/Basic/$validate',
        as: 'gp',
        status: 400,
        contains: ['resource'],
      },
      {
        name: 'a mode that is none',
        request: 'POST /fhir/Basic/$validate?mode=destroy',
        as: 'gp',
        body: GOOD,
        status: 400,
        contains: ['mode'],
      },
      {
        name: 'an update of nothing that is named',
        request: 'POST /fhir/Basic/$validate?mode=update',
        as: 'gp',
        body: GOOD,
        status: 400,
        contains: ['update'],
      },
      {
        name: 'a profile that nobody loaded',
        request: 'POST /fhir/Basic/$validate?profile=https://example.org/nobody',
        as: 'gp',
        body: GOOD,
        status: 400,
        contains: ['openward packages add'],
      },
      {
        name: 'no JSON',
        request: 'POST /fhir/Basic/$validate',
        as: 'gp',
        body: '{"resourceType":',
        status: 400,
      },
      {
        name: 'a parameter that it does not know',
        request: 'POST /fhir/Basic/$validate?strength=all',
        as: 'gp',
        body: GOOD,
        status: 400,
        contains: ['strength'],
      },
    ],
  );
});
