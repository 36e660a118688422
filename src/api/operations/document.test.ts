/** Composition/$document: whole or not at all, kept by those who may keep it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  scenarios,
  verifiedPatient,
} from '../../../test/fhir-door-under-test.ts';
import { validate } from '../../fhir/validate.ts';

let door: DoorUnderTest;
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';

const composition = (id: string, entries: readonly string[], more: object = {}): object => ({
  resourceType: 'Composition',
  id,
  status: 'final',
  type: { text: 'Summary' },
  subject: { reference: 'Patient/anna' },
  date: '2026-01-01',
  author: [{ reference: 'Practitioner/doc' }],
  title: 'Summary',
  section: [{ title: 'All', entry: entries.map((reference) => ({ reference })) }],
  ...more,
});

beforeAll(async () => {
  door = await openDoorUnderTest();
  const resources = [
    { resourceType: 'Organization', id: 'ward', name: 'Ward' },
    { resourceType: 'Practitioner', id: 'doc' },
    verifiedPatient('anna', nhsNumber(41), { managingOrganization: { reference: 'Organization/ward' } }),
    { resourceType: 'Condition', id: 'c', code: { text: 'c' }, subject: { reference: 'Patient/anna' } },
    {
      resourceType: 'Condition',
      id: 'closed',
      meta: { security: [{ system: CONFIDENTIALITY, code: 'R' }] },
      code: { text: 'c' },
      subject: { reference: 'Patient/anna' },
    },
    composition('old', ['Condition/c']),
    composition('whole', ['Condition/c'], {
      relatesTo: [{ code: 'replaces', targetReference: { reference: 'Composition/old' } }],
    }),
    composition('lacking', ['Condition/c', 'Condition/nowhere']),
    composition('partly-closed', ['Condition/closed']),
  ] as { resourceType: string; id: string }[];
  for (const resource of resources) {
    const path = `/fhir/${resource.resourceType}/${resource.id}`;
    const answer = await door.send('PUT', path, { as: 'system', body: resource });
    if (answer.status !== 201) throw new Error(answer.text);
  }
});
afterAll(() => door.close());

interface Document {
  readonly type: string;
  readonly identifier: { readonly value: string };
  readonly timestamp: string;
  readonly entry: readonly { readonly fullUrl: string; readonly resource: { resourceType: string } }[];
}
const inside = (bundle: Document): string[] =>
  bundle.entry.map((one) => one.fullUrl.slice(door.base.length + 1));

describe('$document', () => {
  it('begins with the Composition and holds all that it refers to, through others too', async () => {
    const paths = ['Composition/whole/$document', 'Composition/$document?id=whole'];
    for (const path of [...paths, `Composition/$document?id=${door.base}/Composition/whole`]) {
      const answer = await door.send('GET', `/fhir/${path}`, { as: 'nurse' });
      expect(answer.status, answer.text).toBe(200);
      const bundle: Document = answer.json();
      expect(validate(bundle)).toEqual([]);
      expect(bundle).toMatchObject({ type: 'document' });
      expect(inside(bundle)[0]).toBe('Composition/whole');
      expect(inside(bundle).sort()).toEqual([
        'Composition/whole',
        'Condition/c',
        'Organization/ward',
        'Patient/anna',
        'Practitioner/doc',
      ]);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
  });

  it('is kept where that is asked for, by whoever may write a Bundle', async () => {
    const path = '/fhir/Composition/whole/$document?persist=true';
    const refused = await door.send('POST', path, { as: 'gp' });
    expect(refused.status).toBe(403);
    const kept = await door.send('POST', path, { as: 'system' });
    expect(kept.status, kept.text).toBe(200);
    const address = kept.headers.get('location') ?? '';
    expect(address).toMatch(/\/fhir\/Bundle\/[^/]+\/_history\/1$/);
    const read = await door.send('GET', address.slice(door.url.length), { as: 'system' });
    expect(read.json().identifier).toEqual(kept.json().identifier);
  });

  scenarios(
    () => door,
    [
      {
        name: 'one that would lack what it names',
        request: 'GET /fhir/Composition/lacking/$document',
        as: 'gp',
        status: 422,
        contains: ['Composition.section[0].entry[1]'],
        lacks: ['nowhere'],
      },
      {
        name: 'one of which the asker may not see all',
        request: 'GET /fhir/Composition/partly-closed/$document',
        as: 'nurse',
        status: 422,
        contains: ['Composition.section[0].entry[0]'],
      },
      {
        name: 'the same for who may',
        request: 'GET /fhir/Composition/partly-closed/$document',
        as: 'gp',
        status: 200,
        contains: ['"closed"'],
      },
      { name: 'none', request: 'GET /fhir/Composition/nobody/$document', as: 'gp', status: 404 },
      { name: 'none that is named', request: 'GET /fhir/Composition/$document', as: 'gp', status: 400 },
      {
        name: 'one elsewhere',
        request: 'GET /fhir/Composition/$document?id=https://x.test/Composition/1',
        as: 'gp',
        status: 400,
        contains: ['this server'],
      },
      {
        name: 'by a graph',
        request: 'GET /fhir/Composition/whole/$document?graph=urn:x',
        as: 'gp',
        status: 400,
        contains: ['graph'],
      },
      {
        name: 'perhaps kept',
        request: 'POST /fhir/Composition/whole/$document?persist=perhaps',
        as: 'gp',
        status: 400,
        contains: ['persist'],
      },
      { name: 'of something else', request: 'GET /fhir/Patient/anna/$document', as: 'gp', status: 404 },
    ],
  );
});
