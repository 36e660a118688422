import { describe, expect, it } from 'vitest';
import { filledResources } from '../../test/filled-resources.ts';
import { r4Examples } from '../../test/r4-examples.ts';
import { indexOf, patientsOf } from './compartments.ts';
import { resourceTypes, structure } from './definitions.ts';
import { searchValues } from './search-values.ts';

describe('patientsOf', () => {
  it.each([
    [
      ['1'],
      { resourceType: 'Patient', id: '1', link: [{ other: { reference: 'Patient/2' }, type: 'seealso' }] },
    ],
    [[], { resourceType: 'Patient' }],
    [
      ['1'],
      {
        resourceType: 'Observation',
        subject: { reference: 'Patient/1' },
        performer: [{ reference: 'Patient/1' }],
      },
    ],
    [
      ['1', '2'],
      {
        resourceType: 'Observation',
        subject: { reference: 'Patient/1' },
        performer: [{ reference: 'Patient/2' }],
      },
    ],
    [
      [],
      { resourceType: 'Observation', subject: { reference: 'Group/1' }, focus: [{ reference: 'Patient/1' }] },
    ],
    [[], { resourceType: 'Observation', subject: { reference: 'https://x.org/fhir/Patient/1' } }],
    [['1'], { resourceType: 'Appointment', participant: [{ actor: { reference: 'Patient/1/_history/4' } }] }],
    [['1'], { resourceType: 'Group', member: [{ entity: { reference: 'Patient/1' } }] }],
    [['1'], { resourceType: 'AllergyIntolerance', patient: { reference: 'Patient/1' } }],
    [[], { resourceType: 'Practitioner', id: '1' }],
    [[], { resourceType: 'Medication' }],
    [[], { resourceType: 'Provenance', target: [{ reference: 'Observation/1' }] }],
  ])('is %j', (patients, resource) => {
    expect([...patientsOf(resource)].sort()).toEqual(patients);
  });

  it('holds each type that R4 puts into the compartment, a secured Binary, and no other', () => {
    const within = resourceTypes.filter((type) =>
      filledResources(type).some((resource) => patientsOf({ ...resource, id: 'p' }).length > 0),
    );
    // a Binary is in none of R4's, and follows its securityContext
    expect(within).toEqual([...Object.keys(structure.patientCompartment), 'Binary'].sort());
    expect(within).toHaveLength(67);
  });

  it('is empty for what is no resource', () => {
    for (const nothing of [null, 1, [], {}, { resourceType: 'constructor' }])
      expect(patientsOf(nothing)).toEqual([]);
  });
});

describe('indexOf', () => {
  it('is both in one', () => {
    for (const { resource } of r4Examples()) {
      expect(indexOf(resource)).toEqual({ values: searchValues(resource), patients: patientsOf(resource) });
    }
  });
});
