/**
 * Searches by value set and by hierarchy, over HTTP: from resources of the node, from R4's own definitions, and
 * refused where nobody can say what is in them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DoorUnderTest, openDoorUnderTest } from '../../../test/fhir-door-under-test.ts';

let door: DoorUnderTest;

const observation = (id: string, system: string | undefined, code: string): object => ({
  resourceType: 'Observation',
  id,
  status: id === 'other' ? 'preliminary' : 'final',
  code: { coding: [{ ...(system === undefined ? {} : { system }), code }] },
});

const RESOURCES = [
  {
    resourceType: 'CodeSystem',
    id: 'animals',
    url: 'urn:x:animals',
    status: 'active',
    content: 'complete',
    hierarchyMeaning: 'is-a',
    concept: [
      { code: 'dog', concept: [{ code: 'pug' }, { code: 'spaniel', concept: [{ code: 'cocker' }] }] },
      { code: 'cat' },
    ],
  },
  {
    resourceType: 'ValueSet',
    id: 'dogs',
    url: 'http://acme.org/ValueSet/dogs',
    version: '1',
    status: 'active',
    compose: {
      include: [
        { system: 'urn:x:animals', filter: [{ property: 'concept', op: 'is-a', value: 'dog' }] },
        { system: 'urn:x:toys', concept: [{ code: 'ball' }] },
      ],
      exclude: [{ system: 'urn:x:animals', concept: [{ code: 'pug' }] }],
    },
  },
  {
    resourceType: 'ValueSet',
    id: 'unlisted',
    url: 'http://acme.org/ValueSet/unlisted',
    status: 'active',
    compose: {
      include: [
        { system: 'http://snomed.info/sct', filter: [{ property: 'concept', op: 'is-a', value: '1' }] },
      ],
    },
  },
  observation('pug', 'urn:x:animals', 'pug'),
  observation('cocker', 'urn:x:animals', 'cocker'),
  observation('dog', 'urn:x:animals', 'dog'),
  observation('cat', 'urn:x:animals', 'cat'),
  observation('ball', 'urn:x:toys', 'ball'),
  observation('other', undefined, 'dog'),
] as const;

beforeAll(async () => {
  door = await openDoorUnderTest();
  const answer = await door.send('POST', '/fhir', {
    as: 'system',
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: RESOURCES.map((resource) => {
        const { resourceType, id } = resource as { resourceType: string; id: string };
        return { resource, request: { method: 'PUT', url: `${resourceType}/${id}` } };
      }),
    },
  });
  if (answer.status !== 200) throw new Error(answer.text);
});
afterAll(() => door.close());

describe('a search by value set or hierarchy', () => {
  it.each([
    ['code:in=http://acme.org/ValueSet/dogs', ['ball', 'cocker', 'dog']],
    ['code:in=http://acme.org/ValueSet/dogs%7C1', ['ball', 'cocker', 'dog']],
    ['code:in=ValueSet/dogs', ['ball', 'cocker', 'dog']],
    ['code:not-in=http://acme.org/ValueSet/dogs', ['cat', 'other', 'pug']],
    ['code:below=urn:x:animals%7Cspaniel', ['cocker']],
    ['code:below=urn:x:animals%7Cdog', ['cocker', 'dog', 'pug']],
    ['code:above=urn:x:animals%7Ccocker', ['cocker', 'dog']],
    ['status:in=http://hl7.org/fhir/ValueSet/observation-status&code=urn:x:toys%7C', ['ball']],
    ['status:not-in=http://hl7.org/fhir/ValueSet/observation-status', []],
  ])('%s', async (asked, wanted) => {
    const answer = await door.send('GET', `/fhir/Observation?${asked}`, { as: 'system' });
    expect(answer.status, answer.text).toBe(200);
    const { entry = [] } = JSON.parse(answer.text) as { entry?: { resource: { id: string } }[] };
    expect(entry.map(({ resource }) => resource.id).sort()).toEqual(wanted);
  });

  it.each([
    ['code:in=http://acme.org/ValueSet/none', 'http://acme.org/ValueSet/none'],
    ['code:in=http://acme.org/ValueSet/dogs%7C2', 'http://acme.org/ValueSet/dogs|2'],
    ['code:in=http://acme.org/ValueSet/unlisted', 'unlisted'],
    ['code:below=http://snomed.info/sct%7C1', 'http://snomed.info/sct'],
  ])('%s is refused by name', async (asked, named) => {
    const answer = await door.send('GET', `/fhir/Observation?${asked}`, { as: 'system' });
    expect(answer.status, answer.text).toBe(400);
    expect(answer.text).toContain('not-supported');
    expect(answer.text).toContain(named);
  });
});
