/** Every route × every asker: what opens, what does not, and that nothing leaks from what does not. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  badTokens,
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  verifiedPatient,
} from '../../test/fhir-door-under-test.ts';
import type { Log } from '../base/log.ts';
import type { AuditRow } from '../store/audit.ts';
import type { Method } from './fhir-call.ts';
import { RouteTable } from './route-match.ts';
import { routes } from './routes.ts';

const ANNA = nhsNumber(31);
const BEN = nhsNumber(32);
/** Stands in Anna's record and must leave to nobody who may not see it. */
const SECRET = 'annas-secret';

let door: DoorUnderTest;
const logged: object[] = [];
const log: Log = {
  debug: () => undefined,
  info: (fields) => void logged.push(fields),
  warn: (fields) => void logged.push(fields),
  error: (fields) => void logged.push(fields),
  child: () => log,
};
const tokens = new Map<string, string>();

beforeAll(async () => {
  door = await openDoorUnderTest({ log });
  const put = async (resource: object): Promise<void> => {
    const { resourceType, id } = resource as { resourceType: string; id: string };
    const answer = await door.send('PUT', `/fhir/${resourceType}/${id}`, { as: 'system', body: resource });
    if (answer.status !== 201) throw new Error(answer.text);
  };
  await put(verifiedPatient('anna', ANNA, { name: [{ family: SECRET }] }));
  await put(verifiedPatient('ben', BEN));
  await put({
    resourceType: 'Observation',
    id: 'o',
    status: 'final',
    code: { text: SECRET },
    subject: { reference: 'Patient/anna' },
  });
  const bad = await badTokens(door);
  tokens.set('forged', bad.forged).set('expired', bad.expired).set('other node', bad.otherNode);
  tokens.set('nonsense', 'not.a.token');
  tokens
    .set('patient', await door.token('patient', ANNA))
    .set('other patient', await door.token('patient', BEN));
  for (const persona of ['gp', 'nurse', 'engineer', 'analyst', 'system'] as const) {
    tokens.set(persona, await door.token(persona));
  }
});
afterAll(() => door.close());

const NO_ENTRY = ['no token', 'nonsense', 'forged', 'expired', 'other node'] as const;
const ASKERS = ['patient', 'other patient', 'gp', 'nurse', 'engineer', 'analyst', 'system'] as const;
type Asking = (typeof ASKERS)[number];

interface Route {
  readonly request: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Status for each asker with a good token. */
  readonly status: Readonly<Record<Asking, number>>;
  /** Askers whose answer may hold the secret. */
  readonly sees: readonly Asking[];
  /** The audit rows that each asker leaves, in words. */
  readonly audit: (asker: Asking) => readonly string[];
}

const row = (...statuses: readonly number[]): Record<Asking, number> =>
  Object.fromEntries(ASKERS.map((asker, i) => [asker, statuses[i] ?? 0])) as Record<Asking, number>;
const all = (status: number): Record<Asking, number> => row(...ASKERS.map(() => status));
const STAFF: readonly Asking[] = ['patient', 'gp', 'nurse', 'system'];
const WRITERS: readonly Asking[] = ['gp', 'nurse', 'system'];
const NO_ROLE: readonly Asking[] = ['engineer', 'analyst'];
const nothing = (): readonly string[] => [];
const NEW = '(a new id)';

/** One resource: who may sees it, the other patient hears that it is not there, the rest are refused by role. */
const readRows =
  (act: string, target: string, whose = 'anna') =>
  (asker: Asking): readonly string[] => {
    if (STAFF.includes(asker)) return [`${act} ok ${target} [${whose}]`];
    if (NO_ROLE.includes(asker)) return [`refuse refused ${target} [] rule=role act=${act}`];
    return [`refuse refused ${target} [${whose}] rule=scope act=${act}`];
  };
/** A search: whose records the matches of each asker were in, and how many there were. */
const searchRows =
  (target: string, found: Partial<Record<Asking, string>>, otherwise: string) =>
  (asker: Asking): readonly string[] =>
    NO_ROLE.includes(asker)
      ? [`refuse refused ${target} [] rule=role act=search`]
      : [`search ok ${target} ${found[asker] ?? otherwise}`];
/** The versions of a type or of all, as far as the asker may see them. */
const historyRows =
  (target: string, other: string, otherwise: string) =>
  (asker: Asking): readonly string[] =>
    NO_ROLE.includes(asker)
      ? [`refuse refused ${target} [] rule=role act=history`]
      : [`history ok ${target} ${asker === 'other patient' ? other : otherwise}`];
/** A write: done or failed for those who may, refused by role for the rest. */
const writeRows =
  (act: string, target: string, done: string, persons = '[anna]', by: readonly Asking[] = WRITERS) =>
  (asker: Asking): readonly string[] => {
    if (by.includes(asker)) return [done];
    return [`refuse refused ${target} ${persons} rule=role act=${act}`];
  };
/** A write of what a condition finds, which is nothing: role first, then the search, then what comes of it. */
const conditionalRows =
  (act: string, done: readonly string[]) =>
  (asker: Asking): readonly string[] =>
    WRITERS.includes(asker)
      ? [...done, `search ok Observation?_id ${none}`]
      : [`refuse refused Observation?_id [] rule=role act=${act}`];
const note = (id?: string): object => ({
  resourceType: 'Observation',
  ...(id === undefined ? {} : { id }),
  status: 'final',
  code: { text: 'new' },
  subject: { reference: 'Patient/anna' },
});
const none = '[] matches=0 included=0';
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const bundle = (type: string, ...entry: readonly object[]): object => ({
  resourceType: 'Bundle',
  type,
  entry,
});
const NUMBER = `https://fhir.nhs.uk/Id/nhs-number|${ANNA}`;
const read = row(200, 404, 200, 200, 403, 403, 200);
const search = row(200, 200, 200, 200, 403, 403, 200);
const missing = row(404, 404, 404, 404, 403, 403, 404);
const everythingRows =
  (resources: number) =>
  (asker: Asking): readonly string[] => [
    ...readRows('read', 'Patient/anna')(asker),
    ...(STAFF.includes(asker) ? [`everything ok Patient/anna [anna] resources=${resources}`] : []),
  ];
const missingRows =
  (target: string) =>
  (asker: Asking): readonly string[] =>
    NO_ROLE.includes(asker)
      ? [`refuse refused ${target} [] rule=role act=read`]
      : [`read failed ${target} [] reason=not-found`];
const unbuilt = (request: string, more: object = {}): Route => ({
  request,
  status: all(501),
  sees: [],
  audit: nothing,
  ...more,
});

/** In this order: each request is made by every asker before the next one. */
const ROUTES: readonly Route[] = [
  { request: 'GET /fhir/Patient/anna', status: read, sees: STAFF, audit: readRows('read', 'Patient/anna') },
  { request: 'HEAD /fhir/Patient/anna', status: read, sees: STAFF, audit: readRows('read', 'Patient/anna') },
  { request: 'GET /fhir/Observation/o', status: read, sees: STAFF, audit: readRows('read', 'Observation/o') },
  {
    request: 'GET /fhir/Observation/o/_history',
    status: read,
    sees: STAFF,
    audit: readRows('history', 'Observation/o'),
  },
  {
    request: 'GET /fhir/Observation/o/_history/1',
    status: read,
    sees: STAFF,
    audit: readRows('read', 'Observation/o/_history/1'),
  },
  {
    request: 'GET /fhir/Observation/_history',
    status: search,
    sees: STAFF,
    audit: historyRows('Observation/_history', '[] versions=0', '[anna] versions=1'),
  },
  {
    request: 'GET /fhir/_history?_count=1&_since=2100-01-01',
    status: search,
    sees: [],
    audit: historyRows('_history', '[] versions=0', '[] versions=0'),
  },
  {
    request: 'GET /fhir/Observation/never',
    status: missing,
    sees: [],
    audit: missingRows('Observation/never'),
  },
  {
    request: 'GET /fhir/Observation/o/_history/7',
    status: missing,
    sees: [],
    audit: missingRows('Observation/o/_history/7'),
  },
  {
    request: 'GET /fhir/Observation',
    status: search,
    sees: STAFF,
    audit: searchRows('Observation', { 'other patient': none }, '[anna] matches=1 included=0'),
  },
  {
    request: 'GET /fhir/Patient?_revinclude=Observation:subject',
    status: search,
    sees: STAFF,
    audit: searchRows(
      'Patient',
      { patient: '[anna] matches=1 included=1', 'other patient': '[ben] matches=1 included=0' },
      '[anna ben] matches=2 included=1',
    ),
  },
  {
    request: 'GET /fhir/Observation?_include=Observation:subject&_total=accurate',
    status: search,
    sees: STAFF,
    audit: searchRows(
      'Observation',
      { 'other patient': `${none} total=0` },
      '[anna] matches=1 included=1 total=1',
    ),
  },
  {
    request: 'GET /fhir/Observation?patient=anna&_count=0',
    status: search,
    sees: [],
    audit: searchRows('Observation?patient', { 'other patient': `${none} total=0` }, `${none} total=1`),
  },
  { request: 'GET /fhir/Observation?code:nonsense=x', status: all(400), sees: [], audit: nothing },
  {
    request: 'POST /fhir/Patient/_search',
    body: '_id=anna',
    headers: form,
    status: search,
    sees: STAFF,
    audit: searchRows('Patient?_id', { 'other patient': none }, '[anna] matches=1 included=0'),
  },
  {
    request: 'GET /fhir?_type=Observation,Encounter&_id=o',
    status: search,
    sees: STAFF,
    audit: searchRows('Observation,Encounter?_id', { 'other patient': none }, '[anna] matches=1 included=0'),
  },
  {
    request: 'POST /fhir/_search',
    body: '_id=o',
    headers: form,
    status: search,
    sees: STAFF,
    audit: searchRows('*?_id', { 'other patient': none }, '[anna] matches=1 included=0'),
  },
  {
    request: 'GET /fhir/Patient/anna/Observation',
    status: search,
    sees: STAFF,
    audit: searchRows(
      'Observation?(subject|performer)',
      { 'other patient': none },
      '[anna] matches=1 included=0',
    ),
  },
  { request: 'GET /fhir/Patient/anna/$everything', status: read, sees: STAFF, audit: everythingRows(2) },
  {
    request: 'POST /fhir/Patient/anna/$everything',
    body: { resourceType: 'Parameters' },
    status: read,
    sees: STAFF,
    audit: everythingRows(2),
  },
  ...['GET', 'POST'].map(
    (method): Route => ({
      request: `${method} /fhir/Patient/anna/$summary`,
      status: read,
      sees: STAFF,
      audit: everythingRows(2),
    }),
  ),
  unbuilt(`GET /fhir/Patient/$shared-record?identifier=${NUMBER}`),
  unbuilt('POST /fhir/Patient/$shared-record', {
    body: { resourceType: 'Parameters', parameter: [{ name: 'identifier', valueString: NUMBER }] },
  }),
  {
    request: 'POST /fhir/Observation',
    body: note(),
    status: row(403, 403, 201, 201, 403, 403, 201),
    sees: [],
    audit: writeRows('create', `Observation/${NEW}`, `create ok Observation/${NEW} [anna]`),
  },
  {
    request: 'POST /fhir/Observation',
    body: { ...note(), subject: { reference: 'Patient/ben' } },
    headers: { 'if-none-exist': '_id=o' },
    status: row(403, 403, 200, 200, 403, 403, 200),
    sees: WRITERS,
    audit: writeRows('create', `Observation/${NEW}`, 'create ok Observation/o [anna ben]', '[ben]'),
  },
  {
    request: 'PUT /fhir/Observation/w',
    body: note('w'),
    status: row(403, 403, 201, 200, 403, 403, 200),
    sees: [],
    audit: writeRows('update', 'Observation/w', 'update ok Observation/w [anna]'),
  },
  {
    request: 'PUT /fhir/Observation/o',
    body: note('o'),
    headers: { 'if-match': 'W/"9"' },
    status: row(403, 403, 412, 412, 403, 403, 412),
    sees: [],
    audit: writeRows('update', 'Observation/o', 'update failed Observation/o [anna] reason=conflict'),
  },
  {
    request: 'PUT /fhir/Patient/anna2',
    body: { resourceType: 'Patient', id: 'anna2' },
    status: row(403, 403, 403, 403, 403, 403, 201),
    sees: [],
    audit: writeRows('update', 'Patient/anna2', 'update ok Patient/anna2 [anna2]', '[anna2]', ['system']),
  },
  {
    request: 'POST /fhir',
    body: bundle('transaction', { resource: note('t'), request: { method: 'PUT', url: 'Observation/t' } }),
    status: row(403, 403, 200, 200, 403, 403, 200),
    sees: [],
    audit: writeRows('update', 'Observation/t', 'update ok Observation/t [anna]'),
  },
  {
    request: 'POST /fhir',
    body: bundle('transaction', { request: { method: 'GET', url: 'Observation/o' } }),
    status: all(200),
    sees: STAFF,
    audit: readRows('read', 'Observation/o'),
  },
  {
    request: 'POST /fhir',
    body: bundle('batch', { request: { method: 'GET', url: 'Patient/anna' } }),
    status: all(200),
    sees: STAFF,
    audit: readRows('read', 'Patient/anna'),
  },
  {
    request: 'DELETE /fhir/Observation/t',
    headers: { 'if-match': 'W/"9"' },
    status: row(403, 403, 412, 412, 403, 403, 412),
    sees: [],
    audit: writeRows('delete', 'Observation/t', 'delete failed Observation/t [anna] reason=conflict', '[]'),
  },
  {
    request: 'DELETE /fhir/Observation/w',
    status: row(403, 403, 204, 204, 403, 403, 204),
    sees: [],
    audit: (asker) =>
      writeRows(
        'delete',
        'Observation/w',
        `delete ok Observation/w [${asker === 'gp' ? 'anna' : ''}]`,
        '[]',
      )(asker),
  },
  ...['GET', 'POST'].flatMap((method): Route[] => [
    {
      request: `${method} /fhir/Observation/o/$meta`,
      status: read,
      sees: [],
      audit: readRows('read', 'Observation/o'),
    },
    {
      request: `${method} /fhir/Observation/o/$graphql?query={code{text}}`,
      status: read,
      sees: STAFF,
      audit: readRows('read', 'Observation/o'),
    },
    {
      request: `${method} /fhir/Composition/never/$document`,
      status: missing,
      sees: [],
      audit: missingRows('Composition/never'),
    },
    {
      request: `${method} /fhir/Observation/$lastn?patient=anna&code=x`,
      status: search,
      sees: [],
      audit: searchRows('Observation?patient&code', {}, none),
    },
  ]),
  {
    request: 'GET /fhir/Observation/o/$validate',
    status: read,
    sees: [],
    audit: readRows('read', 'Observation/o'),
  },
  { request: 'POST /fhir/Observation/$validate', body: note(), status: all(200), sees: [], audit: nothing },
  ...(['add', 'delete'] as const).map(
    (change): Route => ({
      request: `POST /fhir/Observation/o/$meta-${change}`,
      body: { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: { profile: ['urn:p'] } }] },
      status: row(403, 404, 200, 200, 403, 403, 200),
      sees: [],
      audit: (asker) => [
        ...(asker === 'gp' ? [`update ok Observation/o [anna] meta=${change}`] : []),
        ...readRows('read', 'Observation/o')(asker),
        ...(asker === 'patient' ? ['refuse refused Observation/o [anna] rule=role act=update'] : []),
      ],
    }),
  ),
  { request: 'GET /fhir/_async/none', status: all(404), sees: [], audit: nothing },
  { request: 'DELETE /fhir/_async/none', status: all(404), sees: [], audit: nothing },
  { request: 'GET /fhir/metadata', status: all(200), sees: [], audit: nothing },
  { request: 'GET /fhir/Nonsense', status: all(404), sees: [], audit: nothing },
  { request: 'GET /fhir/Patient/$nonsense', status: all(404), sees: [], audit: nothing },
  {
    request: 'PATCH /fhir/Observation/o',
    body: [{ op: 'test', path: '/status', value: 'nonsense' }],
    headers: { 'content-type': 'application/json-patch+json' },
    status: row(403, 403, 422, 422, 403, 403, 422),
    sees: [],
    audit: (asker) =>
      WRITERS.includes(asker)
        ? ['read ok Observation/o [anna]']
        : ['refuse refused Observation/o [] rule=role act=update'],
  },
  {
    request: 'PATCH /fhir/Observation?_id=none',
    body: [],
    headers: { 'content-type': 'application/json-patch+json' },
    status: row(403, 403, 404, 404, 403, 403, 404),
    sees: [],
    audit: conditionalRows('update', []),
  },
  {
    request: 'PUT /fhir/Observation?_id=none',
    body: note(),
    status: row(403, 403, 201, 201, 403, 403, 201),
    sees: [],
    audit: conditionalRows('update', [`create ok Observation/${NEW} [anna]`]),
  },
  {
    request: 'DELETE /fhir/Observation?_id=none',
    status: row(403, 403, 204, 204, 403, 403, 204),
    sees: [],
    audit: conditionalRows('delete', []),
  },
  unbuilt('DELETE /fhir?_type=Patient'),
];

const brief = ({ action, outcome, targets, persons, detail }: AuditRow): string =>
  [
    action,
    outcome,
    targets.map((target) => target.replace(/\/[0-9a-z]{26}$/, `/${NEW}`)).join('+'),
    `[${[...persons].sort().join(' ')}]`,
    ...Object.entries(detail ?? {}).map(([name, value]) => `${name}=${value}`),
  ].join(' ');

describe('the table below', () => {
  it('holds every interaction, operation and form of address of the route table', () => {
    const table = new RouteTable(routes);
    const reached = new Set(
      ROUTES.map(({ request }) => {
        const [method = '', path = ''] = request.replace(/^HEAD/, 'GET').split(' ');
        try {
          const below = path.replace(/^\/fhir\/?/, '').replace(/\?.*$/, '');
          return `${method} ${table.match(method as Method, below).interaction.code}`;
        } catch (error) {
          return `${method} ${(error as Error).message}`;
        }
      }),
    );
    const wanted = [
      ...routes.interactions.flatMap(({ code, routes: ways }) =>
        ways.map(({ method }) => `${method} ${code}`),
      ),
      ...routes.operations.flatMap(({ name, methods }) => methods.map((method) => `${method} ${name}`)),
    ];
    const codes = [...reached].map((one) => one.replace('$', ''));
    expect(wanted.filter((one) => !codes.includes(one))).toEqual([]);
    const unbuiltOnes = ROUTES.filter((one) => one.status.system === 501).map((one) => one.request);
    expect(unbuiltOnes.length - 2).toBe(routes.unbuilt.length);
  });
});

describe('without a token that counts', () => {
  for (const asker of NO_ENTRY) {
    for (const { request, body, headers } of ROUTES.filter((one) => one.request !== 'GET /fhir/metadata')) {
      it(`${asker}: ${request} → 401`, async () => {
        const [method = '', path = ''] = request.split(' ');
        const token = tokens.get(asker);
        const answer = await door.send(method, path, {
          ...(token === undefined ? {} : { as: token }),
          ...(body === undefined ? {} : { body }),
          ...(headers === undefined ? {} : { headers }),
        });
        expect(answer.status).toBe(401);
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
        expect(answer.headers.get('x-request-id')).toBeTruthy();
        expect(answer.text).not.toContain(SECRET);
        if (method !== 'HEAD') expect(answer.json().resourceType).toBe('OperationOutcome');
      });
    }
  }

  it('the CapabilityStatement is open, and only that', async () => {
    expect((await door.send('GET', '/fhir/metadata')).json().resourceType).toBe('CapabilityStatement');
    expect((await door.send('GET', '/fhir/metadata/x')).status).toBe(401);
    expect((await door.send('PUT', '/fhir/metadata', { body: {} })).status).toBe(405);
  });
});

describe('with a token', () => {
  for (const route of ROUTES) {
    for (const asker of ASKERS) {
      it(`${asker}: ${route.request} → ${route.status[asker]}`, async () => {
        const [method = '', path = ''] = route.request.split(' ');
        const requestId = `${asker}-${ROUTES.indexOf(route)}`.replace(' ', '-');
        const answer = await door.send(method, path, {
          as: tokens.get(asker) ?? '',
          ...(route.body === undefined ? {} : { body: route.body }),
          headers: { ...route.headers, 'x-request-id': requestId },
        });
        expect(answer.status, answer.text).toBe(route.status[asker]);
        expect(answer.headers.get('x-request-id')).toBe(requestId);
        const shown = answer.text.includes(SECRET);
        expect(answer.text).not.toContain('stack');
        if (!route.sees.includes(asker)) expect(shown).toBe(false);
        else if (method !== 'HEAD') expect(shown).toBe(true);
      });
    }
  }

  it('leaves exactly the audit rows that the table says', async () => {
    const rows = await door.audit();
    ROUTES.forEach((route, i) => {
      for (const asker of ASKERS) {
        const mine = rows.filter((one) => one.requestId === `${asker}-${i}`.replace(' ', '-'));
        expect(mine.map(brief), `${asker} ${route.request}`).toEqual(route.audit(asker));
        const role = asker === 'other patient' ? 'patient' : asker;
        for (const one of mine) expect(one.actor).toMatchObject({ role, organisation: 'TST01' });
      }
    });
  });

  it('no audit row holds a value that was searched for', async () => {
    expect(JSON.stringify(await door.audit())).not.toContain(SECRET);
  });
});

describe('the HTTP around it', () => {
  it('answers a body that nobody may send before it is read', async () => {
    const answer = await door.send('POST', '/fhir/Patient', { body: { resourceType: 'Patient' } });
    expect(answer.status).toBe(401);
  });

  it('a request that fails is in the log once, under the id of its answer, and nobody in it', async () => {
    for (const { request, sent = {}, status, route, code } of [
      { request: 'GET /fhir/Patient/nobody', sent: { as: 'system' }, status: 404, route: 'fhir read' },
      { request: `GET /fhir/Patient?nothing=${SECRET}`, status: 401, route: 'fhir none', code: 'login' },
      { request: `GET /fhir/Unicorn/${SECRET}`, sent: { as: 'system' }, status: 404, route: 'fhir none' },
      { request: `GET /fhir/%E4${SECRET}`, sent: { as: 'system' }, status: 400, route: 'none' },
      { request: `PUT /fhir/Patient/a`, sent: { as: 'system', body: SECRET }, status: 400 },
    ]) {
      const [method = '', path = ''] = request.split(' ');
      logged.length = 0;
      const answer = await door.send(method, path, sent);
      const requestId = answer.headers.get('x-request-id');
      expect(answer.status, request).toBe(status);
      expect(logged, request).toHaveLength(1);
      expect(logged[0]).toMatchObject({
        requestId,
        method,
        status,
        ...(route && { route }),
        ...(code && { code }),
      });
      expect(JSON.stringify(logged)).not.toContain(SECRET);
    }
    logged.length = 0;
    expect((await door.send('GET', '/fhir/Patient/ben', { as: 'system' })).status).toBe(200);
    expect(logged).toEqual([]);
  });

  it('answers below and beside the base', async () => {
    expect((await door.send('GET', '/fhir', { as: 'system' })).status).toBe(200);
    expect((await door.send('GET', '/fhir/', { as: 'system' })).status).toBe(200);
    expect((await door.send('GET', '/fhir/Patient//x', { as: 'system' })).status).toBe(404);
  });

  it('refuses methods that FHIR does not use, in its own words, and says which it takes', async () => {
    const answer = await door.send('OPTIONS', '/fhir/Patient/ben', { as: 'system' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('GET, HEAD, PUT, PATCH, DELETE');
    const operation = await door.send('DELETE', '/fhir/Patient/$shared-record', { as: 'system' });
    expect(operation.status).toBe(405);
    expect(operation.headers.get('allow')).toBe('GET, HEAD, POST');
    expect(answer.json().resourceType).toBe('OperationOutcome');
    expect((await door.send('OPTIONS', '/fhir/Patient/ben')).status).toBe(401);
  });

  it('refuses what a read cannot honour, where that is asked strictly', async () => {
    const strict = { as: 'system', headers: { prefer: 'handling=strict' } };
    expect((await door.send('GET', '/fhir/Patient/ben?_count=1', strict)).status).toBe(400);
    expect((await door.send('GET', '/fhir/Patient/ben?_format=json', strict)).status).toBe(200);
    expect((await door.send('GET', '/fhir/Patient/ben?_elements=id', { as: 'system' })).status).toBe(200);
  });

  it('takes a body of 50 MB for what it is: too large, and the door stays open', async () => {
    const body = `{"resourceType":"Basic","code":{"text":"${'x'.repeat(50_000_000)}"}}`;
    const answer = await door
      .send('POST', '/fhir/Basic', { as: 'system', body })
      .catch((error: unknown) => error);
    if (!(answer instanceof Error)) expect(answer).toMatchObject({ status: 413 });
    expect((await door.send('GET', '/fhir/Patient/ben', { as: 'system' })).status).toBe(200);
  });
});
