/**
 * Sends every made-up life to its organisations, as their source systems would: staff and places first, then
 * people, many at a time, each person's messages in order. Sending again changes nothing, so a load that was
 * broken off is simply done again.
 */

import type { PersonToTry } from '../base/demo-control.ts';
import { Failure } from '../base/failure.ts';
import type { Delivery, MadePerson } from './delivery.ts';
import type { SourceSystems } from './source-systems.ts';

/** People on their way at once: enough to keep every node busy, few enough for any number of people. */
const PEOPLE_AT_ONCE = 24;
/** How many people `openward demo --json` lists. */
const PEOPLE_LISTED_MAX = 200;

export interface Load {
  readonly staff: readonly Delivery[];
  readonly people: Iterable<MadePerson>;
  readonly systems: ReadonlyMap<string, SourceSystems>;
  /** Told after each person. */
  readonly progress: (done: number) => void;
}

/**
 * Resolves when everything has been acknowledged. Throws the first Failure of a delivery, after what was
 * under way has ended.
 */
export async function loadPeople({ staff, people, systems, progress }: Load): Promise<void> {
  const send = async (delivery: Delivery, lane: number): Promise<void> => {
    const system = systems.get(delivery.ods);
    if (system === undefined)
      throw new Failure('exception', `There is no organisation ${delivery.ods} in the demo.`);
    await system.deliver(delivery, lane);
  };
  for (const delivery of staff) await send(delivery, 0);
  const iterator = people[Symbol.iterator]();
  let given = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const next = iterator.next();
      if (next.done === true) return;
      const lane = given++;
      await Promise.all(
        byOrganisation(next.value.deliveries).map(async (own) => {
          for (const delivery of own) await send(delivery, lane);
        }),
      );
      if (next.value.person !== undefined) progress(++done);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: PEOPLE_AT_ONCE }, worker));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Order matters within an organisation only. */
function byOrganisation(deliveries: readonly Delivery[]): Delivery[][] {
  const groups = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const group = groups.get(delivery.ods);
    if (group === undefined) groups.set(delivery.ods, [delivery]);
    else group.push(delivery);
  }
  return [...groups.values()];
}

/**
 * The people to list: those of the first `PEOPLE_LISTED_MAX` made-up people that a verified number belongs
 * to.
 */
export function peopleToTry(people: Iterable<MadePerson>): PersonToTry[] {
  const listed: PersonToTry[] = [];
  for (const { person } of people) {
    if (person !== undefined) listed.push(person);
    if (listed.length === PEOPLE_LISTED_MAX) break;
  }
  return listed;
}
