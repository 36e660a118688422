/**
 * What a message may not overtake another by: every number of a patient, a visit or an order in it. Two messages that
 * share one take effect in the order in which they came. Numbers are compared whoever gave them out: to wait for a
 * stranger with the same number costs a moment, to overtake costs the record its truth.
 */
import { type Message, part, repetitions, type Segment } from './v2-message.ts';

const NUMBERS: Readonly<Record<string, readonly number[]>> = {
  PID: [2, 3, 4],
  MRG: [1, 4],
  PV1: [19, 50],
  OBR: [2, 3],
  TXA: [12],
};

/** The keys of a message, with `own`: its sender and control id. */
export function laneKeys(message: Message, own: string): readonly string[] {
  return [...numbersIn(message).add(own)];
}

/** Every number of a patient, a visit or an order in a message. */
export function numbersIn(message: Message): Set<string> {
  const keys = new Set<string>();
  for (const segment of message.segments) {
    const kind = segment.name === 'MRG' ? 'PID' : segment.name;
    for (const n of NUMBERS[segment.name] ?? []) {
      for (const number of fieldNumbers(segment, n)) keys.add(`${kind} ${number}`);
    }
  }
  return keys;
}

function fieldNumbers(segment: Segment, n: number): readonly string[] {
  return repetitions(segment, n)
    .map((one) => part(one, 1))
    .filter((one) => one !== '');
}
