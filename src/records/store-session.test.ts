import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ANN,
  asker,
  BOB,
  ELSEWHERE,
  id,
  observation,
  openRecordsUnderTest,
  patient,
  type RecordsUnderTest,
} from '../../test/records-under-test.ts';
import type { Role } from '../access/actor.ts';
import { PERSONAS, type Persona } from '../access/personas.ts';
import type { Seq, VersionId } from '../base/brands.ts';
import { Failure } from '../base/failure.ts';
import { searchParameter } from '../fhir/definitions.ts';
import type { Identified, Resource, ResourceType } from '../fhir/resource.ts';
import type { SearchQuery } from '../fhir/search-query.ts';
import type { AuditRow } from '../store/audit.ts';

let node: RecordsUnderTest;

beforeAll(async () => {
  node = await openRecordsUnderTest();
  await node.put(
    { resourceType: 'Organization', id: 'org', name: 'Trust' },
    patient('ann', [ANN]),
    patient('bob', [BOB]),
    observation('own', 'ann'),
    observation('own-r', 'ann', 'R'),
    observation('own-v', 'ann', 'V'),
    observation('other', 'bob'),
    observation('nobody', undefined),
    {
      resourceType: 'MedicationRequest',
      id: 'own',
      status: 'active',
      intent: 'order',
      medicationCodeableConcept: { text: 'Aspirin' },
      subject: { reference: 'Patient/ann' },
    },
    {
      resourceType: 'DeviceUseStatement',
      id: 'own',
      status: 'active',
      subject: { reference: 'Patient/ann' },
      device: { reference: 'Device/pacemaker' },
    },
    { resourceType: 'Device', id: 'pacemaker', status: 'active' },
  );
  await node.submit([{ op: 'delete', type: 'Observation', id: id('gone') }]).catch(() => undefined);
  await node.news('reads');
  await node.news('writes');
});
afterAll(() => node.close());

const session = (role: Role, given: Parameters<typeof asker>[1] = {}) => node.records.as(asker(role, given));

/** `ok` or the failure's code. */
async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

/** The parts of a row that differ from act to act. */
const brief = ({ action, outcome: result, targets, persons, detail }: AuditRow) => ({
  action,
  outcome: result,
  targets,
  persons,
  ...(detail === undefined ? {} : { detail }),
});

const search = (type: ResourceType, code?: string, value?: string): SearchQuery => {
  const parameter = code === undefined ? undefined : searchParameter(type, code);
  return {
    type,
    filters:
      parameter === undefined
        ? []
        : [
            {
              kind: 'parameter',
              parameter,
              values: [{ kind: 'reference', type: 'Patient', id: value ?? '' }],
            },
          ],
    sort: [],
    count: 100,
    total: 'accurate',
    include: [],
    revinclude: [],
  };
};

const ok = 'ok';
const no = 'forbidden';
const none = 'not-found';
type Row = readonly [own: string, other: string, labelledR: string, labelledV: string, nobody: string];
const READS: Readonly<Record<Persona, Row>> = {
  patient: [ok, none, ok, ok, none],
  gp: [ok, ok, ok, none, ok],
  nurse: [ok, ok, none, none, ok],
  doctor: [ok, ok, ok, none, ok],
  lab: [ok, ok, none, none, ok],
  pharmacist: [no, no, no, no, no],
  'privacy-officer': [no, no, no, no, no],
  engineer: [no, no, no, no, no],
  analyst: [no, no, no, no, no],
  system: [ok, ok, ok, ok, ok],
};
const IDS = ['own', 'other', 'own-r', 'own-v', 'nobody'] as const;
const WHOSE: Readonly<Record<string, readonly string[]>> = {
  own: ['ann'],
  other: ['bob'],
  'own-r': ['ann'],
  'own-v': ['ann'],
  nobody: [],
};
const PERSONA_NAMES = Object.keys(PERSONAS) as Persona[];

describe('reading by id, by persona', () => {
  it.each(PERSONA_NAMES)('%s: answers and exact audit rows', async (persona) => {
    const answers: string[] = [];
    for (const name of IDS) answers.push(await outcome(session(persona).read('Observation', id(name))));
    expect(answers).toEqual(READS[persona]);
    const rows = await node.news('reads');
    expect(rows.map(brief)).toEqual(
      IDS.map((name, i) => {
        const target = `Observation/${name}`;
        const answer = READS[persona][i];
        if (answer === ok) return { action: 'read', outcome: 'ok', targets: [target], persons: WHOSE[name] };
        const rule = answer === no ? 'role' : 'scope';
        return {
          action: 'refuse',
          outcome: 'refused',
          targets: [target],
          persons: answer === no ? [] : WHOSE[name],
          detail: { rule, act: 'read' },
        };
      }),
    );
    for (const row of rows) {
      expect(row.actor).toEqual({
        id: `persona:${persona}`,
        name: persona,
        role: persona,
        organisation: 'RCB',
      });
      expect([row.purpose, row.requestId]).toEqual([PERSONAS[persona].purpose, 'r1']);
    }
  });

  it('gives back the stored bytes and says whose they are', async () => {
    const stored = await session('patient').read('Patient', id('ann'));
    expect(JSON.parse(stored.bytes.toString('utf8'))).toMatchObject({ resourceType: 'Patient', id: 'ann' });
    expect(stored.persons).toEqual(['ann']);
    expect((await node.news('reads')).map(brief)).toEqual([
      { action: 'read', outcome: 'ok', targets: ['Patient/ann'], persons: ['ann'] },
    ]);
  });

  it('says the same of what is not there and of what is another’s; the rows tell them apart', async () => {
    const errors = await Promise.all(
      ['other', 'never'].map((name) =>
        session('patient')
          .read('Observation', id(name))
          .catch((error: unknown) => error),
      ),
    );
    expect(errors[0]).toEqual(errors[1]);
    const rows = (await node.news('reads')).map(brief);
    expect(rows).toContainEqual({
      action: 'read',
      outcome: 'failed',
      targets: ['Observation/never'],
      persons: [],
      detail: { reason: 'not-found' },
    });
    expect(rows).toContainEqual({
      action: 'refuse',
      outcome: 'refused',
      targets: ['Observation/other'],
      persons: ['bob'],
      detail: { rule: 'scope', act: 'read' },
    });
  });

  it('refuses every role of another organisation', async () => {
    for (const persona of PERSONA_NAMES) {
      const from = session(persona, { organisation: ELSEWHERE });
      expect(await outcome(from.read('Observation', id('own')))).toBe('forbidden');
      expect(await outcome(from.search(search('Observation')))).toBe('forbidden');
      expect(await outcome(from.submit([{ op: 'create', resource: observation('x', 'ann') }]))).toBe(
        'forbidden',
      );
    }
    expect((await node.news('reads')).map((row) => row.outcome)).toEqual(
      PERSONA_NAMES.flatMap(() => Array(3).fill('refused')),
    );
  });

  it('gives a patient with an unknown number nothing', async () => {
    const stranger = session('patient', { patient: '9990000042' as typeof ANN });
    expect(await outcome(stranger.read('Patient', id('ann')))).toBe('not-found');
    expect((await stranger.search(search('Patient'))).entries).toEqual([]);
    await node.news('reads');
  });

  it('answers versions and history with their rows', async () => {
    await session('nurse').readVersion('Observation', id('own'), '1' as VersionId);
    const history = await session('nurse').history({ type: 'Observation', id: id('own') }, { count: 10 });
    expect(history.entries.length).toBe(1);
    expect(
      await outcome(session('patient').history({ type: 'Observation', id: id('other') }, { count: 10 })),
    ).toBe('not-found');
    expect(await outcome(session('nurse').readVersion('Observation', id('own'), '9' as VersionId))).toBe(
      'not-found',
    );
    expect(
      (await node.news('reads')).map(({ action, outcome: o, targets }) => [action, o, ...targets]),
    ).toEqual([
      ['read', 'ok', 'Observation/own/_history/1'],
      ['history', 'ok', 'Observation/own'],
      ['refuse', 'refused', 'Observation/other'],
      ['read', 'failed', 'Observation/own/_history/9'],
    ]);
  });

  it('says of a deleted resource that it is gone, and audits that', async () => {
    await node.put(observation('short', 'ann'));
    await node.submit([{ op: 'delete', type: 'Observation', id: id('short') }]);
    await node.news('reads');
    expect(await outcome(session('nurse').read('Observation', id('short')))).toBe('deleted');
    expect((await node.news('reads')).map(brief)).toMatchObject([
      { action: 'read', outcome: 'failed', targets: ['Observation/short'], detail: { reason: 'deleted' } },
    ]);
    const [, deletion] = await node.news('writes');
    expect(deletion).toMatchObject({ action: 'delete', targets: ['Observation/short'], persons: ['ann'] });
  });
});

describe('searching, by persona', () => {
  const FOUND: Readonly<Record<Persona, readonly string[] | 'forbidden'>> = {
    patient: ['own', 'own-r', 'own-v'],
    gp: ['nobody', 'other', 'own', 'own-r'],
    nurse: ['nobody', 'other', 'own'],
    doctor: ['nobody', 'other', 'own', 'own-r'],
    lab: ['nobody', 'other', 'own'],
    pharmacist: 'forbidden',
    'privacy-officer': 'forbidden',
    engineer: 'forbidden',
    analyst: 'forbidden',
    system: ['nobody', 'other', 'own', 'own-r', 'own-v'],
  };
  it.each(PERSONA_NAMES)('%s finds, counts and is audited for what the role may see', async (persona) => {
    const expected = FOUND[persona];
    const asked = session(persona).search(search('Observation'));
    if (expected === 'forbidden') {
      expect(await outcome(asked)).toBe('forbidden');
      expect((await node.news('reads')).map(brief)).toEqual([
        {
          action: 'refuse',
          outcome: 'refused',
          targets: ['Observation'],
          persons: [],
          detail: { rule: 'role', act: 'search' },
        },
      ]);
      return;
    }
    const page = await asked;
    expect(page.entries.map((one) => one.id).sort()).toEqual(expected);
    expect(page.total).toBe(expected.length);
    const [row, ...more] = await node.news('reads');
    expect(more).toEqual([]);
    expect(row).toMatchObject({
      action: 'search',
      outcome: 'ok',
      targets: ['Observation'],
      detail: { matches: expected.length, included: 0 },
    });
    expect([...(row?.persons ?? [])].sort()).toEqual(persona === 'patient' ? ['ann'] : ['ann', 'bob']);
  });

  it('leaves the values out of the row', async () => {
    await session('nurse').search(search('Observation', 'subject', 'ann'));
    expect((await node.news('reads')).map((row) => row.targets)).toEqual([['Observation?subject']]);
  });
});

describe('a whole record, by persona', () => {
  const query = (person: string) => ({ persons: [id(person)], withReferenced: true, count: 100 });

  it('a patient gets the own, with what it refers to, and not another’s', async () => {
    const page = await session('patient').compartment(query('ann'));
    expect(page.entries.map((one) => `${one.type}/${one.id}`).sort()).toEqual([
      'Device/pacemaker',
      'DeviceUseStatement/own',
      'MedicationRequest/own',
      'Observation/own',
      'Observation/own-r',
      'Observation/own-v',
      'Patient/ann',
    ]);
    expect(await outcome(session('patient').compartment(query('bob')))).toBe('not-found');
    expect(await outcome(session('patient').read('Device', id('pacemaker')))).toBe('forbidden');
    expect((await node.news('reads')).map(brief)).toEqual([
      {
        action: 'everything',
        outcome: 'ok',
        targets: ['Patient/ann'],
        persons: ['ann'],
        detail: { resources: 7 },
      },
      {
        action: 'refuse',
        outcome: 'refused',
        targets: ['Patient/bob'],
        persons: ['bob'],
        detail: { rule: 'identity', act: 'everything' },
      },
      {
        action: 'refuse',
        outcome: 'refused',
        targets: ['Device/pacemaker'],
        persons: [],
        detail: { rule: 'role', act: 'read' },
      },
    ]);
  });

  it.each([
    ['gp', 6],
    ['nurse', 5],
    ['lab', 2],
    ['pharmacist', 2],
    ['system', 7],
    ['node', 7],
  ] as const)('%s gets %d resources of one with everything in it', async (role, count) => {
    expect((await session(role).compartment(query('ann'))).entries.length).toBe(count);
    await node.news('reads');
  });

  it.each(['privacy-officer', 'engineer', 'analyst'] as const)('%s gets none', async (role) => {
    expect(await outcome(session(role).compartment(query('ann')))).toBe('forbidden');
    await node.news('reads');
  });
});

describe('another organisation’s question', () => {
  const query = { persons: [id('ann')], withReferenced: true, count: 100 };
  const foreign = (role: Role, given = {}) => session(role, { organisation: ELSEWHERE, ...given });
  const consent = (status: 'active' | 'inactive'): Resource => ({
    resourceType: 'Consent',
    id: 'dissent',
    status,
    scope: { coding: [{ code: 'patient-privacy' }] },
    category: [{ text: 'sharing' }],
    patient: { reference: 'Patient/ann' },
    provision: { type: 'deny' },
  });

  it('is answered by the share policy, and disclosed with a durable row', async () => {
    await node.news('writes');
    const page = await foreign('gp').compartment(query);
    expect(page.entries.map((one) => one.id)).not.toContain('own-v');
    expect(page.entries.length).toBe(6);
    expect((await node.news('writes')).map(brief)).toEqual([
      {
        action: 'disclose',
        outcome: 'ok',
        targets: ['Patient/ann'],
        persons: ['ann'],
        detail: { resources: 6 },
      },
    ]);
    expect(await node.news('reads')).toEqual([]);
  });

  it.each([
    ['engineer', {}],
    ['system', {}],
    ['patient', { patient: BOB }],
  ] as const)('is refused to %s with a durable row and no content', async (role, given) => {
    await node.news('writes');
    expect(await outcome(foreign(role, given).compartment(query))).toBe('suppressed');
    expect((await node.news('writes')).map(brief)).toMatchObject([
      { action: 'refuse', outcome: 'refused', persons: ['ann'], detail: { act: 'disclose' } },
    ]);
  });

  it('is refused from the moment that dissent is acknowledged, and answered when it is withdrawn', async () => {
    expect(await outcome(foreign('nurse').compartment(query))).toBe('ok');
    await node.put(consent('active'));
    expect(await outcome(foreign('nurse').compartment(query))).toBe('suppressed');
    expect(await outcome(foreign('patient').compartment(query))).toBe('ok');
    expect(await outcome(session('nurse').compartment(query))).toBe('ok');
    await node.put(consent('inactive'));
    expect(await outcome(foreign('nurse').compartment(query))).toBe('ok');
    await node.news('reads');
    await node.news('writes');
  });
});

describe('writing, by persona', () => {
  const about = (type: 'Observation' | 'MedicationDispense' | 'Patient' | 'Condition'): Resource =>
    type === 'Observation'
      ? observation('ignored', 'ann')
      : type === 'Patient'
        ? patient('new', [])
        : type === 'Condition'
          ? { resourceType: 'Condition', subject: { reference: 'Patient/ann' } }
          : {
              resourceType: 'MedicationDispense',
              status: 'completed',
              medicationCodeableConcept: { text: 'Aspirin' },
              subject: { reference: 'Patient/ann' },
            };
  const TYPES = ['Observation', 'MedicationDispense', 'Condition', 'Patient'] as const;
  const WRITES: Readonly<Record<Persona, readonly string[]>> = {
    patient: [no, no, no, no],
    gp: [ok, ok, ok, no],
    nurse: [ok, ok, ok, no],
    doctor: [ok, ok, ok, no],
    lab: [ok, no, no, no],
    pharmacist: [no, ok, no, no],
    'privacy-officer': [no, no, no, no],
    engineer: [no, no, no, no],
    analyst: [no, no, no, no],
    system: [ok, ok, ok, ok],
  };

  it.each(PERSONA_NAMES)('%s creates what the role writes; rows are in the commit', async (persona) => {
    await node.news('reads');
    await node.news('writes');
    const answers: string[] = [];
    for (const type of TYPES) {
      answers.push(await outcome(session(persona).submit([{ op: 'create', resource: about(type) }])));
    }
    expect(answers).toEqual(WRITES[persona]);
    const written = await node.news('writes');
    const refused = await node.news('reads');
    expect(written.length).toBe(answers.filter((one) => one === ok).length);
    expect(refused.length).toBe(answers.filter((one) => one === no).length);
    for (const row of written) {
      expect(row).toMatchObject({ action: 'create', outcome: 'ok', actor: { role: persona } });
      const [target = ''] = row.targets;
      expect(target).toMatch(/^\w+\/[0-9a-z]{26}$|^Patient\/new$/);
      expect(row.persons).toEqual(
        target.startsWith('Patient/') ? [target.slice('Patient/'.length)] : ['ann'],
      );
    }
    for (const row of refused) {
      expect(brief(row)).toMatchObject({
        action: 'refuse',
        outcome: 'refused',
        detail: { rule: 'role', act: 'create' },
      });
    }
  });

  it('refuses a whole transaction for one op, and writes none of it', async () => {
    const before = await session('system').head();
    const ops = [
      { op: 'create' as const, resource: observation('x', 'ann') },
      { op: 'delete' as const, type: 'Patient' as const, id: id('bob') },
    ];
    expect(await outcome(session('gp').submit(ops))).toBe('forbidden');
    expect(await session('system').head()).toBe(before);
    expect(await outcome(session('system').read('Patient', id('bob')))).toBe('ok');
    await node.news('reads');
  });

  it('refuses what is about a patient whom the organisation does not hold', async () => {
    expect(
      await outcome(session('nurse').submit([{ op: 'create', resource: observation('x', 'nobody-here') }])),
    ).toBe('forbidden');
    const [row] = await node.news('reads');
    expect(row?.detail).toEqual({ rule: 'identity', act: 'create' });
  });

  it('refuses to overwrite or delete what the role may not see', async () => {
    const hidden = observation('own-v', 'ann') as Identified;
    expect(await outcome(session('gp').submit([{ op: 'put', resource: hidden }]))).toBe('forbidden');
    expect(
      await outcome(session('gp').submit([{ op: 'delete', type: 'Observation', id: id('own-v') }])),
    ).toBe('forbidden');
    expect((await node.news('reads')).map((row) => row.detail)).toEqual([
      { rule: 'label', act: 'update' },
      { rule: 'label', act: 'delete' },
    ]);
  });

  it('keeps a row of an attempt that failed', async () => {
    await node.news('writes');
    const stale = {
      op: 'put' as const,
      resource: observation('own', 'ann') as Identified,
      ifMatch: '99' as VersionId,
    };
    expect(await outcome(session('system').submit([stale]))).toBe('conflict');
    expect((await node.news('reads')).map(brief)).toEqual([
      {
        action: 'update',
        outcome: 'failed',
        targets: ['Observation/own'],
        persons: ['ann'],
        detail: { reason: 'conflict' },
      },
    ]);
    expect(await node.news('writes')).toEqual([]);
  });

  it('names both persons of a resource that moves from one to the other', async () => {
    await node.put(observation('moving', 'ann'));
    await node.news('writes');
    await session('nurse').submit([{ op: 'put', resource: observation('moving', 'bob') as Identified }]);
    const [row] = await node.news('writes');
    expect([...(row?.persons ?? [])].sort()).toEqual(['ann', 'bob']);
  });

  it('names twenty targets of a large write and counts the rest', async () => {
    await node.news('writes');
    const ops = Array.from({ length: 25 }, () => ({
      op: 'create' as const,
      resource: observation('x', 'ann'),
    }));
    await session('system').submit([
      ...ops,
      { op: 'put', resource: observation('own', 'ann') as Identified },
    ]);
    const [row] = await node.news('writes');
    expect(row).toMatchObject({ action: 'update', persons: ['ann'], detail: { create: 25, put: 1 } });
    expect(row?.targets.length).toBe(20);
  });

  it('lets a caller name the act and add what matters, with a blob in the same commit', async () => {
    await node.news('writes');
    await session('system').submit([], {
      action: 'ingest',
      detail: { feed: 'adt' },
      blobs: [{ space: 'v2-messages', name: 'm1', bytes: Buffer.from('MSH|') }],
    });
    expect((await node.store.blobs.get('v2-messages', 'm1'))?.toString()).toBe('MSH|');
    expect((await node.news('writes')).map(brief)).toEqual([
      { action: 'ingest', outcome: 'ok', targets: [], persons: [], detail: { feed: 'adt' } },
    ]);
    expect(await outcome(session('gp').submit([]))).toBe('forbidden');
    await node.news('reads');
  });

  it('lets the source system look up what it will write, without a row, and nobody else', async () => {
    await node.news('reads');
    const query: SearchQuery = {
      type: 'Patient',
      filters: [],
      sort: [],
      count: 5,
      total: 'none',
      include: [],
      revinclude: [],
    };
    expect((await session('system').lookUp(query)).entries.length).toBeGreaterThan(0);
    for (const role of ['engineer', 'gp', 'patient', 'node'] as const) {
      expect(await outcome(session(role).lookUp(query)), role).toBe('forbidden');
    }
    expect((await node.news('reads')).map(({ action }) => action)).toEqual(Array(4).fill('refuse'));
  });

  it('shows what is kept to whom it may show it, with a row', async () => {
    await session('system').submit([], {
      blobs: [
        { space: 'v2-messages', name: 'm2', bytes: Buffer.from('MSH|2') },
        { space: 'v2-dead-letters', name: 'd1', bytes: Buffer.from('{}') },
      ],
    });
    await node.news('reads');
    expect((await session('system').kept('v2-messages', 'm2'))?.toString()).toBe('MSH|2');
    expect(await session('engineer').keptNames('v2-dead-letters', undefined, 5)).toEqual(['d1']);
    expect(await session('system').kept('v2-messages', 'm3')).toBe(undefined);
    for (const role of ['engineer', 'gp', 'patient', 'node'] as const) {
      expect(await outcome(session(role).kept('v2-messages', 'm2')), role).toBe('forbidden');
    }
    expect(
      (await node.news('reads')).map(({ action, outcome, targets }) => [action, outcome, ...targets]),
    ).toEqual([
      ['read', 'ok', 'v2-messages/m2'],
      ['read', 'ok', 'v2-dead-letters'],
      ...Array.from({ length: 4 }, () => ['refuse', 'refused', 'v2-messages']),
    ]);
  });
});

describe('notes and changes', () => {
  it('a note is a durable row', async () => {
    await node.news('writes');
    await session('gp').note({
      action: 'shared-record',
      targets: ['Patient/ann'],
      persons: ['ann'],
      outcome: 'ok',
      detail: { sources: 8 },
    });
    expect((await node.news('writes')).map(brief)).toEqual([
      {
        action: 'shared-record',
        outcome: 'ok',
        targets: ['Patient/ann'],
        persons: ['ann'],
        detail: { sources: 8 },
      },
    ]);
  });

  it('changes are for the machinery and the source system', async () => {
    for (const role of [...PERSONA_NAMES, 'node'] as const) {
      const stop = new AbortController();
      const first = async (): Promise<void> => {
        for await (const change of session(role).changes(0 as Seq, stop.signal)) {
          expect(change.entries.length).toBeGreaterThan(0);
          stop.abort();
          break;
        }
      };
      expect(`${role} ${await outcome(first())}`).toBe(
        `${role} ${role === 'system' || role === 'node' ? 'ok' : 'forbidden'}`,
      );
    }
    expect((await node.news('reads')).length).toBe(PERSONA_NAMES.length + 1);
  });
});

describe('what a later version hides', () => {
  it('is hidden in the versions before it too: by a label, and from whom it was about by mistake', async () => {
    await node.put(patient('cas', []), observation('moved', 'bob'));
    await node.put(observation('moved', 'cas', 'V'));
    const bob = session('patient', { patient: BOB });
    for (const who of [session('nurse'), bob]) {
      const first = who.readVersion('Observation', id('moved'), '1' as VersionId);
      expect(await outcome(first)).toBe('not-found');
      const target = { type: 'Observation', id: id('moved') } as const;
      expect(await outcome(who.history(target, { count: 10 }))).toBe('not-found');
    }
    const system = session('system');
    expect((await system.history({ type: 'Observation', id: id('moved') }, { count: 10 })).total).toBe(2);
  });

  it('is hidden after a deletion as it was before it', async () => {
    await node.put(observation('ended', 'ann', 'V'));
    await node.submit([{ op: 'delete', type: 'Observation', id: id('ended') }]);
    const first = session('nurse').readVersion('Observation', id('ended'), '1' as VersionId);
    expect(await outcome(first)).toBe('not-found');
  });
});

describe('a Patient that carries a label', () => {
  it('closes the whole record at home to whoever may not see the label, and leaves a row that says so', async () => {
    const secret = (label: string): Identified =>
      ({ ...patient('dan', []), meta: { security: [{ code: label }] } }) as Identified;
    await node.put(secret('V'), observation('of-dan', 'dan'));
    const everything = { persons: [id('dan')], withReferenced: false, count: 9 };
    const ways = (who: ReturnType<typeof session>) => [
      outcome(who.read('Patient', id('dan'))),
      outcome(who.read('Observation', id('of-dan'))),
      outcome(who.readVersion('Observation', id('of-dan'), '1' as VersionId)),
      outcome(who.history({ type: 'Observation', id: id('of-dan') }, { count: 9 })),
      outcome(who.compartment(everything)),
    ];
    const of = async (who: ReturnType<typeof session>) => [
      ...new Set(await Promise.all(ways(who))),
      (await who.search(search('Observation'))).entries.some((one) => one.id === 'of-dan'),
    ];
    expect(await of(session('doctor'))).toEqual(['not-found', false]);
    await node.news('reads');
    await outcome(session('nurse').compartment(everything));
    expect((await node.news('reads')).map(brief)).toEqual([
      {
        action: 'refuse',
        outcome: 'refused',
        targets: ['Patient/dan'],
        persons: ['dan'],
        detail: { rule: 'label', act: 'everything' },
      },
    ]);
    await node.put(secret('R'));
    expect(await of(session('doctor'))).toEqual(['ok', true]);
    expect(await of(session('nurse'))).toEqual(['not-found', false]);
    expect(await of(session('system'))).toEqual(['ok', true]);
    const write = session('nurse').submit([
      { op: 'put', resource: observation('of-dan', 'ann') as Identified },
    ]);
    expect(await outcome(write)).toBe('forbidden');
    await node.news('reads');
    const { id: _id, ...fresh } = observation('new-of-dan', 'dan');
    const addition = session('nurse').submit([{ op: 'create', resource: fresh }]);
    expect(await outcome(addition)).toBe('forbidden');
    expect((await node.news('reads')).map((row) => row.detail)).toEqual([{ rule: 'label', act: 'create' }]);
    const nobody = { ...fresh, subject: { reference: 'Patient/nobody-here' } } as Resource;
    const [closed, none] = await Promise.all(
      [fresh, nobody].map((resource) =>
        session('nurse')
          .submit([{ op: 'create', resource }])
          .catch((thrown: Failure) => thrown.message),
      ),
    );
    expect(closed).toBe(none);
  });
});

describe('a question that fails on the way', () => {
  it('leaves its row too', async () => {
    await node.news('reads');
    const cursor = 'none-of-ours';
    const failing = [
      () => session('gp').search({ ...search('Observation'), cursor }),
      () => session('gp').history({ type: 'Observation' }, { count: 1, cursor }),
      () => session('gp').compartment({ persons: [id('ann')], withReferenced: false, count: 1, cursor }),
    ];
    for (const ask of failing) expect(await outcome(ask())).toBe('value');
    const failed = { outcome: 'failed', detail: { reason: 'value' } };
    expect((await node.news('reads')).map(brief)).toEqual([
      { ...failed, action: 'search', targets: ['Observation'], persons: [] },
      { ...failed, action: 'history', targets: ['Observation/_history'], persons: [] },
      { ...failed, action: 'everything', targets: ['Patient/ann'], persons: ['ann'] },
    ]);
  });
});

describe('If-None-Exist', () => {
  it('counts what the asker may not see as none, so that it tells nothing of it', async () => {
    const identifier = [{ system: 'https://example.org/requests', value: 'hidden-1' }];
    await node.put({ ...observation('tagged', 'ann', 'V'), identifier } as Identified);
    const parameter = searchParameter('Observation', 'identifier');
    if (parameter === undefined) throw new Error('no such parameter');
    const values = [{ kind: 'token' as const, system: 'https://example.org/requests', value: 'hidden-1' }];
    const ifNoneExist = {
      type: 'Observation',
      filters: [{ kind: 'parameter', parameter, values }],
      sort: [],
      count: 2,
      total: 'none',
      include: [],
      revinclude: [],
    } as SearchQuery;
    const { id: _id, ...resource } = observation('any', 'ann');
    const commit = await session('nurse').submit([{ op: 'create', resource, ifNoneExist }]);
    expect(commit.entries[0]?.outcome).toBe('created');
    const again = await session('system').submit([{ op: 'create', resource, ifNoneExist }]);
    expect(again.entries[0]).toMatchObject({ outcome: 'existing', id: 'tagged' });
  });
});
