import { describe, expect, it } from 'vitest';
import { entry, source } from '../../../test/record-views-under-test.ts';
import type { NhsNumber } from '../../base/brands.ts';
import {
  type Patient,
  VERIFICATION_EXTENSION,
  VERIFICATION_SYSTEMS,
} from '../../identity/patient-identity.ts';
import type { Entry } from './entry.ts';
import { sift } from './record-identity.ts';

const ANN = '9990000018' as NhsNumber;
const surgery = source();
const hospital = source({ ods: 'RX1', name: 'Exampleton General Hospital', kind: 'acute' });

function patient(id: string, status: string | undefined, more: object = {}): object {
  const extension = {
    url: VERIFICATION_EXTENSION,
    valueCodeableConcept: { coding: [{ system: VERIFICATION_SYSTEMS[0], code: status }] },
  };
  return {
    resourceType: 'Patient',
    id,
    identifier: [
      {
        system: 'https://fhir.nhs.uk/Id/nhs-number',
        value: ANN,
        ...(status === undefined ? {} : { extension: [extension] }),
      },
    ],
    name: [{ family: 'Quillfeather' }],
    gender: 'female',
    birthDate: '1958-07-14',
    ...more,
  };
}
const condition = (id: string, subject: object): object => ({ resourceType: 'Condition', id, subject });
const kept = (entries: readonly Entry[]): readonly string[] => entries.map((one) => one.key).sort();
const person = patient('ann', '01') as Patient;

describe('whose entries these are', () => {
  it('leaves out what is about another Patient of the same source, and counts it', () => {
    const all = [
      entry(surgery, patient('ann', '01')),
      entry(surgery, condition('hers', { reference: 'Patient/ann' })),
      entry(surgery, condition('theirs', { reference: 'Patient/bob' })),
      entry(surgery, { resourceType: 'Practitioner', id: 'dr' }),
    ];
    const { entries, identity } = sift(all, [ANN], person);
    expect(kept(entries)).toEqual(['GP1-Condition-hers', 'GP1-Patient-ann', 'GP1-Practitioner-dr']);
    expect(identity.leftOut).toEqual([{ source: surgery, count: 1 }]);
  });

  it('keeps what a source holds under another number that has been verified of the person', () => {
    const old = '9990000026' as NhsNumber;
    const all = [
      entry(surgery, patient('ann', '01')),
      entry(hospital, JSON.parse(JSON.stringify(patient('1', '01')).replaceAll(ANN, old))),
      entry(hospital, condition('c', { reference: 'Patient/1' })),
    ];
    expect(sift(all, [ANN, old], person).identity.leftOut).toEqual([]);
    expect(sift(all, [ANN], person).identity.leftOut).toEqual([{ source: hospital, count: 2 }]);
  });

  it('takes one source’s Patient for no other source’s, though their ids are the same', () => {
    const all = [
      entry(surgery, patient('1', '01')),
      entry(hospital, patient('1', undefined)),
      entry(hospital, condition('c', { reference: 'Patient/1' })),
    ];
    expect(kept(sift(all, [ANN], person).entries)).toEqual(['GP1-Patient-1']);
  });

  it.each([undefined, '02', '03'])('shows nothing that hangs on a number whose status is %s', (status) => {
    const all = [
      entry(surgery, patient('ann', status)),
      entry(surgery, condition('c', { reference: 'Patient/ann' })),
    ];
    expect(sift(all, [ANN], person).entries).toEqual([]);
  });

  it('shows an entry that names the person by the number itself', () => {
    const subject = { identifier: { system: 'https://fhir.nhs.uk/Id/nhs-number', value: ANN } };
    expect(kept(sift([entry(surgery, condition('c', subject))], [ANN], person).entries)).toEqual([
      'GP1-Condition-c',
    ]);
  });
});

describe('records that a source joined', () => {
  const old = patient('old', undefined, {
    link: [{ type: 'replaced-by', other: { reference: 'Patient/ann' } }],
    birthDate: '1958-07-15',
  });

  it('are shown, and said to be joined', () => {
    const all = [
      entry(hospital, patient('ann', '01')),
      entry(hospital, old),
      entry(hospital, condition('c', { reference: 'Patient/old' })),
    ];
    const { entries, identity } = sift(all, [ANN], person);
    expect(kept(entries)).toContain('RX1-Condition-c');
    expect(identity.joined).toEqual([{ source: hospital, records: 2 }]);
  });

  it('once taken apart show nothing of the other, and no joining', () => {
    const { link: _link, ...apart } = old as Record<string, unknown>;
    const all = [
      entry(hospital, patient('ann', '01')),
      entry(hospital, apart),
      entry(hospital, condition('c', { reference: 'Patient/old' })),
    ];
    const { entries, identity } = sift(all, [ANN], person);
    expect(kept(entries)).toEqual(['RX1-Patient-ann']);
    expect(identity.joined).toEqual([]);
  });

  it('do not tell of their old details as if they were now', () => {
    const all = [entry(hospital, patient('ann', '01')), entry(hospital, old)];
    expect(sift(all, [ANN], person).identity.differences).toEqual([]);
  });
});

describe('what a source states otherwise', () => {
  it.each([
    ['birth-date', { birthDate: '1958-07-15' }, '1958-07-15'],
    ['family-name', { name: [{ family: 'Marsh' }] }, 'Marsh'],
    ['gender', { gender: 'male' }, 'male'],
    ['deceased', { deceasedDateTime: '2024-02-03' }, 'deceased'],
  ])('%s', (what, more, stated) => {
    const { identity } = sift([entry(hospital, patient('ann', '01', more))], [ANN], person);
    expect(identity.differences).toEqual([{ source: hospital, what, stated }]);
  });

  it('is no difference where only accents, case or hyphens differ', () => {
    const { identity } = sift(
      [entry(hospital, patient('ann', '01', { name: [{ family: 'QUILL-FÉATHER' }] }))],
      [ANN],
      person,
    );
    expect(identity.differences).toEqual([]);
  });
});
