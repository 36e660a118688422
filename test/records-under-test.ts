/**
 * For tests of this room: records over a real store in a folder of its own, with two people in it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Asker, Role } from '../src/access/actor.ts';
import { PERSONAS } from '../src/access/personas.ts';
import type { Id, InstantMs, NhsNumber, OdsCode } from '../src/base/brands.ts';
import type { Clock } from '../src/base/clock.ts';
import { timeOrderedIds } from '../src/base/ids.ts';
import { silentLog } from '../src/base/log.ts';
import { effectiveSettings, type Settings } from '../src/base/settings.ts';
import type { Identified, Resource } from '../src/fhir/resource.ts';
import { NHS_NUMBER_SYSTEM } from '../src/fhir/resource.ts';
import {
  type Patient,
  VERIFICATION_EXTENSION,
  VERIFICATION_SYSTEMS,
} from '../src/identity/patient-identity.ts';
import { openRecords } from '../src/records/open-records.ts';
import type { PersonIndex } from '../src/records/person-index.ts';
import type { Records } from '../src/records/session.ts';
import type { AuditRow } from '../src/store/audit.ts';
import { openStore } from '../src/store/open-store.ts';
import type { Store, WriteOp } from '../src/store/store.ts';

export const HERE = 'RCB' as OdsCode;
export const ELSEWHERE = 'A82001' as OdsCode;
export const ANN = '9990000018' as NhsNumber;
export const BOB = '9990000026' as NhsNumber;
export const CAT = '9990000034' as NhsNumber;

export interface RecordsUnderTest {
  readonly store: Store;
  readonly records: Records;
  readonly persons: PersonIndex;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Rows written since the last call, oldest first. */
  news(chain: 'reads' | 'writes'): Promise<readonly AuditRow[]>;
  /** Writes as the source system. */
  put(...resources: readonly Resource[]): Promise<void>;
  submit(ops: readonly WriteOp[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens an empty node of the trust RCB. */
export async function openRecordsUnderTest(given: Partial<Settings> = {}): Promise<RecordsUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'openward-records-'));
  let now = Date.parse('2026-11-23T09:00:00Z');
  const clock: Clock = { now: () => now++ as InstantMs, monotonicMs: () => performance.now() };
  const ids = timeOrderedIds(clock);
  const settings = { ...effectiveSettings([], {}), ...given };
  const store = await openStore({ folder, clock, ids, settings, log: silentLog });
  const parts = { store, clock, ids, settings, ods: HERE, kind: 'acute' as const, log: silentLog };
  const { records, persons } = await openRecords(parts);
  const seen = { reads: 0, writes: 0 };
  const submit = async (ops: readonly WriteOp[]): Promise<void> => {
    await records.as(asker('system')).submit(ops);
  };
  return {
    store,
    records,
    persons,
    settings,
    clock,
    async news(chain) {
      const rows = await store.auditRows({ chain, after: seen[chain], count: 10_000 });
      seen[chain] = rows.at(-1)?.n ?? seen[chain];
      return rows;
    },
    put: (...resources) =>
      submit(resources.map((resource) => ({ op: 'put', resource: resource as Identified }))),
    submit,
    async close() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Somebody in this role; a patient is Ann unless `patient` says otherwise. */
export function asker(
  role: Role,
  given: { organisation?: OdsCode; patient?: NhsNumber; requestId?: string } = {},
): Asker {
  return {
    actor: {
      id: `persona:${role}`,
      name: role,
      role,
      organisation: given.organisation ?? HERE,
      ...(role === 'patient' ? { patient: given.patient ?? ANN } : {}),
    },
    purpose: role === 'node' ? 'administration' : PERSONAS[role].purpose,
    requestId: given.requestId ?? 'r1',
  };
}

/** A Patient with these numbers, `!` before one that is not verified. */
export function patient(id: string, numbers: readonly string[], given: Partial<Patient> = {}): Patient {
  return {
    resourceType: 'Patient',
    id,
    identifier: numbers.map((number) => ({
      system: NHS_NUMBER_SYSTEM,
      value: number.replace('!', ''),
      extension: [
        {
          url: VERIFICATION_EXTENSION,
          valueCodeableConcept: {
            coding: [{ system: VERIFICATION_SYSTEMS[0] ?? '', code: number.startsWith('!') ? '03' : '01' }],
          },
        },
      ],
    })),
    ...given,
  };
}

/** An Observation about a Patient, or about nobody, labelled or not. */
export function observation(id: string, subject: string | undefined, label?: string): Resource {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
    ...(subject === undefined ? {} : { subject: { reference: `Patient/${subject}` } }),
    ...(label === undefined ? {} : { meta: { security: [{ code: label }] } }),
  };
}

export const id = (text: string): Id => text as Id;
