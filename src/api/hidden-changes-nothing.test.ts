/**
 * What an asker may not see changes no answer: the same questions are put to a node that holds it and to one
 * that never did, and the answers are held against each other, whole. Counts, orders, links, statuses, tags and
 * texts included: whatever differs tells of what is hidden.
 */
import { afterAll, describe, expect, it } from 'vitest';
import {
  type DoorUnderTest,
  nhsNumber,
  openDoorUnderTest,
  verifiedPatient,
} from '../../test/fhir-door-under-test.ts';
import { PERSONAS, type Persona } from '../access/personas.ts';

interface Kept {
  readonly resourceType: string;
  readonly id: string;
  readonly meta?: { readonly security?: readonly { readonly code: string }[] };
}
interface Held {
  readonly resource: Kept;
  /** Whose record it is in. */
  readonly persons: readonly string[];
}

const label = (code?: string) => (code === undefined ? {} : { meta: { security: [{ code }] } });
const to = (reference: string) => ({ reference });
const held = (type: string, id: string, persons: readonly string[], more: object, code?: string): Held => ({
  persons,
  resource: { resourceType: type, id, ...label(code), ...more } as Kept,
});
const about = (id: string, person: string, more: object = {}, code?: string): Held =>
  held(
    'Observation',
    id,
    [person],
    {
      identifier: [{ system: 'urn:x', value: `n-${id}` }],
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }], text: `code of ${id}` },
      subject: to(`Patient/${person}`),
      effectiveDateTime: '2020-01-01',
      valueQuantity: { value: 5, unit: 'mmol/L', system: 'http://unitsofmeasure.org', code: 'mmol/L' },
      ...more,
    },
    code,
  );
const patient = (id: string, n: number, more: object = {}, code?: string): Held => ({
  persons: [id],
  resource: {
    resourceType: 'Patient',
    id,
    ...verifiedPatient(id, nhsNumber(n), { name: [{ family: `of-${id}` }], ...more }),
    ...label(code),
  },
});
const encounter = (id: string, person: string, code?: string): Held =>
  held(
    'Encounter',
    id,
    [person],
    {
      status: 'finished',
      class: { code: 'IMP' },
      subject: to(`Patient/${person}`),
      identifier: [{ value: id }],
    },
    code,
  );
const list = (id: string, items: readonly string[], code?: string): Held =>
  held(
    'List',
    id,
    ['anna'],
    {
      status: 'current',
      mode: 'working',
      subject: to('Patient/anna'),
      entry: items.map((item) => ({ item: to(item) })),
    },
    code,
  );
const composition = (id: string, items: readonly string[], code?: string): Held =>
  held(
    'Composition',
    id,
    ['anna'],
    {
      status: 'final',
      type: { text: 'letter' },
      subject: to('Patient/anna'),
      date: '2020-01-01',
      title: 'x',
      author: [to('Practitioner/prac')],
      section: [{ title: 's', entry: items.map(to) }],
    },
    code,
  );

const HELD: readonly Held[] = [
  held('Organization', 'org', [], { name: 'Trust' }),
  held('Practitioner', 'prac', [], { name: [{ family: 'Who' }] }),
  patient('anna', 1, { managingOrganization: to('Organization/org') }),
  patient('ben', 2),
  patient('vera', 3, {}, 'V'),
  patient('rob', 4, {}, 'R'),
  patient('lin', 5, { link: [{ other: to('Patient/vera'), type: 'seealso' }] }),
  encounter('e-open', 'anna'),
  encounter('e-r', 'anna', 'R'),
  encounter('e-ben', 'ben'),
  about('a-open', 'anna', { encounter: to('Encounter/e-open'), performer: [to('Practitioner/prac')] }),
  about('a-r', 'anna', { encounter: to('Encounter/e-open'), effectiveDateTime: '2021-01-01' }, 'R'),
  about('a-v', 'anna', { effectiveDateTime: '2022-01-01' }, 'V'),
  about('a-in-r', 'anna', { encounter: to('Encounter/e-r') }),
  about('a-of-r', 'anna', { hasMember: [to('Observation/a-r'), to('Observation/a-v')] }),
  about('a-gone', 'anna', {}, 'R'),
  about('b-open', 'ben', { encounter: to('Encounter/e-ben') }),
  about('v-open', 'vera'),
  about('r-open', 'rob'),
  about('l-open', 'lin'),
  held('Condition', 'c-open', ['anna'], { subject: to('Patient/anna'), code: { text: 'cough' } }),
  held('Condition', 'c-r', ['anna'], { subject: to('Patient/anna'), code: { text: 'cough' } }, 'R'),
  held('AllergyIntolerance', 'al-v', ['anna'], { patient: to('Patient/anna'), code: { text: 'nuts' } }, 'V'),
  held('DiagnosticReport', 'd-open', ['anna'], {
    status: 'final',
    code: { text: 'x' },
    subject: to('Patient/anna'),
    result: [to('Observation/a-open'), to('Observation/a-r'), to('Observation/a-v')],
  }),
  list('l-all', ['Observation/a-open', 'Observation/a-r', 'Observation/a-v']),
  list('l-r', ['Observation/a-open'], 'R'),
  composition('doc-open', ['Observation/a-open']),
  composition('doc-r', ['Observation/a-open'], 'R'),
  composition('doc-deep', ['DiagnosticReport/d-open']),
  composition('doc-lacks', ['Observation/a-r']),
  held('Appointment', 'with-vera', ['anna', 'vera'], {
    status: 'booked',
    participant: [
      { actor: to('Patient/anna'), status: 'accepted' },
      { actor: to('Patient/vera'), status: 'accepted' },
    ],
  }),
  held('Appointment', 'with-ben', ['anna', 'ben'], {
    status: 'booked',
    participant: [
      { actor: to('Patient/anna'), status: 'accepted' },
      { actor: to('Patient/ben'), status: 'accepted' },
    ],
  }),
  held('RelatedPerson', 'of-rob', ['rob'], { patient: to('Patient/rob'), name: [{ family: 'Kin' }] }),
  held('Binary', 'of-anna', ['anna'], {
    contentType: 'text/plain',
    data: 'YQ==',
    securityContext: to('Patient/anna'),
  }),
  held('Binary', 'of-vera', ['vera'], {
    contentType: 'text/plain',
    data: 'YQ==',
    securityContext: to('Patient/vera'),
  }),
  held('Binary', 'of-any', [], { contentType: 'text/plain', data: 'YQ==' }),
  held('Device', 'of-ben', [], {
    patient: to('Patient/ben'),
    deviceName: [{ name: 'pacemaker', type: 'other' }],
  }),
  held('Questionnaire', 'any', [], { status: 'active' }),
  held(
    'Provenance',
    'pr-r',
    [],
    {
      target: [to('Observation/a-open')],
      recorded: '2020-01-01T00:00:00Z',
      agent: [{ who: to('Practitioner/prac') }],
    },
    'R',
  ),
];

const CLOSED: Readonly<Record<string, readonly string[]>> = { V: ['vera', 'lin'], R: ['rob'] };

/** Whether a persona sees this, by the rules as docs/reference/personas.md has them. */
function shows({ resource, persons }: Held, persona: Persona): boolean {
  const row = PERSONAS[persona];
  if (row.persons === 'none') return false;
  if (row.reads !== 'all' && !(row.reads as readonly string[]).includes(resource.resourceType)) return false;
  if (row.hiddenLabels.some((code) => resource.meta?.security?.some((one) => one.code === code)))
    return false;
  if (row.hiddenLabels.some((code) => persons.some((one) => CLOSED[code]?.includes(one)))) return false;
  if (row.persons === 'organisation') return true;
  if (persons.length > 0) return persons.includes('anna');
  return ['Organization', 'Practitioner'].includes(resource.resourceType);
}

async function filled(sees: (one: Held) => boolean): Promise<DoorUnderTest> {
  const door = await openDoorUnderTest({ settings: { pageSizeDefault: 3 } });
  for (const one of HELD) {
    if (!sees(one)) continue;
    const { resourceType, id } = one.resource;
    const put = await door.send('PUT', `/fhir/${resourceType}/${id}`, { as: 'system', body: one.resource });
    expect(put.status, put.text).toBe(201);
  }
  if (HELD.some((one) => one.resource.id === 'a-gone' && sees(one)))
    await door.send('DELETE', '/fhir/Observation/a-gone', { as: 'system' });
  return door;
}

const GRAPHQL = [
  '{ PatientList { id name { family } } }',
  '{ ObservationConnection(_count: 2, code: "8867-4") { count edges { resource { id } } } }',
  '{ Patient(id: "vera") { id } }',
  '{ Observation(id: "a-of-r") { hasMember { resource(optional: true) { ... on Observation { id } } } } }',
  '{ Observation(id: "a-of-r") { hasMember { resource { ... on Observation { id } } } } }',
  '{ Patient(id: "anna") { ObservationList(_reference: subject) { id } ListConnection(_reference: subject) { count } } }',
  '{ Observation(identifier: "n-a-r") { id } }',
];

const NAMES = HELD.map(({ resource }) => `${resource.resourceType}/${resource.id}`);
const QUESTIONS: readonly string[] = [
  ...NAMES,
  ...NAMES.flatMap((name) => [`${name}/_history`, `${name}/_history/1`, `${name}/$meta`]),
  'Patient',
  'Patient?_total=accurate&_count=0',
  'Patient?_sort=-family&_total=accurate',
  'Patient?family=of-vera',
  'Patient?family:missing=false&_count=2&_total=accurate',
  'Patient?_has:Observation:patient:code=8867-4&_total=accurate',
  'Patient?_has:Observation:patient:_id=a-r,a-v,v-open,r-open',
  'Patient?_has:Condition:patient:code:text=cough',
  'Patient?_has:AllergyIntolerance:patient:code:text=nuts',
  'Patient?_has:Observation:patient:encounter.identifier=e-r',
  'Patient?_has:Observation:patient:_has:Provenance:target:agent=prac',
  'Patient?_has:RelatedPerson:patient:name=Kin',
  'Patient?_has:Appointment:patient:status=booked&_total=accurate',
  'Patient?link=vera',
  'Patient?link:Patient.family=of-vera',
  'Patient?_revinclude=Observation:patient&_count=10',
  'Patient?_revinclude=Observation:patient&_revinclude:iterate=Provenance:target&_count=10',
  'Patient?_include=Patient:link&_count=10',
  'Patient?_filter=family eq "of-vera" or family eq "of-anna"',
  'Patient?_filter=not (family eq "of-anna")&_total=accurate',
  'Observation',
  'Observation?_total=accurate&_sort=-date',
  'Observation?_summary=count',
  'Observation?_elements=code&_count=20',
  'Observation?_sort=-_lastUpdated&_count=20',
  'Observation?_sort=patient,code&_count=4',
  'Observation?date=ge2021&_total=accurate',
  'Observation?identifier=n-a-r',
  'Observation?identifier=n-a-gone',
  'Observation?patient=vera',
  'Observation?patient.family=of-vera',
  'Observation?patient.family=of-rob&_total=accurate',
  'Observation?patient.family:missing=false&_total=accurate',
  'Observation?subject:Patient.link=Patient/vera',
  'Observation?encounter.identifier=e-r',
  'Observation?encounter:missing=false&_total=accurate',
  'Observation?encounter.status=finished&_total=accurate',
  'Observation?_filter=encounter.identifier eq e-r',
  'Observation?_filter=not (encounter.identifier eq e-r)&_total=accurate',
  'Observation?has-member.date=ge2021',
  'Observation?has-member:Observation.code:text=code',
  'Observation?_has:DiagnosticReport:result:status=final&_total=accurate',
  'Observation?_has:Provenance:target:agent=prac',
  'Observation?_has:Observation:has-member:_id=a-of-r',
  'Observation?_has:List:item:status=current&_total=accurate',
  'Observation?_list=l-all&_total=accurate',
  'Observation?_list=l-r',
  'Observation?_id=a-r,a-v,a-open,a-gone&_total=accurate',
  'Observation?code:text=code&_total=accurate&_count=20',
  'Observation?code:not=8867-4&_total=accurate',
  'Observation?code-value-quantity=8867-4$5&_total=accurate',
  'Observation?value-quantity=5000||umol/L',
  'Observation?_content=code&_total=accurate',
  'Observation?_include=Observation:encounter&_count=20',
  'Observation?_include=Observation:has-member&_include:iterate=Observation:encounter&_count=20',
  'Observation?_include=*&_revinclude=DiagnosticReport:result&_revinclude=List:item&_count=20',
  'Observation?_include:iterate=Observation:has-member&_revinclude:iterate=Provenance:target&_id=a-of-r',
  'Observation?_tag=x&_security=R',
  'Observation?_security=R&_total=accurate',
  'Observation?_security:not=R&_total=accurate',
  'DiagnosticReport?result.date=ge2021',
  'DiagnosticReport?result:Observation.code:text=code&_include=DiagnosticReport:result',
  'Appointment?_total=accurate',
  'Appointment?patient=vera',
  'Appointment?actor:Patient.family=of-vera',
  'Appointment?patient.family=of-ben&_include=Appointment:patient',
  'Encounter?_total=accurate&_revinclude=Observation:encounter',
  'List?item=Observation/a-r',
  'List?item:Observation.date=ge2021',
  'List?_include=List:item&_include:iterate=Observation:patient',
  'Binary?_total=accurate',
  'Provenance?target=Observation/a-open',
  '?_type=Observation,Patient,Condition&_total=accurate&_count=20',
  '?_type=Observation,Provenance&_lastUpdated=ge2000&_total=accurate&_count=20',
  '?_lastUpdated=ge2000&_total=accurate&_count=40',
  'Patient/anna/Observation?_total=accurate',
  'Patient/anna/*?_total=accurate&_count=40',
  'Patient/vera/Observation?_total=accurate',
  'Patient/vera/*',
  'Patient/lin/Observation',
  'Encounter/e-r/Observation?_total=accurate',
  'Encounter/e-open/Observation?_total=accurate',
  'Practitioner/prac/Observation?_total=accurate',
  '_history?_count=100',
  'Observation/_history?_count=3',
  'Observation/_history?_since=2000-01-01T00:00:00Z',
  'Patient/_history',
  'Appointment/_history',
  'Patient/anna/$everything',
  'Patient/anna/$everything?_count=4',
  'Patient/anna/$everything?_type=Observation,Encounter',
  'Patient/vera/$everything',
  'Patient/lin/$everything',
  'Patient/$everything',
  'Encounter/e-open/$everything',
  'Encounter/e-r/$everything',
  'Patient/anna/$summary',
  'Patient/vera/$summary',
  'Observation/$lastn?patient=Patient/anna',
  'Observation/$lastn?patient=Patient/vera',
  'Observation/$lastn?code=8867-4&max=2&subject=Patient/anna',
  'Composition/doc-open/$document',
  'Composition/doc-r/$document',
  'Composition/doc-deep/$document',
  'Composition/doc-lacks/$document',
  'Observation/a-r/$validate',
  'Patient/anna/$graphql?query={ObservationList(_reference:subject){id}}',
  ...GRAPHQL.map((query) => `$graphql?query=${query}`),
];

/** What comes along with a whole record, and with nothing else: docs/reference/fhir-api.md, Binary. */
const ALONG = /^Patient\/(anna\/)?\$everything/;

/** Answers of a persona about what it may not see, also where it asks on a condition. */
const CONDITIONAL = [{ 'if-none-match': 'W/"1"' }, { 'if-modified-since': 'Fri, 01 Jan 2100 00:00:00 GMT' }];

/** What differs from node to node and moment to moment. */
function bare(text: string): string {
  return text
    .replace(/127\.0\.0\.1:\d+/g, 'node')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'at')
    .replace(/_cursor=[^"&]*/g, '_cursor=on')
    .replace(/\b01[a-z0-9]{24}\b/g, 'made')
    .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'made');
}

const opened: DoorUnderTest[] = [];
afterAll(() => Promise.all(opened.map((door) => door.close())));

async function answerOf(door: DoorUnderTest, method: string, path: string, sent: object): Promise<string> {
  const { status, headers, text } = await door.send(method, `/fhir/${path}`, sent);
  const kept = ['etag', 'location', 'content-location', 'content-type'].map((name) => headers.get(name));
  return `${status} ${bare(kept.join(' '))} ${bare(text)}`;
}

for (const persona of ['doctor', 'nurse', 'lab', 'pharmacist', 'patient', 'analyst'] as const) {
  describe(`what a ${persona} may not see`, () => {
    it('changes no answer', async () => {
      const doors = [await filled(() => true), await filled((one) => shows(one, persona))] as const;
      opened.push(...doors);
      const [tokens] = [
        await Promise.all(
          doors.map((door) => door.token(persona, persona === 'patient' ? nhsNumber(1) : undefined)),
        ),
      ];
      const differing: string[] = [];
      const compare = async (method: string, path: string, sent: object = {}): Promise<void> => {
        const [all, less] = await Promise.all(
          doors.map((door, i) => answerOf(door, method, path, { as: tokens[i], ...sent })),
        );
        if (all !== less) differing.push(`${method} ${path} ${JSON.stringify(sent)}\n  ${all}\n  ${less}`);
      };
      for (const path of QUESTIONS)
        if (persona !== 'patient' || !ALONG.test(path)) await compare('GET', encodeURI(path));
      for (const headers of CONDITIONAL) for (const name of NAMES) await compare('GET', name, { headers });
      expect(differing.join('\n').slice(0, 30_000)).toBe('');
    }, 300_000);
  });
}
