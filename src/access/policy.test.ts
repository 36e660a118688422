import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Id, NhsNumber, OdsCode } from '../base/brands.ts';
import { resourceTypes, structure } from '../fhir/definitions.ts';
import type { ResourceType } from '../fhir/resource.ts';
import type { Asker, Purpose, Role } from './actor.ts';
import { DIRECTORY_TYPES, PERSONAS, type Persona } from './personas.ts';
import { type Decision, decide } from './policy.ts';

const HERE = 'RCB' as OdsCode;
const ELSEWHERE = 'A82001' as OdsCode;
const OWN = ['p1', 'p2'] as Id[];
const ROLES: readonly Role[] = [...(Object.keys(PERSONAS) as Persona[]), 'node'];

function asker(role: Role, given: { purpose?: Purpose; organisation?: OdsCode } = {}): Asker {
  return {
    actor: {
      id: `persona:${role}`,
      name: role,
      role,
      organisation: given.organisation ?? HERE,
      ...(role === 'patient' ? { patient: '9990000018' as NhsNumber } : {}),
    },
    purpose: given.purpose ?? (role === 'node' ? 'administration' : PERSONAS[role].purpose),
    requestId: 'r1',
  };
}

const ask = (role: Role, action: 'read' | 'record' | 'write' | 'changes', type?: ResourceType): Decision =>
  decide({
    asker: asker(role),
    at: HERE,
    action,
    own: role === 'patient' ? OWN : [],
    ...(type === undefined ? {} : { type }),
  });

const mark = (decision: Decision): string => (decision.kind === 'permit' ? 'yes' : decision.rule);

describe('policy: what each role may do with each kind of resource', () => {
  const TYPES: readonly ResourceType[] = [
    'Patient',
    'Observation',
    'MedicationRequest',
    'MedicationDispense',
    'DiagnosticReport',
    'AllergyIntolerance',
    'Consent',
    'Organization',
    'Binary',
    'AuditEvent',
    'Bundle',
  ];
  const yes = 'yes';
  const no = 'role';
  //                    Pat  Obs  MReq MDis DRep Alrg Cons Org  Bin  Audi Bund
  const READ: Readonly<Record<Role, readonly string[]>> = {
    patient: /*       */ [yes, yes, yes, yes, yes, yes, yes, yes, no, no, no],
    gp: /*            */ [yes, yes, yes, yes, yes, yes, yes, yes, yes, no, no],
    nurse: /*         */ [yes, yes, yes, yes, yes, yes, yes, yes, yes, no, no],
    doctor: /*        */ [yes, yes, yes, yes, yes, yes, yes, yes, yes, no, no],
    lab: /*           */ [yes, yes, no, no, yes, no, no, yes, no, no, no],
    pharmacist: /*    */ [yes, no, yes, yes, no, yes, no, yes, no, no, no],
    'privacy-officer': [no, no, no, no, no, no, no, no, no, no, no],
    engineer: /*      */ [no, no, no, no, no, no, no, no, no, no, no],
    analyst: /*       */ [no, no, no, no, no, no, no, no, no, no, no],
    system: /*        */ [yes, yes, yes, yes, yes, yes, yes, yes, yes, yes, yes],
    node: /*          */ [yes, yes, yes, yes, yes, yes, yes, yes, yes, yes, yes],
  };
  const WRITE: Readonly<Record<Role, readonly string[]>> = {
    patient: /*       */ [no, no, no, no, no, no, no, no, no, no, no],
    gp: /*            */ [no, yes, yes, yes, yes, yes, no, no, no, no, no],
    nurse: /*         */ [no, yes, yes, yes, yes, yes, no, no, no, no, no],
    doctor: /*        */ [no, yes, yes, yes, yes, yes, no, no, no, no, no],
    lab: /*           */ [no, yes, no, no, yes, no, no, no, no, no, no],
    pharmacist: /*    */ [no, no, no, yes, no, no, no, no, no, no, no],
    'privacy-officer': [no, no, no, no, no, no, no, no, no, no, no],
    engineer: /*      */ [no, no, no, no, no, no, no, no, no, no, no],
    analyst: /*       */ [no, no, no, no, no, no, no, no, no, no, no],
    system: /*        */ [yes, yes, yes, yes, yes, yes, yes, yes, yes, yes, yes],
    node: /*          */ [no, no, no, no, no, no, no, no, no, no, no],
  };

  it.each(ROLES)('%s', (role) => {
    expect(TYPES.map((type) => mark(ask(role, 'read', type)))).toEqual(READ[role]);
    expect(TYPES.map((type) => mark(ask(role, 'write', type)))).toEqual(WRITE[role]);
    const changes = role === 'system' || role === 'node' ? 'yes' : 'role';
    expect(mark(ask(role, 'changes'))).toBe(changes);
  });
});

describe('policy', () => {
  it('gives a patient the own compartments, directory entries beside them, and every label', () => {
    expect(ask('patient', 'read', 'Observation')).toEqual({
      kind: 'permit',
      scope: { persons: OWN, unattached: DIRECTORY_TYPES, types: PERSONAS.patient.reads, hiddenLabels: [] },
    });
  });

  it('lets what a whole record refers to come along, though a patient could not ask for it alone', () => {
    const decision = ask('patient', 'record');
    if (decision.kind !== 'permit') throw new Error(decision.text);
    expect(decision.scope.unattached).toContain('Device');
    expect(decision.scope.types).toContain('Device');
    // a history of all is no record: it would show everybody's devices and documents
    expect(ask('patient', 'read')).toMatchObject({
      kind: 'permit',
      scope: { persons: OWN, unattached: DIRECTORY_TYPES, types: PERSONAS.patient.reads },
    });
    expect(mark(ask('patient', 'read', 'Device'))).toBe('role');
  });

  it('shows treating staff and the person every type of a compartment but those that name others', () => {
    const shown = PERSONAS.gp.reads;
    const left = Object.keys(structure.patientCompartment).filter(
      (type) => shown === 'all' || !shown.some((one) => one === type),
    );
    expect(left.sort()).toEqual(['AuditEvent']);
    const own = PERSONAS.patient.reads;
    expect(own).not.toContain('Group');
    expect(own).not.toContain('Schedule');
  });

  it('gives a patient with no record here no one’s', () => {
    const decision = decide({
      asker: asker('patient'),
      at: HERE,
      action: 'read',
      type: 'Observation',
      own: [],
    });
    expect(decision).toMatchObject({ kind: 'permit', scope: { persons: [] } });
  });

  it.each([
    ['gp', ['V']],
    ['doctor', ['V']],
    ['nurse', ['R', 'V']],
    ['lab', ['R', 'V']],
    ['pharmacist', ['R', 'V']],
    ['system', []],
    ['node', []],
  ] as const)('hides labels from %s: %j', (role, hiddenLabels) => {
    expect(ask(role, 'read', 'Patient')).toMatchObject({ kind: 'permit', scope: { hiddenLabels } });
  });

  it.each(ROLES)('refuses %s of another organisation', (role) => {
    for (const action of ['read', 'write', 'changes', 'feeds', 'messages'] as const) {
      const decision = decide({
        asker: asker(role, { organisation: ELSEWHERE }),
        at: HERE,
        action,
        type: 'Patient',
        own: OWN,
      });
      expect(mark(decision)).toBe('role');
    }
  });

  it.each(ROLES)(
    'shows who looked to the privacy officer, and to a patient of the own record: %s',
    (role) => {
      const decision = decide({ asker: asker(role), at: HERE, action: 'audit', own: OWN });
      const persons = decision.kind === 'permit' ? decision.scope.persons : 'refused';
      expect(persons).toEqual(role === 'privacy-officer' ? 'all' : role === 'patient' ? OWN : 'refused');
      if (decision.kind === 'permit') expect(decision.scope).toMatchObject({ types: [], unattached: [] });
    },
  );

  it.each(ROLES)(
    'shows feeds to engineers and the source system, messages to the source system: %s',
    (role) => {
      const kind = (action: 'feeds' | 'messages'): string =>
        decide({ asker: asker(role), at: HERE, action, own: OWN }).kind;
      expect(kind('feeds')).toBe(role === 'engineer' || role === 'system' ? 'permit' : 'refuse');
      expect(kind('messages')).toBe(role === 'system' ? 'permit' : 'refuse');
    },
  );

  it('refuses a purpose that is not the role’s', () => {
    const purposes: readonly Purpose[] = [
      'direct-care',
      'patient-access',
      'emergency',
      'administration',
      'secondary-use',
    ];
    for (const role of Object.keys(PERSONAS) as Persona[]) {
      for (const purpose of purposes) {
        const decision = decide({ asker: asker(role, { purpose }), at: HERE, action: 'read', own: OWN });
        const may = PERSONAS[role].purposes.includes(purpose) && PERSONAS[role].persons !== 'none';
        expect(`${role} ${purpose} ${decision.kind}`).toBe(`${role} ${purpose} ${may ? 'permit' : 'refuse'}`);
      }
    }
  });

  it('never permits a role to write what it may not read', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ROLES), fc.constantFrom(...resourceTypes), (role, type) => {
        if (ask(role, 'write', type).kind === 'permit') expect(ask(role, 'read', type).kind).toBe('permit');
      }),
      { seed: 6, numRuns: 1_000 },
    );
  });

  it('names types that exist', () => {
    for (const { reads, writes } of Object.values(PERSONAS)) {
      for (const type of [...(reads === 'all' ? [] : reads), ...(writes === 'all' ? [] : writes)]) {
        expect(resourceTypes).toContain(type);
      }
    }
  });
});
