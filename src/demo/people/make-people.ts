/**
 * Made-up people, each with a life that hangs together across organisations, as the messages and
 * transactions by which it reaches them. Person n is the same whoever else is made; memory does not grow
 * with the number of people.
 */
import type { Delivery, MadePerson } from '../delivery.ts';
import { DEMO_ORGANISATIONS } from '../organisations.ts';
import { practiceBundles } from './general-practice.ts';
import { hardCase } from './hard-cases.ts';
import { type History, historyOf } from './history.ts';
import { hospitalMessages } from './hospital.ts';
import { hospitalDocumentBundles } from './hospital-documents.ts';
import { HOSPITAL, hospitalStatus } from './hospital-facts.ts';
import { LABORATORY, laboratoryMessages, laboratoryOrderBundles } from './laboratory.ts';
import { communityBundles, mentalHealthBundles, urgentCareBundles } from './outside-hospital.ts';
import { type DemoLife, makeLife } from './person.ts';
import { pharmacyBundles } from './pharmacy.ts';
import { directoryOf } from './staff.ts';
import { transaction } from './uk-core.ts';
import { unknownPatientMessages } from './unknown-patient.ts';

/**
 * People 1 to `count`, one after the other; also records that belong to nobody known, which do not count.
 */
export function* makePeople(count: number): Generator<MadePerson> {
  for (let number = 1; number <= count; number++) {
    const life = makeLife(number);
    yield madePerson(life, historyOf(life));
    if (life.hard === 'unknown-at-hospital') {
      yield { deliveries: messages(HOSPITAL, unknownPatientMessages(life)) };
    }
  }
}

/**
 * Every organisation's own entries (itself, staff, places, services): to be sent before those of people.
 */
export function staffDeliveries(): readonly Delivery[] {
  return DEMO_ORGANISATIONS.filter(({ kind }) => kind !== 'exchange').map((one) => ({
    kind: 'fhir',
    ods: one.ods,
    bundle: transaction(directoryOf(one)),
  }));
}

function madePerson(life: DemoLife, history: History): MadePerson {
  const deliveries: Delivery[] = [
    ...bundles(life.practice, practiceBundles(life, history)),
    ...messages(HOSPITAL, hospitalMessages(life, history)),
    ...bundles(HOSPITAL, hospitalDocumentBundles(life, history)),
    ...messages(LABORATORY, laboratoryMessages(life, history)),
    ...bundles(LABORATORY, laboratoryOrderBundles(life, history)),
    ...bundles('FX001', pharmacyBundles(life, history)),
    ...bundles('RXM', mentalHealthBundles(life, history)),
    ...bundles('RXC', communityBundles(life, history)),
    ...bundles('NX111', urgentCareBundles(life, history)),
  ];
  const holders = new Set(deliveries.map((one) => one.ods));
  if (hospitalStatus(life) !== '01') holders.delete(HOSPITAL);
  const sources = DEMO_ORGANISATIONS.map(({ ods }) => ods).filter((ods) => holders.has(ods));
  return {
    person: {
      nhsNumber: life.nhsNumber,
      name: `${life.given[0]} ${life.family}`,
      sources,
      why: whyOf(life, history, sources.length),
    },
    deliveries,
  };
}

function whyOf(life: DemoLife, history: History, sources: number): string {
  const hard = hardCase(life.number);
  if (hard !== undefined) return hard.why;
  const isIn = history.stays.some((stay) => stay.dischargedAt === undefined);
  const now = isIn ? ', in hospital now' : '';
  if (life.isFull) return `seven kinds of organisation, a long record${now}`;
  if (isIn) return 'in hospital now';
  return history.stays.length > 0 ? 'was in hospital lately' : `a usual record, in ${sources} organisations`;
}

const bundles = (ods: string, texts: readonly string[]): Delivery[] =>
  texts.map((bundle) => ({ kind: 'fhir', ods, bundle }));

const messages = (ods: string, texts: readonly string[]): Delivery[] =>
  texts.map((message) => ({ kind: 'v2', ods, message }));
