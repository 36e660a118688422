/** A disk that is full: writes are refused with 507, nothing is half done, and reads go on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { diskReserveBytes: Number.MAX_SAFE_INTEGER } });
});
afterAll(() => door.close());

const basic = { resourceType: 'Basic', id: 'b', code: { text: 'x' } };

describe('with no room on the disk', () => {
  it('a write is refused, and says why', async () => {
    const put = await door.send('PUT', '/fhir/Basic/b', { as: 'system', body: basic });
    expect(put.status).toBe(507);
    expect(put.json().issue[0].code).toBe('no-store');
    const entry = [{ resource: basic, request: { method: 'PUT', url: 'Basic/b' } }];
    const body = { resourceType: 'Bundle', type: 'transaction', entry };
    expect((await door.send('POST', '/fhir', { as: 'system', body })).status).toBe(507);
  });

  it('reads go on, and find that nothing was written', async () => {
    expect((await door.send('GET', '/fhir/Basic/b', { as: 'system' })).status).toBe(404);
    expect((await door.send('GET', '/fhir/Basic?_total=accurate', { as: 'system' })).json().total).toBe(0);
    expect((await door.send('GET', '/readyz')).status).toBe(200);
  });
});
