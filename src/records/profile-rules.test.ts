/** Rules of an organisation: which profiles a resource is held to, what a breach does, and what is remembered of it. */
import { describe, expect, it } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { Failure, type Issue } from '../base/failure.ts';
import { silentLog } from '../base/log.ts';
import type { ProfilesConfig } from '../base/node-config.ts';
import { requireValid } from './given-resource.ts';
import { ProfileRules } from './profile-rules.ts';

const MINE = 'https://example.org/StructureDefinition/mine';
const CLAIMED = 'https://example.org/StructureDefinition/claimed';
const PATIENT = { resourceType: 'Patient', name: [{}, { family: 'Doe' }] };
const CLAIMING = { ...PATIENT, meta: { profile: [CLAIMED], versionId: '1' } };

/** A check that finds every profile broken that it is asked about, and tells which. */
function rulesOf(config: ProfilesConfig, profileFindingsMax = 10): ProfileRules {
  return new ProfileRules({
    config,
    settings: { profileFindingsMax },
    clock: systemClock,
    log: silentLog,
    check: (resource, profiles) => {
      const claimed = ((resource.meta as { profile?: string[] } | undefined)?.profile ?? []) as string[];
      return [...profiles, ...claimed].flatMap((profile): Issue[] => [
        {
          severity: 'error',
          code: 'required',
          text: `Asked by ${profile}.`,
          expression: 'Patient.name[1].given',
        },
        { severity: 'information', code: 'informational', text: 'By the way.' },
      ]);
    },
  });
}

function refusal(act: () => unknown): Failure {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('it was not refused');
}

const on = (mode: 'refuse' | 'warn' | 'record' | 'off') => ({
  types: { Patient: { profiles: [MINE], mode } },
});

describe('a resource that breaks a profile of its type', () => {
  it('is refused with 422 and every issue, at its place in a Bundle', () => {
    const alone = refusal(() => rulesOf(on('refuse')).hold(PATIENT));
    expect([alone.status, alone.code, alone.issues.length]).toEqual([422, 'required', 1]);
    expect(alone.issues[0]?.expression).toBe('Patient.name[1].given');
    const inside = refusal(() => rulesOf(on('refuse')).hold(PATIENT, 'Bundle.entry[3].resource'));
    expect(inside.issues[0]?.expression).toBe('Bundle.entry[3].resource.name[1].given');
  });

  it('is taken with warnings, or in silence, and remembered without positions', () => {
    const warning = rulesOf(on('warn'));
    expect(warning.hold(PATIENT).map(({ severity }) => severity)).toEqual(['warning', 'information']);
    warning.hold(PATIENT);
    expect(warning.findings()).toMatchObject([
      {
        type: 'Patient',
        mode: 'warn',
        expression: 'Patient.name.given',
        count: 2,
        text: `Asked by ${MINE}.`,
      },
    ]);
    const recording = rulesOf(on('record'));
    expect(recording.hold(PATIENT)).toEqual([]);
    expect(recording.counts()).toEqual({ refuse: 0, warn: 0, record: 1 });
    expect(recording.findings().length).toBe(1);
  });

  it('is nobody’s business where the rule is off, or is about another type', () => {
    expect(rulesOf(on('off')).hold(CLAIMING)).toEqual([]);
    expect(rulesOf(on('refuse')).hold({ resourceType: 'Observation' })).toEqual([]);
    expect(rulesOf({}).hold(CLAIMING)).toEqual([]);
  });
});

describe('a profile that a resource claims itself', () => {
  it('is judged by its own mode, beside the rule of the type', () => {
    const stricter = rulesOf({ ...on('warn'), declared: 'refuse' });
    expect(refusal(() => stricter.hold(CLAIMING)).message).toBe(`Asked by ${CLAIMED}.`);
    expect(stricter.hold(PATIENT)[0]?.text).toBe(`Asked by ${MINE}.`);
    const milder = rulesOf({ ...on('refuse'), declared: 'record' });
    expect(refusal(() => milder.hold(CLAIMING)).issues.map(({ text }) => text)).toEqual([
      `Asked by ${MINE}.`,
    ]);
    const same = refusal(() => rulesOf({ ...on('refuse'), declared: 'refuse' }).hold(CLAIMING));
    expect(same.issues.map(({ text }) => text)).toEqual([`Asked by ${MINE}.`, `Asked by ${CLAIMED}.`]);
  });

  it('is not looked at where that is off', () => {
    expect(refusal(() => rulesOf(on('refuse')).hold(CLAIMING)).issues.length).toBe(1);
    expect(rulesOf({ declared: 'warn' }).hold(CLAIMING)[0]?.severity).toBe('warning');
    expect(rulesOf({ declared: 'warn' }).hold(PATIENT)).toEqual([]);
  });
});

describe('what is remembered', () => {
  it('is bounded: what was seen longest ago goes first', () => {
    const rules = rulesOf({ ...on('record'), declared: 'warn' }, 2);
    rules.hold(PATIENT);
    const another = (profile: string) => ({ resourceType: 'Observation', meta: { profile: [profile] } });
    rules.hold(another('b'));
    rules.hold(PATIENT);
    rules.hold(another('c'));
    expect(rules.findings().map(({ text }) => text)).toEqual(['Asked by c.', `Asked by ${MINE}.`]);
  });
});

describe('rules', () => {
  it('about a type that R4 has not are refused at the start', () => {
    expect(() => rulesOf({ types: { Unicorn: { profiles: [MINE], mode: 'warn' } } })).toThrow(
      'profiles.types.Unicorn',
    );
  });

  it('come after R4 itself, which is always asked', () => {
    const broken = { resourceType: 'Patient', colour: 'red' };
    expect(refusal(() => requireValid(broken, undefined, rulesOf(on('refuse')))).message).toContain('colour');
    expect(refusal(() => requireValid(PATIENT_VALID, undefined, rulesOf(on('refuse')))).status).toBe(422);
    expect(requireValid(PATIENT_VALID)).toEqual([]);
  });
});

const PATIENT_VALID = { resourceType: 'Patient', name: [{ family: 'Doe' }] };
