/**
 * Part of the store contract: `_filter`, its comparisons each by kind, joined and turned round, by way of other
 * resources and in scope.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draft, id, idsOf, labelled, patient, put, search } from '../../test/store-under-test.ts';
import type { Identified } from '../fhir/resource.ts';
import { type Scope, wholeScope } from './scope.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

const measured = (name: string, who: string, more: object): Identified =>
  ({
    resourceType: 'Observation',
    id: id(name),
    status: 'final',
    code: { coding: [{ system: 'urn:codes', code: 'hb' }] },
    subject: { reference: `Patient/${who}` },
    ...more,
  }) as Identified;

const RESOURCES: readonly Identified[] = [
  patient('anna', {
    name: [{ given: ['Anna', 'Márta'], family: 'Kovács' }],
    birthDate: '1980-03-02',
    gender: 'female',
  }),
  patient('bela', { name: [{ given: ['Béla'], family: 'Kovácsné' }], birthDate: '1990', gender: 'male' }),
  patient('cara', { name: [{ given: ['Cara, "C"'], family: 'Mac Kovacs' }] }),
  measured('small', 'anna', {
    valueQuantity: { value: 5.4, system: 'http://unitsofmeasure.org', code: 'mg' },
    effectivePeriod: { start: '2026-01-01', end: '2026-01-10' },
  }),
  measured('large', 'bela', {
    valueQuantity: { value: 54, system: 'http://unitsofmeasure.org', code: 'mg' },
    effectiveDateTime: '2026-02-01',
    ...labelled('PSY'),
  }),
  measured('none', 'cara', { status: 'amended' }),
  {
    resourceType: 'RiskAssessment',
    id: id('risk'),
    status: 'final',
    subject: { reference: 'Patient/anna' },
    prediction: [{ probabilityDecimal: 0.5 }],
  } as Identified,
  { resourceType: 'ValueSet', id: id('vs'), status: 'active', url: 'http://x.org/vs/a' } as Identified,
];

const FOUND: readonly (readonly [string, string, readonly string[]])[] = [
  ['Patient', 'family eq "kovacs"', ['anna']],
  ['Patient', 'family ne kovacs', ['bela', 'cara']],
  ['Patient', 'family sw kovacs', ['anna', 'bela']],
  ['Patient', 'family ew KOVÁCS', ['anna', 'cara']],
  ['Patient', 'family co ovacs', ['anna', 'bela', 'cara']],
  ['Patient', 'given ne anna', ['anna', 'bela', 'cara']],
  ['Patient', 'given eq "Cara, \\"C\\""', ['cara']],
  ['Patient', 'family co "%"', []],
  ['Patient', 'birthdate pr true', ['anna', 'bela']],
  ['Patient', 'birthdate pr false', ['cara']],
  ['Patient', 'birthdate ge 1985', ['bela']],
  ['Patient', 'birthdate po 1980-03', ['anna']],
  ['Patient', 'birthdate eq 1980', ['anna']],
  ['Patient', 'id eq anna', ['anna']],
  ['Patient', '_id ne anna', ['bela', 'cara']],
  ['Patient', '_lastUpdated gt 2000 and gender eq male', ['bela']],
  ['Patient', 'gender eq male or family eq kovacs', ['anna', 'bela']],
  // from left to right: (a or b) and c
  ['Patient', 'gender eq male or gender eq female and birthdate ge 1985', ['bela']],
  ['Patient', 'gender eq male or (gender eq female and birthdate ge 1985)', ['bela']],
  ['Patient', 'gender eq female or (gender eq male and birthdate ge 1985)', ['anna', 'bela']],
  ['Patient', 'not (gender eq male)', ['anna', 'cara']],
  ['Patient', 'not(not (gender eq male))', ['bela']],
  ['Patient', 'not (gender eq male or birthdate pr true)', ['cara']],
  ['Patient', '_has:Observation:patient:status eq amended', ['cara']],
  ['Patient', 'not (_has:Observation:patient:value-quantity gt 10)', ['anna', 'cara']],
  ['Observation', 'code eq urn:codes|hb and value-quantity gt 10', ['large']],
  ['Observation', 'value-quantity eq "5.4|http://unitsofmeasure.org|mg"', ['small']],
  ['Observation', 'value-quantity ne 54', ['small']],
  ['Observation', 'date po 2026-01-05', ['small']],
  ['Observation', 'date po 2026', ['small', 'large']],
  ['Observation', 'date eq 2026-01-05', []],
  ['Observation', 'date sa 2026-01-15', ['large']],
  ['Observation', 'subject re Patient/anna', ['small']],
  ['Observation', 'subject.name co "ovacs" and not (status eq amended)', ['small', 'large']],
  ['Observation', 'subject:Patient.birthdate pr false', ['none']],
  ['Observation', 'subject.id eq anna', ['small']],
  [
    'Observation',
    'patient.family eq kovacs or patient._has:RiskAssessment:patient:probability gt 0.4',
    ['small'],
  ],
  ['RiskAssessment', 'probability ap 0.52', ['risk']],
  ['ValueSet', 'url ss http://x.org/vs', ['vs']],
  ['ValueSet', 'url eq http://x.org/vs', []],
];

export function expressionContract(open: OpenStore): void {
  let under: StoreUnderTest;
  const found = async (type: string, text: string, scope: Scope = wholeScope): Promise<string[]> =>
    idsOf(
      await search(under.store, `${type}?_filter=${encodeURIComponent(text)}&_total=accurate`, { scope }),
    );

  beforeAll(async () => {
    under = await open();
    await under.store.commit(
      RESOURCES.map((one) => put(one)),
      draft(),
    );
  });
  afterAll(() => under.remove());

  describe('an expression', () => {
    it.each(FOUND)('of %s, %s, finds %j', async (type, text, ids) => {
      expect(await found(type, text)).toEqual(ids);
    });

    it('turned round finds the others, each once', async () => {
      for (const [type, text, ids] of FOUND) {
        const all = idsOf(await search(under.store, type));
        expect(await found(type, `not (${text})`), text).toEqual(all.filter((one) => !ids.includes(one)));
      }
    });

    it('of some hundred brackets and comparisons is answered', async () => {
      const deep = `${'not (('.repeat(40)}gender eq male${'))'.repeat(40)}`;
      expect(await found('Patient', deep)).toEqual(['bela']);
      const wide = Array.from({ length: 90 }, (_, i) => `family co x${i}`).join(' or ');
      expect(await found('Patient', `${wide} or gender eq male`)).toEqual(['bela']);
      const mixed = Array.from({ length: 45 }, () => 'gender eq male or (birthdate pr true and').join(' ');
      expect(await found('Patient', `${mixed} gender eq male${')'.repeat(45)}`)).toEqual(['bela']);
    });

    it('asks nothing of what is out of scope, also turned round', async () => {
      const scope: Scope = { ...wholeScope, hiddenLabels: ['PSY'] };
      const high = '_has:Observation:patient:value-quantity gt 10';
      expect(await found('Patient', high, scope)).toEqual([]);
      expect(await found('Patient', `not (${high})`, scope)).toEqual(['anna', 'bela', 'cara']);
      expect(await found('Observation', 'not (status eq amended)', scope)).toEqual(['small']);
    });
  });
}
