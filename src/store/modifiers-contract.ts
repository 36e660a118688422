/**
 * Part of the store contract: what the modifiers of search parameters find. http://hl7.org/fhir/R4/search.html
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { draft, id, idsOf, observation, patient, put, query, search } from '../../test/store-under-test.ts';
import { Failure } from '../base/failure.ts';
import type { Identified } from '../fhir/resource.ts';
import type { FilterValue } from '../fhir/search-query.ts';
import { wholeScope } from './scope.ts';
import type { OpenStore, StoreUnderTest } from './store-contract.ts';

const codedAs = (code: object): object => ({ code });

const RESOURCES: readonly Identified[] = [
  patient('anna', {
    name: [{ family: 'Müller', given: ['Anna Maria'] }],
    gender: 'female',
    identifier: [
      {
        system: 'urn:mrn',
        value: '446053',
        type: { text: 'Hospital number', coding: [{ system: 'urn:types', code: 'MR' }] },
      },
    ],
    generalPractitioner: [{ identifier: { system: 'urn:gmc', value: '7' }, display: 'Dr Who' }],
  }),
  patient('ben', {
    name: [{ family: 'muller' }],
    gender: 'male',
    identifier: [{ system: 'urn:other', value: '446053', type: { coding: [{ code: 'MR' }] } }],
  }),
  patient('nobody'),
  observation('text', ['anna'], {
    ...codedAs({ text: 'Blood  glucose' }),
    valueQuantity: { unit: 'mmol/L' },
    performer: [{ reference: 'Organization/lab' }],
  }),
  observation('coded', ['ben'], {
    ...codedAs({ coding: [{ system: 'urn:loinc', code: '1', display: 'Glucose in blood' }] }),
    valueQuantity: { value: 5, unit: 'mmol/L' },
  }),
  observation('both', [], {
    ...codedAs({ text: 'sugar', coding: [{ code: '2' }, { system: 'urn:loinc', code: '3' }] }),
    subject: { identifier: { system: 'urn:nhs', value: '9' }, type: 'Patient' },
  }),
  observation('accents', [], { code: { text: 'H\u00e9maties' } }),
  observation('pairs', [], {
    component: [
      {
        code: { coding: [{ system: 'urn:c', code: 'sys' }] },
        valueQuantity: { value: 120, unit: 'mm[Hg]' },
      },
      {
        code: { coding: [{ system: 'urn:c', code: 'dia' }] },
        valueQuantity: { value: 80, unit: 'mm[Hg]' },
      },
    ],
    valueString: 'Fine $ well',
    method: { text: 'cuff' },
  }),
  { resourceType: 'Condition', id: id('inside'), subject: { reference: '#p' } } as unknown as Identified,
  { resourceType: 'Condition', id: id('shown'), subject: { display: 'Somebody' } } as unknown as Identified,
  { resourceType: 'Practitioner', id: id('li'), name: [{ text: '李小龙' }] } as unknown as Identified,
  {
    resourceType: 'DocumentReference',
    id: id('doc'),
    status: 'current',
    content: [],
    relatesTo: [
      { code: 'replaces', target: { reference: 'DocumentReference/a' } },
      { code: 'appends', target: { reference: 'DocumentReference/b' } },
    ],
  } as unknown as Identified,
  {
    resourceType: 'MolecularSequence',
    id: id('seq'),
    coordinateSystem: 1,
    referenceSeq: { chromosome: { coding: [{ code: 'X' }] }, windowStart: 1, windowEnd: 9 },
    variant: [
      { start: 1, end: 5 },
      { start: 100, end: 200 },
    ],
  } as unknown as Identified,
  {
    resourceType: 'Location',
    id: id('leeds'),
    position: { latitude: 53.8, longitude: -1.549 },
  } as unknown as Identified,
  {
    resourceType: 'Location',
    id: id('york'),
    position: { latitude: 53.96, longitude: -1.087 },
  } as unknown as Identified,
  {
    resourceType: 'Location',
    id: id('fiji'),
    position: { latitude: -16.5, longitude: 179.99 },
  } as unknown as Identified,
  { resourceType: 'Location', id: id('nowhere') } as unknown as Identified,
  {
    resourceType: 'ValueSet',
    id: id('vs'),
    url: 'http://acme.org/fhir/ValueSet/123',
    status: 'draft',
  } as unknown as Identified,
  {
    resourceType: 'ValueSet',
    id: id('root'),
    url: 'http://acme.org/fhir/',
    status: 'active',
  } as unknown as Identified,
  {
    resourceType: 'ValueSet',
    id: id('near'),
    url: 'http://acme.org/fhirx',
    status: 'active',
  } as unknown as Identified,
];

/** Search → the ids that it finds. */
const FOUND: readonly (readonly [string, readonly string[]])[] = [
  ['Patient?gender:missing=true', ['nobody']],
  ['Patient?gender:missing=false', ['anna', 'ben']],
  ['Patient?name:missing=true', ['nobody']],
  ['Patient?identifier:missing=true', ['nobody']],
  ['Patient?general-practitioner:missing=false', ['anna']],
  // there, though nothing of it can be searched for
  ['Condition?subject:missing=true', []],
  ['Condition?subject:missing=false', ['inside', 'shown']],
  ['Practitioner?phonetic:missing=true', []],
  ['Observation?code:missing=true', []],
  ['Observation?subject:missing=true', ['accents', 'pairs']],
  ['Observation?patient:missing=true', ['accents', 'pairs']],
  ['Observation?performer:missing=true', ['accents', 'both', 'coded', 'pairs']],
  ['Observation?value-quantity:missing=true', ['accents', 'text', 'both', 'pairs']],
  ['Observation?date:missing=true', ['accents', 'text', 'coded', 'both', 'pairs']],
  ['Observation?method:missing=false', ['pairs']],
  ['Patient?family:exact=Müller', ['anna']],
  ['Patient?family:exact=muller', ['ben']],
  ['Patient?family:exact=MULLER,Muller', []],
  ['Patient?family:contains=LLE', ['anna', 'ben']],
  ['Patient?given:contains=a m', ['anna']],
  ['Patient?given:contains=%25', []],
  ['Patient?name:contains=ria,ull', ['anna', 'ben']],
  ['Patient?gender:not=male', ['anna', 'nobody']],
  ['Patient?gender:not=male,female', ['nobody']],
  ['Patient?gender:not=nothing', ['anna', 'ben', 'nobody']],
  ['Patient?gender:not=male&name=mul', ['anna']],
  ['Observation?code:not=urn:loinc|', ['accents', 'pairs', 'text']],
  ['Observation?code:text=blood', ['text']],
  ['Observation?code:text=GLUCOSE,sug', ['coded', 'both']],
  ['Observation?code:text=nothing', []],
  ['Observation?code:text=hématies', ['accents']],
  ['Observation?code:text=hemat', ['accents']],
  ['Observation?method:text=cuff', ['pairs']],
  ['Patient?identifier:text=hospital', ['anna']],
  ['Patient?identifier:of-type=urn:types|MR|446053', ['anna']],
  ['Patient?identifier:of-type=urn:types|MR|44605', []],
  ['Patient?general-practitioner:identifier=urn:gmc|7', ['anna']],
  ['Patient?general-practitioner:identifier=7,8', ['anna']],
  ['Patient?general-practitioner:identifier=|7', []],
  ['Patient?general-practitioner:identifier=urn:gmc|', ['anna']],
  ['Observation?subject:identifier=urn:nhs|9', ['both']],
  ['Observation?patient:identifier=urn:nhs|9', ['both']],
  ['Observation?subject:Patient=anna', ['text']],
  ['Observation?subject:Patient=Patient/anna,ben', ['text', 'coded']],
  ['Observation?subject:Group=anna', []],
  ['ValueSet?url:below=http://acme.org/fhir', ['vs', 'root']],
  ['ValueSet?url:below=http://acme.org/fhir/', ['vs', 'root']],
  ['ValueSet?url:below=http://acme.org/fhir/ValueSet', ['vs']],
  ['ValueSet?url:below=http://acme.org/fhir/Value', []],
  ['ValueSet?url:above=http://acme.org/fhir/ValueSet/123/_history/5', ['vs', 'root']],
  ['ValueSet?url:above=http://acme.org/fhirx', ['near']],
  ['Location?near=53.8|-1.55', ['leeds']],
  ['Location?near=53.8|-1.55|40', ['leeds', 'york']],
  ['Location?near=53.8|-1.55|22|[mi_us]', ['leeds', 'york']],
  ['Location?near=53.8|-1.55|21|mi', ['leeds']],
  ['Location?near=53.8|-1.55|34000|m', ['leeds']],
  ['Location?near=-16.5|-179.99|5|km', ['fiji']],
  ['Location?near=53.8|-1.55,-16.5|180', ['fiji', 'leeds']],
  ['Observation?component-code-value-quantity=sys$120', ['pairs']],
  ['Observation?component-code-value-quantity=urn:c|sys$gt100||mm[Hg]', ['pairs']],
  ['Observation?component-code-value-quantity=sys$80', []],
  ['Observation?component-code-value-quantity=sys$80,dia$80', ['pairs']],
  ['Observation?combo-code-value-quantity=dia$lt100', ['pairs']],
  ['Observation?combo-code-value-quantity=1$5', ['coded']],
  ['Observation?code-value-quantity=urn:loinc|1$ge4', ['coded']],
  ['Observation?code-value-quantity=sys$120', []],
  ['Observation?code-value-string=hb$fine \\$', ['pairs']],
  ['Observation?code-value-string=sys$fine', []],
  ['DocumentReference?relationship=replaces$DocumentReference/a', ['doc']],
  ['DocumentReference?relationship=appends$a', []],
  ['DocumentReference?relationship=http://hl7.org/fhir/document-relationship-type|appends$b', ['doc']],
  ['MolecularSequence?chromosome-variant-coordinate=X$gt0$lt10', ['seq']],
  ['MolecularSequence?chromosome-variant-coordinate=X$gt50$lt10', []],
  ['MolecularSequence?chromosome-window-coordinate=X$1$9', ['seq']],
  ['MolecularSequence?chromosome-variant-coordinate=Y$gt0$lt10', []],
  ['ValueSet?url:above=http://acme.org/fhir/ValueSet/123&status:not=active', ['vs']],
];

const UCUM = 'http://unitsofmeasure.org';

const MEASURED: readonly Identified[] = [
  ['glucose', 6.5, 'mmol/L'],
  ['glucose-micro', 6500, 'umol/L'],
  ['glucose-high', 6600, 'umol/L'],
  ['dose', 1, 'g'],
  ['dose-milli', 1000, 'mg'],
  ['fever', 100.4, '[degF]'],
  ['units', 5, '[iU]'],
].map(([name, value, code]) =>
  observation(`measured-${name}`, [], {
    code: { coding: [{ system: 'urn:c', code: 'm' }] },
    valueQuantity: { value, code, system: UCUM, unit: 'as people write it' },
  }),
);

/** Quantity → the names of what it finds. */
const CONVERTED: readonly (readonly [string, readonly string[]])[] = [
  [`6.5|${UCUM}|mmol/L`, ['glucose', 'glucose-micro']],
  [`6500|${UCUM}|umol/L`, ['glucose', 'glucose-micro']],
  [`ge6.5|${UCUM}|mmol/L`, ['glucose', 'glucose-high', 'glucose-micro']],
  [`gt6.5|${UCUM}|mmol/L`, ['glucose-high']],
  [`le6.5|${UCUM}|mmol/L`, ['glucose', 'glucose-micro']],
  [`ap6|${UCUM}|mmol/L`, ['glucose', 'glucose-high', 'glucose-micro']],
  [`ne6.5|${UCUM}|mmol/L`, ['glucose-high']],
  [`1|${UCUM}|g`, ['dose', 'dose-milli']],
  [`1000|${UCUM}|mg`, ['dose', 'dose-milli']],
  [`0.001|${UCUM}|kg`, ['dose', 'dose-milli']],
  [`38.0|${UCUM}|Cel`, ['fever']],
  [`le38|${UCUM}|Cel`, ['fever']],
  [`gt38|${UCUM}|Cel`, []],
  [`5|${UCUM}|[iU]`, ['units']],
  ['6.5||mmol/L', ['glucose']],
  ['1|urn:other|g', []],
  ['1000||as people write it', ['dose-milli']],
];

export function modifiersContract(open: OpenStore): void {
  describe('modifiers', () => {
    let under: StoreUnderTest;
    beforeAll(async () => {
      under = await open();
      await under.store.commit(
        [...RESOURCES, ...MEASURED].map((one) => put(one)),
        draft(),
      );
    });
    afterAll(() => under.remove());

    it.each(FOUND)('%s', async (text, wanted) => {
      const isMeasured = (one: string): boolean => one.startsWith('measured-');
      const page = await search(under.store, `${text}&_total=accurate`);
      const ids = idsOf(page);
      expect(ids.filter((one) => !isMeasured(one)).sort()).toEqual([...wanted].sort());
      expect(page.total).toBe(ids.length);
    });

    it.each(CONVERTED)('value-quantity=%s', async (quantity, wanted) => {
      const asked = `value-quantity=${encodeURIComponent(quantity)}`;
      const pair = `code-value-quantity=${encodeURIComponent(`m$${quantity}`)}`;
      for (const text of [asked, pair]) {
        const page = await search(under.store, `Observation?code=m&${text}`);
        expect(
          idsOf(page)
            .map((one) => one.replace('measured-', ''))
            .sort(),
        ).toEqual(wanted);
      }
    });

    const withCodes = async (value: FilterValue, negated: boolean): Promise<string[]> => {
      const asked = query('Observation?code=x');
      const [filter] = asked.filters;
      if (filter?.kind !== 'parameter') throw new Error('a parameter was asked for');
      const filters = [{ ...filter, values: [value], ...(negated ? { negated: true as const } : {}) }];
      const page = await (await under.store.snapshot()).search({ ...asked, filters }, wholeScope);
      return idsOf(page)
        .filter((one) => !one.startsWith('measured-'))
        .sort();
    };

    it('codes of a set, few, many and whole systems, and what is in none of them', async () => {
      const many = Array.from({ length: 50 }, (_, i) => `${i}`);
      for (const codes of [['1', '9'], many]) {
        const some = [{ system: 'urn:loinc', codes }];
        const wanted = codes === many ? ['both', 'coded'] : ['coded'];
        expect(await withCodes({ kind: 'codes', codes: some, systems: [] }, false)).toEqual(wanted);
      }
      const whole: FilterValue = { kind: 'codes', codes: [], systems: ['urn:loinc'] };
      expect(await withCodes(whole, false)).toEqual(['both', 'coded']);
      expect(await withCodes(whole, true)).toEqual(['accents', 'pairs', 'text']);
    });

    it('what has not been expanded is refused', async () => {
      await expect(withCodes({ kind: 'value-set', url: 'urn:vs' }, false)).rejects.toThrow(Failure);
    });
  });
}
