/** $graphql: what its fields, arguments and directives mean, who sees what, and its limits. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  verifiedPatient,
} from '../../../test/fhir-door-under-test.ts';
import { validate } from '../../fhir/validate.ts';

let door: DoorUnderTest;
const ANNA = nhsNumber(51);
const BEN = nhsNumber(52);
const R = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];

beforeAll(async () => {
  door = await openDoorUnderTest({
    settings: {
      graphqlDepthMax: 8,
      graphqlFieldsMax: 60,
      graphqlReadsMax: 20,
      graphqlListMax: 10,
      graphqlTokensMax: 600,
      graphqlValuesMax: 300,
      pageSizeDefault: 4,
    },
  });
  const observation = (id: string, person: string, more: object = {}): object => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'urn:c', code: id }] },
    subject: { reference: `Patient/${person}` },
    ...more,
  });
  const resources = [
    { resourceType: 'Organization', id: 'ward', name: 'Ward' },
    verifiedPatient('anna', ANNA, {
      name: [
        { use: 'official', family: 'A', given: ['Anna', 'Maria'] },
        { use: 'usual', given: ['Annie'] },
      ],
      managingOrganization: { reference: 'Organization/ward' },
    }),
    verifiedPatient('ben', BEN, { managingOrganization: { reference: 'Organization/nowhere' } }),
    verifiedPatient('many', nhsNumber(53)),
    observation('o1', 'anna', { effectiveDateTime: '2020-01-01' }),
    observation('o2', 'anna', { effectiveDateTime: '2021-01-01' }),
    observation('closed', 'anna', { meta: { security: R } }),
    ...Array.from({ length: 12 }, (_, i) => observation(`m${i}`, 'many')),
    {
      resourceType: 'DiagnosticReport',
      id: 'report',
      contained: [{ resourceType: 'Practitioner', id: 'p', name: [{ family: 'Inside' }] }],
      status: 'final',
      code: { text: 'r' },
      subject: { reference: 'Patient/anna' },
      resultsInterpreter: [{ reference: '#p' }],
      result: [{ reference: 'Observation/o1' }, { reference: 'Observation/closed' }],
    },
  ] as { resourceType: string; id: string }[];
  const decimal = JSON.stringify(observation('dec', 'anna', { valueQuantity: { value: 1, unit: 'kg' } }));
  for (const resource of [...resources, JSON.parse(decimal)]) {
    const path = `/fhir/${resource.resourceType}/${resource.id}`;
    const body = resource.id === 'dec' ? decimal.replace('"value":1', '"value":5.40') : resource;
    const answer = await door.send('PUT', path, { as: 'system', body });
    if (answer.status !== 201) throw new Error(answer.text);
  }
});
afterAll(() => door.close());

const send = (path: string, query: string, as = 'gp', more: object = {}): Promise<Answer> =>
  door.send('POST', `/fhir/${path}$graphql`, {
    as,
    body: { query, ...more },
    headers: { 'content-type': 'application/json' },
  });
async function data(path: string, query: string, as = 'gp', more: object = {}): Promise<unknown> {
  const answer = await send(path, query, as, more);
  expect(answer.status, answer.text).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  return answer.json().data;
}
async function error(path: string, query: string, as = 'gp', more: object = {}): Promise<[number, string]> {
  const answer = await send(path, query, as, more);
  const [first] = answer.json().errors;
  expect(first.extensions.resource.resourceType).toBe('OperationOutcome');
  expect(answer.text).not.toContain('stack');
  return [answer.status, first.message];
}

describe('one resource', () => {
  it('is asked by GET, by JSON, by the text of the query, and by Parameters', async () => {
    const query = '{ id name { given } }';
    const whole = { id: 'anna', name: [{ given: ['Anna', 'Maria'] }, { given: ['Annie'] }] };
    expect(await data('Patient/anna/', query)).toEqual(whole);
    const path = '/fhir/Patient/anna/$graphql';
    const got = await door.send('GET', `${path}?query=${encodeURIComponent(query)}`, {
      as: 'gp',
      headers: { accept: 'application/json' },
    });
    expect(got.json()).toEqual({ data: whole });
    const text = await door.send('POST', path, {
      as: 'gp',
      body: query,
      headers: { 'content-type': 'application/graphql' },
    });
    expect(text.json()).toEqual({ data: whole });
    const body = { resourceType: 'Parameters', parameter: [{ name: 'query', valueString: query }] };
    expect((await door.send('POST', path, { as: 'gp', body })).json()).toEqual({ data: whole });
  });

  it('filters lists by their own elements, by FHIRPath, and in parts', async () => {
    const given = (names: string): object => ({ name: [{ given: names.split(' ') }] });
    const ask = (args: string) => data('Patient/anna/', `{ name(${args}) { given } }`);
    expect(await ask('use: usual')).toEqual(given('Annie'));
    expect(await ask('use: "official"')).toEqual(given('Anna Maria'));
    expect(await ask('fhirpath: "family.empty()"')).toEqual(given('Annie'));
    expect(await ask('_offset: 1, _count: 1')).toEqual(given('Annie'));
    expect(await ask('use: old')).toEqual({});
  });

  it('takes aliases, variables, fragments and conditions', async () => {
    const query = `query q($use: String!, $not: Boolean = true) {
      called: name(use: $use) { ...n } __typename ... on Patient { id } ... on Group { quantity }
      active @skip(if: $not) ...p @include(if: false)
    }
    fragment n on HumanName { given }
    fragment p on Patient { gender }`;
    expect(await data('Patient/anna/', query, 'gp', { variables: { use: 'usual' } })).toEqual({
      called: [{ given: ['Annie'] }],
      __typename: 'Patient',
      id: 'anna',
    });
    expect((await error('Patient/anna/', query))[0]).toBe(400);
    const two = 'query a { id } query b { active }';
    expect(await data('Patient/anna/', two, 'gp', { operationName: 'b' })).toEqual({ active: true });
  });

  it('joins what fragments ask of the same field', async () => {
    const query = `{ ...a ...b managingOrganization { reference } }
      fragment a on Patient { name { use } managingOrganization { resource { ... on Organization { id } } } }
      fragment b on Patient { name { family } }`;
    expect(await data('Patient/anna/', query)).toEqual({
      name: [{ use: 'official', family: 'A' }, { use: 'usual' }],
      managingOrganization: { reference: 'Organization/ward', resource: { id: 'ward' } },
    });
  });

  it('follows references, contained ones too, as far as the asker may', async () => {
    const query = '{ resultsInterpreter { resource { ... on Practitioner { name { family } } } } }';
    expect(await data('DiagnosticReport/report/', query)).toEqual({
      resultsInterpreter: [{ resource: { name: [{ family: 'Inside' }] } }],
    });
    const results = '{ result { resource(optional: true, type: Observation) { id } } }';
    expect(await data('DiagnosticReport/report/', results)).toEqual({
      result: [{ resource: { id: 'o1' } }, { resource: { id: 'closed' } }],
    });
    expect(await data('DiagnosticReport/report/', results, 'nurse')).toEqual({
      result: [{ resource: { id: 'o1' } }, {}],
    });
    const strict = '{ result { resource { id } } }';
    expect((await error('DiagnosticReport/report/', strict, 'nurse'))[0]).toBe(404);
    expect((await error('Patient/ben/', '{ managingOrganization { resource { id } } }'))[1]).toContain(
      'optional',
    );
  });

  it('lists what refers to it', async () => {
    const query = '{ ObservationList(_reference: subject, date: "ge2020-06") { id } }';
    expect(await data('Patient/anna/', query)).toEqual({ ObservationList: [{ id: 'o2' }] });
    expect(await data('Patient/ben/', query)).toEqual({ ObservationList: [] });
    expect((await error('Patient/anna/', '{ ObservationList { id } }'))[1]).toContain('_reference');
  });

  it('keeps decimals as they were written', async () => {
    const answer = await send('Observation/dec/', '{ valueQuantity { value unit } }');
    expect(answer.text).toContain('5.40');
  });
});

describe('in a batch', () => {
  it('is a Binary, and an outcome where it fails', async () => {
    const entry = ['{id}', '{nothing}'].map((query) => ({
      request: { method: 'GET', url: `Patient/anna/$graphql?query=${query}` },
    }));
    const body = { resourceType: 'Bundle', type: 'batch', entry };
    const answer = await door.send('POST', '/fhir', { as: 'gp', body });
    expect(validate(answer.json())).toEqual([]);
    const [good, bad] = answer.json().entry;
    const { contentType, data: content } = good.resource;
    expect([contentType, Buffer.from(content, 'base64').toString()]).toEqual([
      'application/json',
      '{"data":{"id":"anna"}}',
    ]);
    expect(bad.response).toMatchObject({
      status: '400 Bad Request',
      outcome: { resourceType: 'OperationOutcome' },
    });
  });
});

describe('the whole system', () => {
  it('gives a resource by id, or the one that a search finds', async () => {
    for (const by of ['id: anna', 'id: "anna"', '_id: "anna"', `identifier: "${ANNA}"`]) {
      expect(await data('', `{ Patient(${by}) { id } }`), by).toEqual({ Patient: { id: 'anna' } });
    }
    expect((await error('', '{ Patient(active: true) { id } }'))[0]).toBe(412);
    expect((await error('', '{ Patient(id: nobody) { id } }'))[0]).toBe(404);
    expect((await error('', '{ Patient { id } }'))[1]).toContain('PatientList');
  });

  it('gives lists, whole or as long as is asked for, and says where one would be cut off', async () => {
    expect(await data('', '{ ObservationList(patient: "anna", _sort: "-date", _count: 1) { id } }')).toEqual({
      ObservationList: [{ id: 'o2' }],
    });
    const repeated = '{ ObservationList(patient: "anna", date: ["ge2020", "lt2021"]) { id } }';
    expect(await data('', repeated)).toEqual({ ObservationList: [{ id: 'o1' }] });
    const [status, text] = await error('', '{ ObservationList(patient: "many") { id } }');
    expect([status, text]).toEqual([403, expect.stringContaining('ObservationConnection')]);
  });

  it('gives pages with cursors', async () => {
    const query = `query page($at: String) {
      ObservationConnection(patient: "many", _sort: "_id", _cursor: $at) {
        count offset pagesize first next edges { mode resource { id } }
      }
    }`;
    interface Connection {
      readonly count: number;
      readonly offset: number;
      readonly pagesize: number;
      readonly first: string;
      readonly next?: string;
      readonly edges: readonly { readonly mode: string; readonly resource: { readonly id: string } }[];
    }
    const seen: string[] = [];
    let at: string | undefined;
    let pages = 0;
    do {
      const more = at === undefined ? {} : { variables: { at } };
      const { ObservationConnection: page } = (await data('', query, 'gp', more)) as {
        ObservationConnection: Connection;
      };
      expect(page).toMatchObject({ count: 12, offset: pages * 4, pagesize: 4 });
      seen.push(...page.edges.map((edge) => edge.resource.id));
      at = page.next;
      pages += 1;
    } while (at !== undefined);
    expect(pages).toBe(3);
    expect(new Set(seen).size).toBe(12);
    expect((await error('', query, 'gp', { variables: { at: 'nonsense' } }))[0]).toBe(400);
  });

  it('shows nobody more than a search does, and leaves a row for each read', async () => {
    const query = '{ ObservationList(patient: "anna") { id } PatientList { id } }';
    const ben = await door.token('patient', BEN);
    expect(await data('', query, ben)).toEqual({ ObservationList: [], PatientList: [{ id: 'ben' }] });
    expect(JSON.stringify(await data('', query, 'nurse'))).not.toContain('closed');
    expect((await error('', query, 'engineer'))[0]).toBe(403);
    const follow = '{ ObservationList(_id: "o1") { subject { resource { id } } } }';
    const answer = await door.send('POST', '/fhir/$graphql', {
      as: 'gp',
      body: { query: follow },
      headers: { 'content-type': 'application/json', 'x-request-id': 'follows' },
    });
    expect(answer.status).toBe(200);
    const rows = (await door.audit()).filter((row) => row.requestId === 'follows');
    expect(rows.map((row) => `${row.action} ${row.targets} ${row.persons}`)).toEqual([
      'search Observation?_id anna',
      'read Patient/anna anna',
    ]);
  });
});

describe('what cannot be asked', () => {
  const deep = (n: number): string => '{ resource { ... on Patient { managingOrganization '.repeat(n);
  const refused: readonly (readonly [string, string, number, string])[] = [
    ['an unknown field', '{ famly }', 400, 'famly'],
    ['a scalar with fields', '{ id { x } }', 400, '"id"'],
    ['an object without', '{ name }', 400, '"name"'],
    ['an unknown type', '{ ... on Pasient { id } }', 400, 'Pasient'],
    ['an unknown fragment', '{ ...nothing }', 400, 'nothing'],
    ['a fragment that holds itself', '{ ...a } fragment a on Patient { id ...a }', 400, '"a"'],
    ['an unknown directive', '{ id @upper }', 400, '@upper'],
    ['an unknown argument', '{ name(colour: red) { use } }', 400, 'colour'],
    ['an argument of what is no list', '{ gender(x: 1) }', 400, 'gender'],
    ['an undeclared variable', '{ name(use: $u) { use } }', 400, '$u'],
    ['no GraphQL', '{ id', 400, 'line 1'],
    ['a mutation', 'mutation { id }', 400, 'mutation'],
    ['introspection', '{ __schema { types } }', 400, '__schema'],
    ['two things under one name', '{ a: id a: gender }', 400, '"a"'],
    ['FHIRPath that is none', '{ name(fhirpath: "((") { use } }', 400, ''],
    ['a bomb of a regex', '{ name(fhirpath: "family.matches(\'(a+)+$\')") { use } }', 400, 'matches'],
    ['the same in backticks', '{ name(fhirpath: "family.`matches`(\'(a+)+$\')") { use } }', 400, 'matches'],
    ['includes', '{ ObservationList(_reference: subject, _include: "x") { id } }', 400, '_include'],
    ['a parameter of no search', '{ ObservationList(_reference: subject, x: 1) { id } }', 400, '"x"'],
    [
      'depth',
      `{ managingOrganization ${deep(6)} { reference } ${'} } } '.repeat(6)} }`,
      403,
      'graphqlDepthMax',
    ],
    [
      'many fields',
      `{ ${Array.from({ length: 61 }, (_, i) => `a${i}: id`).join(' ')} }`,
      403,
      'graphqlFieldsMax',
    ],
    [
      'fragments that multiply',
      `{ ...a ...a ...a } fragment a on Patient { ...b ...b ...b } fragment b on Patient { ...c ...c ...c }
       fragment c on Patient { id ...d ...d ...d } fragment d on Patient { id }`,
      403,
      'graphqlFieldsMax',
    ],
    ['a long text', `{ ${'id '.repeat(700)} }`, 403, 'graphqlTokensMax'],
    [
      'many reads',
      `{ ${['a', 'b', 'c'].map((n) => `${n}: ObservationConnection(_reference: subject, _count: 9, _id: "${n},m0") { count }`).join(' ')}
         ${Array.from({ length: 20 }, (_, i) => `l${i}: ObservationList(_reference: subject, _id: "x${i}") { id }`).join(' ')} }`,
      403,
      'graphqlReadsMax',
    ],
  ];
  for (const [name, query, status, text] of refused) {
    it(name, async () => {
      const [actual, message] = await error('Patient/anna/', query);
      expect([actual, message]).toEqual([status, expect.stringContaining(text)]);
    });
  }

  it('a body that is no query', async () => {
    for (const body of [{}, { query: 1 }, { query: '{ id }', variables: 3 }, []]) {
      const answer = await door.send('POST', '/fhir/Patient/anna/$graphql', { as: 'gp', body });
      expect(answer.status).toBe(400);
      expect(answer.json().errors).toHaveLength(1);
    }
    expect((await door.send('GET', '/fhir/$graphql', { as: 'gp' })).status).toBe(400);
    expect((await door.send('GET', '/fhir/$graphql?query={id}')).status).toBe(401);
    expect((await door.send('GET', '/fhir/Patient/$graphql?query={id}', { as: 'gp' })).status).toBe(404);
  });

  it('a name that would change the answer itself', async () => {
    const answer = await send('Patient/anna/', '{ __proto__: id }');
    expect(answer.text).toBe('{"data":{"__proto__":"anna"}}');
  });
});
