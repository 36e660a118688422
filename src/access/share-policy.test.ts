import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Id, InstantMs, NhsNumber, OdsCode } from '../base/brands.ts';
import type { OrganisationKind } from '../base/node-config.ts';
import { resourceTypes } from '../fhir/definitions.ts';
import { ODS_CODE_SYSTEM, type ResourceOf } from '../fhir/resource.ts';
import type { Asker, Role } from './actor.ts';
import { PERSONAS, REFERENCED_TYPES } from './personas.ts';
import {
  applySharePolicy,
  type Denial,
  decideSharedRecord,
  isProtectedPerson,
  type KnownPerson,
  type SharePolicy,
  seesSharedRecords,
  sharePolicy,
  shareScope,
  showsUnder,
} from './share-policy.ts';

type Consent = ResourceOf<'Consent'>;
type Provision = NonNullable<Consent['provision']>;

const HOLDER = 'RCB' as OdsCode;
const ASKING = 'A82001' as OdsCode;
const NUMBER = '9990000018' as NhsNumber;
const NOW = Date.parse('2026-11-23T09:00:00Z') as InstantMs;

function asker(role: Role, organisation: OdsCode = ASKING, patient: NhsNumber = NUMBER): Asker {
  return {
    actor: { id: role, name: role, role, organisation, ...(role === 'patient' ? { patient } : {}) },
    purpose: role === 'node' ? 'administration' : PERSONAS[role].purpose,
    requestId: 'r',
  };
}

const policyOf = (kind: OrganisationKind, consents: Consent[] = [], labels: string[] = []): SharePolicy =>
  sharePolicy(
    { ods: HOLDER, kind },
    [NUMBER],
    [{ resourceType: 'Patient', meta: { security: labels.map((code) => ({ code })) } }],
    consents,
  );

function consent(provision: Provision, given: Partial<Consent> = {}): Consent {
  return {
    resourceType: 'Consent',
    status: 'active',
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ coding: [{ code: 'INFA' }] }],
    patient: { reference: 'Patient/p1' },
    provision,
    ...given,
  };
}

const mark = (policy: SharePolicy, who: Asker, at = NOW): string => {
  const answer = applySharePolicy(policy, who, at);
  return answer.kind === 'permit' ? 'yes' : answer.rule;
};

describe('share policy: whom each kind of organisation answers', () => {
  const ROLES: readonly Role[] = [
    'patient',
    'gp',
    'nurse',
    'doctor',
    'lab',
    'pharmacist',
    'privacy-officer',
    'engineer',
    'analyst',
    'system',
    'node',
  ];
  const clinical = ['yes', 'yes', 'yes', 'yes', 'yes', 'yes', 'role', 'role', 'role', 'role', 'role'];
  const care = ['yes', 'yes', 'yes', 'yes', 'role', 'role', 'role', 'role', 'role', 'role', 'role'];
  it.each([
    ['gp', clinical],
    ['acute', clinical],
    ['lab', clinical],
    ['pharmacy', clinical],
    ['mental-health', care],
    ['community', clinical],
    ['urgent-care', clinical],
    ['exchange', ROLES.map(() => 'role')],
  ] as const)('%s', (kind, expected) => {
    expect(ROLES.map((role) => mark(policyOf(kind), asker(role)))).toEqual(expected);
  });

  it('a lab and a pharmacist get what they need and no more', () => {
    const types = (role: Role): readonly string[] => {
      const answer = applySharePolicy(policyOf('gp'), asker(role), NOW);
      return answer.kind === 'permit' ? answer.types : [];
    };
    expect(types('lab')).toContain('Specimen');
    expect(types('lab')).not.toContain('MedicationRequest');
    expect(types('pharmacist')).toContain('AllergyIntolerance');
    expect(types('pharmacist')).not.toContain('Observation');
    expect(types('nurse')).toContain('Observation');
    expect(types('gp')).not.toContain('Binary');
  });

  it('shows the same in a copy as its scope would', () => {
    const answer = applySharePolicy(policyOf('gp'), asker('nurse'), NOW);
    if (answer.kind !== 'permit') throw new Error(answer.text);
    expect(showsUnder(answer, 'Observation', ['N'])).toBe(true);
    expect(showsUnder(answer, 'Observation', ['N', 'R'])).toBe(false);
    expect(showsUnder(answer, 'Device', [])).toBe(true);
    expect(showsUnder(answer, 'AuditEvent', [])).toBe(false);
    const scope = shareScope(answer, []);
    for (const type of resourceTypes) {
      expect(`${type} ${showsUnder(answer, type, [])}`).toBe(`${type} ${scope.types.includes(type)}`);
    }
  });

  it('becomes a scope over the holder’s Patients with directory entries beside them', () => {
    const answer = applySharePolicy(policyOf('gp'), asker('nurse'), NOW);
    if (answer.kind !== 'permit') throw new Error(answer.text);
    expect(shareScope(answer, ['p1' as Id])).toEqual({
      persons: ['p1'],
      unattached: REFERENCED_TYPES,
      types: [...new Set([...answer.types, ...REFERENCED_TYPES])],
      hiddenLabels: ['R', 'V'],
    });
  });
});

describe('asking for a shared record', () => {
  const known: readonly KnownPerson[] = [
    { kind: 'one', active: true },
    { kind: 'one', active: false },
    { kind: 'none' },
    { kind: 'ambiguous' },
    { kind: 'unverified' },
  ];
  const answers = (who: Asker, nhsNumber = NUMBER, at = ASKING): readonly string[] =>
    known.map((person) => {
      const answer = decideSharedRecord({ asker: who, at, nhsNumber, person });
      return answer.kind === 'permit' ? 'yes' : answer.rule;
    });
  const staff = ['yes', 'identity', 'identity', 'identity', 'identity'];

  it.each(['gp', 'nurse', 'doctor', 'lab', 'pharmacist'] as const)('%s: for people in use here', (role) => {
    expect(answers(asker(role))).toEqual(staff);
  });

  it('patient: the own number, wherever it is known, and no other', () => {
    expect(answers(asker('patient'))).toEqual(known.map(() => 'yes'));
    expect(answers(asker('patient'), '9990000026' as NhsNumber)).toEqual(known.map(() => 'role'));
  });

  it.each(['privacy-officer', 'engineer', 'analyst', 'system', 'node'] as const)('%s: never', (role) => {
    expect(answers(asker(role))).toEqual(known.map(() => 'role'));
  });

  it('nobody at another organisation’s node, nor for another purpose', () => {
    expect(answers(asker('gp'), NUMBER, HOLDER)).toEqual(known.map(() => 'role'));
    expect(answers({ ...asker('gp'), purpose: 'secondary-use' })).toEqual(known.map(() => 'role'));
  });
});

describe('share policy: identity', () => {
  it('keeps a record without a verified number where it is', () => {
    expect(mark({ ...policyOf('acute'), nhsNumbers: [] }, asker('gp'))).toBe('identity');
    expect(mark({ ...policyOf('acute'), nhsNumbers: [] }, asker('patient'))).toBe('identity');
  });

  it('opens to a patient the own record only', () => {
    expect(mark(policyOf('acute'), asker('patient', ASKING, '9990000026' as NhsNumber))).toBe('identity');
    const { patient: _, ...actor } = asker('patient').actor;
    expect(mark(policyOf('acute'), { ...asker('patient'), actor })).toBe('identity');
  });
});

describe('share policy: labels on the person', () => {
  it.each([
    ['gp', ['R'], 'yes'],
    ['gp', ['V'], 'label'],
    ['nurse', ['R'], 'label'],
    ['nurse', ['N', 'U'], 'yes'],
    ['patient', ['V'], 'yes'],
  ] as const)('%s, %j: %s', (role, labels, expected) => {
    expect(mark(policyOf('acute', [], [...labels]), asker(role))).toBe(expected);
  });
});

describe('share policy: dissent', () => {
  const deny: Provision = { type: 'deny' };
  const scope = (code: string): Partial<Consent> => ({ scope: { coding: [{ code }] } });

  it.each([
    ['an active denial', consent(deny), 'consent'],
    ['one that is not active', consent(deny, { status: 'inactive' }), 'yes'],
    ['a draft', consent(deny, { status: 'draft' }), 'yes'],
    ['one of treatment', consent(deny, scope('treatment')), 'yes'],
    ['one of research', consent(deny, scope('research')), 'yes'],
    ['an advance directive', consent(deny, scope('adr')), 'yes'],
    ['one of a scope that we do not know', consent(deny, scope('x')), 'consent'],
    ['one of a scope in words', consent(deny, { scope: { text: 'sharing' } }), 'consent'],
    ['a permit', consent({ type: 'permit' }), 'yes'],
    ['no type at all', consent({}), 'yes'],
    ['a denial within a permit', consent({ type: 'permit', provision: [deny] }), 'consent'],
    [
      'an exception within a denial: not read',
      consent({ type: 'deny', provision: [{ type: 'permit' }] }),
      'consent',
    ],
    ['an opt-out of research', consent({ type: 'deny', purpose: [{ code: 'HRESCH' }] }), 'yes'],
    [
      'an opt-out of research and treatment',
      consent({ type: 'deny', purpose: [{ code: 'HRESCH' }, { code: 'TREAT' }] }),
      'consent',
    ],
  ] as const)('%s', (_, given, expected) => {
    expect(mark(policyOf('acute', [given]), asker('gp'))).toBe(expected);
  });

  it('never keeps a patient from the own record', () => {
    expect(mark(policyOf('acute', [consent(deny)]), asker('patient'))).toBe('yes');
  });

  it('may be from one organisation alone; one that cannot be read is from all', () => {
    const from = (value: string, system = ODS_CODE_SYSTEM): Consent =>
      consent({
        type: 'deny',
        actor: [{ role: { text: 'recipient' }, reference: { identifier: { system, value } } }],
      });
    expect(mark(policyOf('acute', [from('a82001 ')]), asker('gp'))).toBe('consent');
    expect(mark(policyOf('acute', [from('Y99999')]), asker('gp'))).toBe('yes');
    expect(mark(policyOf('acute', [from('Y99999', 'http://example.org')]), asker('gp'))).toBe('consent');
  });

  it('holds in its period, on its first and last day everywhere', () => {
    const policy = policyOf('acute', [
      consent({ type: 'deny', period: { start: '2026-06-01', end: '2026-06-30' } }),
    ]);
    const at = (text: string): string => mark(policy, asker('gp'), Date.parse(text) as InstantMs);
    expect(at('2026-05-29T12:00:00Z')).toBe('yes');
    expect(at('2026-05-31T23:30:00Z')).toBe('consent'); // 00:30 in London on 1 June
    expect(at('2026-06-30T23:59:00Z')).toBe('consent');
    expect(at('2026-07-02T12:00:00Z')).toBe('yes');
    const year = policyOf('acute', [consent({ type: 'deny', period: { end: '2026' } })]);
    expect(mark(year, asker('gp'), Date.parse('2026-12-31T23:00:00Z') as InstantMs)).toBe('consent');
    expect(mark(year, asker('gp'), Date.parse('2027-01-03T00:00:00Z') as InstantMs)).toBe('yes');
  });

  it('survives being written down and read again', () => {
    const policy = policyOf('acute', [consent({ type: 'deny', period: { end: '2030-01-01' } })], ['R']);
    expect(JSON.parse(JSON.stringify(policy))).toEqual(policy);
  });

  it('adding a denial never widens a scope', () => {
    const role = fc.constantFrom<Role>('patient', 'gp', 'nurse', 'doctor', 'lab', 'pharmacist', 'engineer');
    const kind = fc.constantFrom<OrganisationKind>('gp', 'acute', 'mental-health', 'pharmacy');
    const denial = fc.record(
      {
        organisations: fc.constantFrom<Denial['organisations']>('all', [ASKING], [HOLDER], []),
        from: fc.integer({ min: NOW - 10, max: NOW + 10 }).map((n) => n as InstantMs),
        until: fc.integer({ min: NOW - 10, max: NOW + 10 }).map((n) => n as InstantMs),
      },
      { requiredKeys: ['organisations'] },
    );
    const labels = fc.subarray(['N', 'R', 'V']);
    fc.assert(
      fc.property(
        role,
        kind,
        fc.array(denial, { maxLength: 3 }),
        denial,
        labels,
        (who, holder, some, more, l) => {
          const before = { ...policyOf(holder, [], l), denials: some };
          const wide = applySharePolicy(before, asker(who), NOW);
          const narrow = applySharePolicy({ ...before, denials: [...some, more] }, asker(who), NOW);
          if (narrow.kind === 'permit') expect(narrow).toEqual(wide);
        },
      ),
      { seed: 7, numRuns: 2_000 },
    );
  });
});

describe('share policy: every role by relationship, label, dissent and purpose', () => {
  const one = { kind: 'one', active: true } as const;
  const people: readonly (readonly [string, KnownPerson])[] = [
    ['in use here', one],
    ['left', { kind: 'one', active: false }],
    ['unknown', { kind: 'none' }],
    ['claimed by two', { kind: 'ambiguous' }],
    ['unverified', { kind: 'unverified' }],
  ];
  const roles = [...Object.keys(PERSONAS), 'node'] as Role[];
  const treating: readonly Role[] = ['gp', 'nurse', 'doctor', 'lab', 'pharmacist'];
  const purposes = ['direct-care', 'patient-access', 'emergency', 'administration', 'secondary-use'] as const;
  const cases = roles.flatMap((role) => purposes.map((purpose) => [role, purpose] as const));

  it.each(cases)('%s for %s', (role, purpose) => {
    const who: Asker = { ...asker(role), purpose };
    const isCare = treating.includes(role) && (purpose === 'direct-care' || purpose === 'emergency');
    const isOwn = role === 'patient' && purpose === 'patient-access';
    expect(seesSharedRecords(who)).toBe(isCare || isOwn);
    for (const [, person] of people) {
      const may = decideSharedRecord({ asker: who, at: ASKING, nhsNumber: NUMBER, person });
      const isInUse = person.kind === 'one' && person.active;
      expect(may.kind).toBe(isOwn || (isCare && isInUse) ? 'permit' : 'refuse');
    }
    const no = consent({ type: 'deny' });
    for (const labels of [[], ['R'], ['V']]) {
      for (const consents of [[], [no]]) {
        const isHidden = labels.some((label) => role in PERSONAS && hides(role, label));
        const expected = !(isCare || isOwn)
          ? 'role'
          : isCare && consents.length > 0
            ? 'consent'
            : isHidden
              ? 'label'
              : 'yes';
        expect(mark(policyOf('acute', consents, labels), who), `${labels} ${consents.length}`).toBe(expected);
      }
    }
  });

  const hides = (role: Role, label: string): boolean =>
    role !== 'node' && PERSONAS[role].hiddenLabels.includes(label);

  it('a person labelled very restricted is protected, whoever asks', () => {
    expect(isProtectedPerson(policyOf('acute', [], ['V']))).toBe(true);
    expect(isProtectedPerson(policyOf('acute', [], ['R']))).toBe(false);
  });
});
