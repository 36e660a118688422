/** Searches that somebody could do harm with: each is answered, or refused naming the parameter and the limit. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;
let hasty: DoorUnderTest;

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const part = (id: string, of: string): object => ({
  resourceType: 'Organization',
  id,
  name: id,
  partOf: { reference: `Organization/${of}` },
});

beforeAll(async () => {
  door = await openDoorUnderTest({ settings: { includesMax: 10, searchPathsMax: 100 } });
  hasty = await openDoorUnderTest({ settings: { searchSecondsMax: 0.001 } });
  const patient = { resourceType: 'Patient', id: 'p', gender: 'male' };
  await hasty.send('PUT', '/fhir/Patient/p', { as: 'system', body: patient });
  // a ring of eight, and a star of twenty about its first
  const ring = Array.from({ length: 8 }, (_, i) => part(`ring${i}`, `ring${(i + 1) % 8}`));
  const star = Array.from({ length: 20 }, (_, i) => part(`star${i}`, 'ring0'));
  for (const resource of [...ring, ...star]) {
    const { id } = resource as { id: string };
    const answer = await door.send('PUT', `/fhir/Organization/${id}`, { as: 'system', body: resource });
    if (answer.status !== 201) throw new Error(answer.text);
  }
});
afterAll(async () => {
  await door.close();
  await hasty.close();
});

const chain = `patient.organization.${'partof.'.repeat(5000)}name=x`;
const many = (name: string, count: number): string =>
  `${name}=${Array.from({ length: count }, (_, i) => `i${i}`).join(',')}`;

describe('a search', () => {
  it.each<[string, string, number, readonly string[]]>([
    ['of a huge list of ids', many('_id', 100_000), 403, ['too-costly', 'searchClausesMax']],
    ['of many parameters', 'active=true&'.repeat(2_000), 403, ['too-costly', 'searchClausesMax']],
    ['of a huge list of Lists', many('_list', 5_000), 403, ['too-costly', 'searchClausesMax']],
    ['of many sort keys', `_sort=${'name,'.repeat(5_000)}name`, 403, ['too-costly', 'searchClausesMax']],
    ['sorted twice', '_sort=name&_sort=_id', 400, ['value', '_sort']],
    ['counted twice', '_count=1&_count=2', 400, ['value', '_count']],
    ['of more than any number', `_count=${'9'.repeat(400)}`, 400, ['value', '_count']],
    ['of brackets without end', `_filter=${'('.repeat(100_000)}`, 403, ['too-costly', 'searchClausesMax']],
    ['of denials without end', `_filter=${'not('.repeat(100_000)}`, 403, ['too-costly', 'searchClausesMax']],
    ['of a quote without end', `_filter=name eq "${'\\'.repeat(100_000)}`, 400, ['value', '_filter']],
    ['of a word without end', `_filter=${'a'.repeat(100_000)}`, 400, ['value', '_filter']],
    [
      'of more includes than allowed',
      '_count=1&_include:iterate=*&_revinclude:iterate=*',
      403,
      ['includesMax'],
    ],
    ['by a name without end', `${'a'.repeat(100_000)}=x`, 200, ['is not known']],
    ['by way of a name without end', `partof.${'a'.repeat(100_000)}=x`, 200, ['is not known']],
    ['of a long chain', `${'partof.'.repeat(5000)}name=x`, 403, ['too-costly', 'searchChainMax']],
    ['of a long chain back', `${'_has:Organization:partof:'.repeat(5000)}name=x`, 403, ['searchChainMax']],
    ['by way of every type', '_has:Observation:performer:focus.code=x', 403, ['searchPathsMax']],
    ['with a null byte', 'name=%00&_id=%00', 400, ['value', '_id']],
  ])('%s is answered with %3$s', async (_name, body, status, contains) => {
    const answer = await door.send('POST', '/fhir/Organization/_search', {
      as: 'system',
      body,
      headers: FORM,
    });
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([status, expect.any(String)]);
    for (const text of contains) expect(answer.text).toContain(text);
    expect(answer.text.length).toBeLessThan(70_000);
  });

  it('across types by a long chain names the limit', async () => {
    for (const body of [chain, `_type=Observation,Condition&${chain}`]) {
      const answer = await door.send('POST', '/fhir/_search', { as: 'system', body, headers: FORM });
      expect([answer.status, answer.text]).toEqual([403, expect.stringContaining('searchChainMax')]);
    }
  });

  it('of a million a page has as many as are allowed, and says so', async () => {
    const answer = await door.send('GET', '/fhir/Organization?_count=1000000', { as: 'system' });
    expect(answer.text).toContain('over the limit');
    expect(answer.json().link[0].url).toContain('_count=1000');
  });

  it('of includes that go in a circle comes to an end', async () => {
    const path = '/fhir/Organization?_id=ring1&_include:iterate=Organization:partof';
    const entries = (await door.send('GET', path, { as: 'system' })).json().entry as {
      resource: { id: string };
    }[];
    expect(entries.map((one) => one.resource.id).sort()).toEqual(
      Array.from({ length: 8 }, (_, i) => `ring${i}`),
    );
  });

  it('that takes too long ends, and names the limit', async () => {
    const answer = await hasty.send('GET', '/fhir/Patient?_filter=not (gender eq male)', {
      as: 'system',
    });
    expect([answer.status, answer.text]).toEqual([504, expect.stringContaining('searchSecondsMax')]);
  });
});
