/** Parts of one resource, and of one version, as R4 lets a client ask for them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest, scenarios } from '../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;

beforeAll(async () => {
  door = await openDoorUnderTest();
  const put = (body: { resourceType: string; id: string }) =>
    door.send('PUT', `/fhir/${body.resourceType}/${body.id}`, { as: 'system', body });
  const div = '<div xmlns="http://www.w3.org/1999/xhtml">in-words</div>';
  for (const value of [5.4, 5.4]) {
    await put({
      resourceType: 'Observation',
      id: 'o',
      text: { status: 'generated', div },
      status: 'final',
      code: { text: 'the-code' },
      note: [{ text: 'the-note' }],
      valueQuantity: { value },
    } as never);
  }
  await put({ resourceType: 'Binary', id: 'b', contentType: 'text/plain', data: 'aGVsbG8=' } as never);
});
afterAll(() => door.close());

describe('a part of one resource', () => {
  const at = (request: string) => ({ request: `GET /fhir/${request}`, as: 'system' });
  const refused = (request: string, says: string) => ({
    ...at(request),
    name: `${request} is refused`,
    status: 400,
    contains: [says],
  });
  scenarios(
    () => door,
    [
      {
        ...at('Observation/o?_summary=true'),
        name: 'its summary',
        status: 200,
        contains: ['the-code', 'SUBSETTED'],
        lacks: ['the-note', 'in-words'],
        has: { etag: 'W/"2"' },
      },
      {
        ...at('Observation/o?_summary=text'),
        name: 'its text',
        status: 200,
        contains: ['in-words', 'the-code', 'SUBSETTED'],
        lacks: ['the-note'],
      },
      {
        ...at('Observation/o?_summary=data'),
        name: 'its data',
        status: 200,
        contains: ['the-note', '5.4'],
        lacks: ['in-words'],
      },
      {
        ...at('Observation/o?_summary=false'),
        name: 'all of it',
        status: 200,
        contains: ['the-note', 'in-words'],
        lacks: ['SUBSETTED'],
      },
      {
        ...at('Observation/o/_history/1?_elements=note'),
        name: 'elements of a version',
        status: 200,
        contains: ['the-note', 'the-code', '"versionId":"1"', 'SUBSETTED'],
        lacks: ['in-words', '5.4'],
      },
      {
        ...at('Observation/o?_elements=note&_format=xml'),
        name: 'elements as XML',
        status: 200,
        contains: ['<text value="the-note"/>', 'SUBSETTED'],
        lacks: ['in-words'],
      },
      {
        ...at('Binary/b?_elements=contentType&_format=json'),
        name: 'a Binary without its content',
        status: 200,
        contains: ['text/plain'],
        lacks: ['aGVsbG8='],
      },
      {
        ...at('OperationDefinition/Patient-everything?_summary=true'),
        name: 'the definition of an operation of this server',
        status: 200,
        contains: ['SUBSETTED', 'everything'],
      },
      refused('Observation/o?_summary=count', '_summary'),
      refused('Observation/o?_summary=short', '_summary'),
      refused('Observation/o?_summary=true&_summary=text', '_summary'),
      refused('Observation/o?_summary=true&_elements=note', 'two things'),
      refused('Observation/o?_elements=nothing', 'root of a Observation'),
      refused('Binary/b?_summary=true', 'Content has no parts'),
      {
        ...refused('Observation/o/_history/1?colour=red', 'colour'),
        headers: { prefer: 'handling=strict' },
      },
    ],
  );

  it('is held as the whole is', async () => {
    const headers = { 'if-none-match': 'W/"2"' };
    const answer = await door.send('GET', '/fhir/Observation/o?_summary=true', { as: 'system', headers });
    expect(answer.status).toBe(304);
  });
});

describe('the CapabilityStatement', () => {
  it('comes in part', async () => {
    const whole = await door.send('GET', '/fhir/metadata');
    const part = await door.send('GET', '/fhir/metadata?_elements=fhirVersion');
    expect(part.json()).toMatchObject({ fhirVersion: '4.0.1', meta: { tag: [{ code: 'SUBSETTED' }] } });
    expect(part.json()).not.toHaveProperty('rest');
    const summary = await door.send('GET', '/fhir/metadata?_summary=true&_format=xml');
    expect(summary.text.length).toBeLessThan(whole.text.length);
    expect(summary.text).toContain('SUBSETTED');
  });

  it('refuses a parameter that it does not know', async () => {
    const answer = await door.send('GET', '/fhir/metadata?colour=red');
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('colour');
  });
});
