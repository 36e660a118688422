/**
 * All that happens to a person, told once: what each organisation holds is its part of this, so that the
 * parts hang together.
 */
import {
  type Attendance,
  attendancesOf,
  type Call,
  type Consultation,
  callsOf,
  consultationsOf,
  type HomeVisit,
  homeVisitsOf,
  type MentalHealth,
  mentalHealthOf,
  type Vaccination,
  vaccinationsOf,
} from './contacts.ts';
import { type LabRequest, labRequestsOf } from './lab-requests.ts';
import type { DemoLife } from './person.ts';
import { courseOf, type Prescription, prescriptionsOf } from './prescriptions.ts';
import { type Stay, staysOf } from './stays.ts';

export interface History {
  readonly stays: readonly Stay[];
  readonly attendances: readonly Attendance[];
  readonly consultations: readonly Consultation[];
  readonly prescriptions: readonly Prescription[];
  readonly requests: readonly LabRequest[];
  readonly vaccinations: readonly Vaccination[];
  readonly calls: readonly Call[];
  readonly homeVisits: readonly HomeVisit[];
  readonly mentalHealth?: MentalHealth;
}

/** The history of a life; each list oldest first. */
export function historyOf(life: DemoLife): History {
  const stays = staysOf(life);
  const consultations = consultationsOf(life, stays);
  const courses = consultations.flatMap(({ course, at, reason }) =>
    course === undefined ? [] : [courseOf(life, course, { display: reason }, at)],
  );
  const mentalHealth = mentalHealthOf(life);
  return {
    stays,
    attendances: attendancesOf(life, stays),
    consultations,
    prescriptions: [...prescriptionsOf(life), ...courses].sort((a, b) => a.at - b.at),
    requests: labRequestsOf(life),
    vaccinations: vaccinationsOf(life),
    calls: callsOf(life),
    homeVisits: homeVisitsOf(life),
    ...(mentalHealth === undefined ? {} : { mentalHealth }),
  };
}
