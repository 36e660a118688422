/** Who works where, and the places and services of each organisation: what its records refer to. */
import type { DemoOrganisation } from '../organisations.ts';
import { type DemoResource, ODS, profileOf } from './uk-core.ts';

interface Professional {
  readonly prefix: string;
  readonly given: string;
  readonly family: string;
  /** As the professional registers number people; made up. */
  readonly register: 'gmc' | 'nmc' | 'gphc' | 'hcpc';
  readonly number: string;
}

const who = (
  prefix: string,
  given: string,
  family: string,
  register: Professional['register'],
  number: string,
): Professional => ({ prefix, given, family, register, number });

interface Workplace {
  readonly people: readonly [Professional, ...Professional[]];
  readonly places: readonly string[];
  readonly services: readonly string[];
}

const WORKPLACES: Readonly<Record<string, Workplace>> = {
  A90001: {
    people: [
      who('Dr', 'Anna', 'Hughes', 'gmc', '9990001'),
      who('Dr', 'Sanjay', 'Mistry', 'gmc', '9990002'),
      who('Dr', 'Fiona', 'Carmichael', 'gmc', '9990003'),
      who('Nurse', 'Joy', 'Adeyemi', 'nmc', '99A0004E'),
    ],
    places: ['Mill Lane Surgery'],
    services: ['General practice'],
  },
  A90002: {
    people: [
      who('Dr', 'David', 'Pryce', 'gmc', '9990011'),
      who('Dr', 'Amina', 'Warsame', 'gmc', '9990012'),
      who('Dr', 'Neil', 'Ferris', 'gmc', '9990013'),
      who('Nurse', 'Helen', 'Ogden', 'nmc', '99A0014E'),
    ],
    places: ['Harbour Way Practice'],
    services: ['General practice', 'Travel clinic'],
  },
  RX1: {
    people: [
      who('Dr', 'Marcus', 'Oyelaran', 'gmc', '9990101'),
      who('Miss', 'Katherine', 'Lund', 'gmc', '9990102'),
      who('Dr', 'Rohan', 'Bhatt', 'gmc', '9990103'),
      who('Sister', 'Carol', 'Dunne', 'nmc', '99A0104E'),
    ],
    places: [
      'Emergency Department',
      'Acute Medical Unit',
      'Maple Ward',
      'Rowan Ward',
      'Willow Ward',
      'Birch Ward',
    ],
    services: ['Emergency medicine', 'Respiratory medicine', 'Cardiology', 'Trauma and orthopaedics'],
  },
  RX9: {
    people: [
      who('Dr', 'Ingrid', 'Sorensen', 'gmc', '9990201'),
      who('Mr', 'Paul', 'Akande', 'hcpc', 'BS990202'),
    ],
    places: ['Sampleford Pathology Hub'],
    services: ['Clinical biochemistry', 'Haematology'],
  },
  FX001: {
    people: [who('Mr', 'Imran', 'Sheikh', 'gphc', '9990301')],
    places: ['Station Road Pharmacy'],
    services: ['Dispensing', 'Vaccination'],
  },
  RXM: {
    people: [who('Dr', 'Eleanor', 'Finch', 'gmc', '9990401'), who('Ms', 'Tunde', 'Bello', 'nmc', '99A0402E')],
    places: ['Upper Sampleford Community Mental Health Centre'],
    services: ['Community mental health team', 'Crisis team'],
  },
  RXC: {
    people: [
      who('Nurse', 'Beth', 'Holloway', 'nmc', '99A0501E'),
      who('Mr', 'Owen', 'Parry', 'hcpc', 'PH990502'),
    ],
    places: ['Exampleton Health Centre'],
    services: ['District nursing', 'Community physiotherapy'],
  },
  NX111: {
    people: [who('Nurse', 'Kirsty', 'Lennox', 'nmc', '99A0601E')],
    places: ['Exampleton 111 Call Centre'],
    services: ['NHS 111 telephone triage'],
  },
};

/** The people, places and services of an organisation. */
export function workplace(ods: string): Workplace {
  const found = WORKPLACES[ods];
  if (found === undefined) throw new Error(`no staff for ${ods}`);
  return found;
}

/**
 * The nth professional of an organisation (from 1), as a reference within it; the last one where there are
 * fewer.
 */
export function professional(
  ods: string,
  n: number,
): { readonly reference: string; readonly display: string } {
  const { people } = workplace(ods);
  const i = Math.min(n, people.length);
  const { prefix, given, family } = people[i - 1] ?? people[0];
  return { reference: `Practitioner/staff-${i}`, display: `${prefix} ${given} ${family}` };
}

/** What every record of the organisation refers to as itself. */
export const SELF = { reference: 'Organization/self' } as const;

/** The organisation itself, who works there, its places and services. */
export function directoryOf({ ods, name }: DemoOrganisation): DemoResource[] {
  const { people, places, services } = workplace(ods);
  return [
    {
      resourceType: 'Organization',
      id: 'self',
      ...profileOf('Organization'),
      identifier: [{ system: ODS, value: ods }],
      active: true,
      name,
      address: [{ city: 'Exampleton', postalCode: 'ZZ1 1AA', country: 'GBR' }],
    },
    ...people.map((person, i) => ({
      resourceType: 'Practitioner',
      id: `staff-${i + 1}`,
      ...profileOf('Practitioner'),
      identifier: [{ system: `https://fhir.hl7.org.uk/Id/${person.register}-number`, value: person.number }],
      active: true,
      name: [{ use: 'official', family: person.family, given: [person.given], prefix: [person.prefix] }],
    })),
    ...places.map((place, i) => ({
      resourceType: 'Location',
      id: `place-${i + 1}`,
      ...profileOf('Location'),
      identifier: [{ system: `https://fhir.nhs.uk/${ods}/Id/Location`, value: `${ods}^${place}` }],
      status: 'active',
      name: place,
      managingOrganization: SELF,
    })),
    ...services.map((service, i) => ({
      resourceType: 'HealthcareService',
      id: `service-${i + 1}`,
      ...profileOf('HealthcareService'),
      active: true,
      providedBy: SELF,
      name: service,
      location: [{ reference: 'Location/place-1' }],
    })),
  ];
}
