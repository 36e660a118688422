/** OperationDefinitions: one for each operation that there is, valid, and read at their own address. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';
import { validate } from '../fhir/validate.ts';
import { definitionId } from './operation-definition.ts';
import { routes } from './routes.ts';

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest();
});
afterAll(() => door.close());

describe('the OperationDefinitions', () => {
  for (const operation of routes.operations) {
    const id = definitionId(operation);
    it(`${id} is valid, and says what the route table does`, async () => {
      const answer = await door.send('GET', `/fhir/OperationDefinition/${id}`, { as: 'gp' });
      expect(answer.status, answer.text).toBe(200);
      const definition = answer.json();
      expect(validate(definition)).toEqual([]);
      expect(definition).toMatchObject({ code: operation.name, base: operation.definition });
      expect(definition.url).toBe(`${door.base}/OperationDefinition/${id}`);
      expect(definition.affectsState).toBe(operation.affectsState === true);
      if (operation.affectsState === true) expect(operation.methods).toEqual(['POST']);
      const names = definition.parameter.filter((one: { use: string }) => one.use === 'in');
      expect(names.map((one: { name: string }) => one.name)).toEqual(
        operation.parameters.map((one) => one.name),
      );
    });
  }

  it('have names of their own', () => {
    const ids = routes.operations.map(definitionId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('give way to one that was written under the same id', async () => {
    const body = {
      resourceType: 'OperationDefinition',
      id: 'Patient-everything',
      name: 'Mine',
      status: 'draft',
      kind: 'operation',
      code: 'mine',
      system: false,
      type: false,
      instance: true,
    };
    const path = '/fhir/OperationDefinition/Patient-everything';
    expect((await door.send('PUT', path, { as: 'system', body })).status).toBe(201);
    expect((await door.send('GET', path, { as: 'system' })).json().name).toBe('Mine');
  });

  it('are not made up', async () => {
    const path = '/fhir/OperationDefinition/Patient-nothing';
    expect((await door.send('GET', path, { as: 'system' })).status).toBe(404);
    expect((await door.send('GET', path)).status).toBe(401);
  });
});
