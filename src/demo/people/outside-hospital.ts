/** What community services, the mental-health trust and 111 hold: visits, plans, warnings, calls. */
import { Folder } from './folder.ts';
import type { History } from './history.ts';
import { DAY, type DemoLife, MINUTE } from './person.ts';
import { professional, SELF } from './staff.ts';
import {
  actClass,
  bloodPressure,
  concept,
  hl7,
  instant,
  organisation,
  period,
  vitalSign,
} from './uk-core.ts';

/** Transactions of the community provider; none for most. */
export function communityBundles(life: DemoLife, { homeVisits }: History): string[] {
  const [first] = homeVisits;
  if (first === undefined) return [];
  const folder = new Folder(life, 'cs');
  const { subject } = folder;
  const nurse = professional('RXC', 1);
  folder.add('CarePlan', 'plan', {
    status: 'completed',
    intent: 'plan',
    title: 'District nursing: wound care at home',
    description: 'Weekly visits until the wound has healed; blood pressure and weight each time.',
    subject,
    period: {
      start: instant(first.at).slice(0, 10),
      end: instant(homeVisits.at(-1)?.at ?? first.at).slice(0, 10),
    },
    created: instant(first.at),
    author: nurse,
    activity: [
      { detail: { status: 'completed', description: 'Redress the wound every week' } },
      { detail: { status: 'completed', description: 'Tell the GP if it does not heal in eight weeks' } },
    ],
  });
  for (const [i, visit] of homeVisits.entries()) {
    const name = `visit-${i + 1}`;
    const encounter = folder.add('Encounter', name, {
      status: 'finished',
      class: actClass('HH', 'home health'),
      type: [{ text: 'District nurse visit' }],
      subject,
      participant: [{ individual: nurse }],
      period: period(visit.at, visit.minutes),
      reasonCode: [{ text: 'Wound care' }],
      serviceProvider: SELF,
    });
    const of = { subject, encounter, performer: [nurse] };
    const at = visit.at + 5 * MINUTE;
    folder.add('Observation', `${name}-bp`, { ...bloodPressure(visit, at), ...of });
    folder.add('Observation', `${name}-weight`, { ...vitalSign('weight', visit.weight, at), ...of });
    folder.add('Observation', `${name}-finding`, {
      status: 'final',
      category: [hl7('observation-category', 'exam', 'Exam')],
      code: { text: 'Finding at the visit' },
      ...of,
      effectiveDateTime: instant(at),
      valueString: visit.finding,
    });
  }
  return folder.bundles();
}

/** SNOMED CT for the kind of document that a crisis plan is. */
const CRISIS_PLAN = { code: '736253002', display: 'Mental health crisis plan' };

/** Transactions of the mental-health trust; none for most. */
export function mentalHealthBundles(life: DemoLife, { mentalHealth }: History): string[] {
  if (mentalHealth === undefined) return [];
  const folder = new Folder(life, 'mh');
  const { subject } = folder;
  const author = professional('RXM', 1);
  const start = mentalHealth.contacts[0]?.at ?? mentalHealth.referredAt;
  folder.add('CarePlan', 'plan', {
    status: 'active',
    intent: 'plan',
    category: [concept(CRISIS_PLAN)],
    title: 'Crisis and safety plan',
    description: 'What helps when it gets worse, who to call, and what to avoid. Written together.',
    subject,
    period: { start: instant(start).slice(0, 10) },
    created: instant(start),
    author,
    activity: [
      { detail: { status: 'in-progress', description: 'Talking therapy, every two weeks' } },
      { detail: { status: 'scheduled', description: 'In a crisis: call the crisis team, at any hour' } },
    ],
  });
  for (const [i, contact] of mentalHealth.contacts.entries()) {
    folder.add('Encounter', `contact-${i + 1}`, {
      status: 'finished',
      class: contact.text.startsWith('Telephone') ? actClass('VR', 'virtual') : actClass('AMB', 'ambulatory'),
      type: [{ text: contact.text }],
      subject,
      participant: [{ individual: i === 3 ? author : professional('RXM', 2) }],
      period: period(contact.at, contact.minutes),
      serviceProvider: SELF,
    });
  }
  if (mentalHealth.isAtRisk) {
    folder.add('Flag', 'risk', {
      status: 'active',
      category: [hl7('flag-category', 'safety', 'Safety')],
      code: { text: 'Risk of self-harm: see the crisis plan' },
      subject,
      period: { start: instant(start).slice(0, 10) },
      author,
    });
  }
  if (life.hard === 'dissent') addDissent(folder, start);
  return folder.bundles();
}

/** The person's no to showing this trust's record to anybody else. */
function addDissent(folder: Folder, at: number): void {
  const since = at + 2 * DAY;
  folder.add('Consent', 'dissent', {
    status: 'active',
    scope: hl7('consentscope', 'patient-privacy', 'Privacy Consent'),
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0', display: 'Consent Document' }] }],
    patient: folder.subject,
    dateTime: instant(since),
    performer: [folder.subject],
    organization: [organisation('RXM')],
    policyRule: { text: 'The person decides whether this trust shows its record to other organisations.' },
    provision: { type: 'deny', period: { start: instant(since) } },
  });
}

/** Transactions of 111; none for most. */
export function urgentCareBundles(life: DemoLife, { calls }: History): string[] {
  if (calls.length === 0) return [];
  const folder = new Folder(life, 'uc');
  const { subject } = folder;
  const adviser = professional('NX111', 1);
  for (const [i, call] of calls.entries()) {
    const name = `call-${i + 1}`;
    const encounter = folder.add('Encounter', name, {
      identifier: [{ system: 'https://fhir.nhs.uk/NX111/Id/Encounter', value: call.number }],
      status: 'finished',
      class: actClass('VR', 'virtual'),
      type: [{ text: 'NHS 111 telephone call' }],
      subject,
      participant: [{ individual: adviser }],
      period: period(call.at, call.minutes),
      reasonCode: [{ text: call.reason }],
      serviceProvider: SELF,
    });
    const ended = call.at + call.minutes * MINUTE;
    folder.add('QuestionnaireResponse', `${name}-triage`, {
      status: 'completed',
      subject,
      encounter,
      authored: instant(ended),
      author: adviser,
      item: answers(call.reason),
    });
    folder.add('Observation', `${name}-outcome`, {
      status: 'final',
      category: [hl7('observation-category', 'survey', 'Survey')],
      code: { text: 'NHS 111 outcome' },
      subject,
      encounter,
      effectiveDateTime: instant(ended),
      performer: [adviser],
      valueCodeableConcept: { text: call.outcome },
    });
  }
  return folder.bundles();
}

function answers(reason: string): object[] {
  const said: readonly (readonly [string, string])[] = [
    ['Is the person breathing normally?', 'Yes'],
    ['Is there heavy bleeding?', 'No'],
    ['What is the main problem?', reason],
    ['Since when?', 'Less than a day'],
  ];
  return said.map(([text, answer], i) => ({
    linkId: String(i + 1),
    text,
    answer: [{ valueString: answer }],
  }));
}
