/** Which event a message tells of (MSH-9, or EVN-1 of old messages), and which are taken here. HL7 v2.5.1 §2.15.9.9. */
import { Failure } from '../base/failure.ts';
import type { VisitEvent } from './v2/pv1.ts';
import { type Message, segmentNamed, textOf } from './v2-message.ts';

export type V2Event =
  | { readonly kind: 'visit'; readonly visit: VisitEvent; readonly needsVisit: boolean }
  | { readonly kind: 'person' }
  | { readonly kind: 'merge' }
  | { readonly kind: 'results' }
  | { readonly kind: 'document' }
  | { readonly kind: 'heartbeat' };

const visit = (event: VisitEvent, needsVisit = true): V2Event => ({
  kind: 'visit',
  visit: event,
  needsVisit,
});

/** Message type and trigger event → what is done. */
const EVENTS: Readonly<Record<string, V2Event>> = {
  'ADT^A01': visit('admit'),
  'ADT^A02': visit('transfer'),
  'ADT^A03': visit('discharge'),
  'ADT^A04': visit('register'),
  'ADT^A05': visit('pre-admit'),
  'ADT^A08': visit('update', false),
  'ADT^A11': visit('cancel-admit'),
  'ADT^A12': visit('cancel-transfer'),
  'ADT^A13': visit('cancel-discharge'),
  'ADT^A28': { kind: 'person' },
  'ADT^A31': { kind: 'person' },
  'ADT^A34': { kind: 'merge' },
  'ADT^A38': visit('cancel-admit'),
  'ADT^A40': { kind: 'merge' },
  'ORU^R01': { kind: 'results' },
  'MDM^T02': { kind: 'document' },
  'NMD^N02': { kind: 'heartbeat' },
};

/** `ADT^A01`; '' where the header does not say. */
export function eventName(message: Message): string {
  const header = message.segments[0];
  const type = textOf(header, 9, 1).toUpperCase();
  const trigger = textOf(header, 9, 2) || textOf(segmentNamed(message, 'EVN'), 1);
  return type === '' ? '' : `${type}^${trigger.toUpperCase()}`;
}

/** What the message tells of. Throws Failure `not-supported` for an event that is not taken here. */
export function eventOf(message: Message): V2Event {
  const event = EVENTS[eventName(message)];
  if (event !== undefined && Object.hasOwn(EVENTS, eventName(message))) return event;
  throw new Failure(
    'not-supported',
    'MSH-9 names an event that this node does not take. It is kept; docs/reference/hl7-v2.md says what is taken.',
  );
}
