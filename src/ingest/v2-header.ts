/**
 * What the header of a message says about the message: who sent it, under which number, and which answers are wanted.
 * Read leniently, since a message that cannot be taken has to be answered and listed too. HL7 v2.5.1 §2.15.9.
 */
import { Failure } from '../base/failure.ts';
import { eventName } from './v2-event.ts';
import { type Delimiters, type Message, rawField, textOf, USUAL_DELIMITERS } from './v2-message.ts';

export interface Header {
  readonly delimiters: Delimiters;
  /** MSH-3 to MSH-6 as they were written, to be turned round in the answer. */
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  /** MSH-3.1: by this a message finds its feed. */
  readonly application: string;
  /** MSH-7 */
  readonly sentAt: string;
  /** `ADT^A01` */
  readonly event: string;
  readonly controlId: string;
  readonly processingId: string;
  readonly version: string;
  /** MSH-15 and MSH-16: AL, NE, ER, SU or ''. */
  readonly acceptAnswer: string;
  readonly applicationAnswer: string;
}

export const NO_HEADER: Header = {
  delimiters: USUAL_DELIMITERS,
  sendingApplication: '',
  sendingFacility: '',
  receivingApplication: '',
  receivingFacility: '',
  application: '',
  sentAt: '',
  event: '',
  controlId: '',
  processingId: 'P',
  version: '2.4',
  acceptAnswer: '',
  applicationAnswer: '',
};

/** The header of a message. */
export function headerOf(message: Message): Header {
  const [msh] = message.segments;
  return {
    delimiters: message.delimiters,
    sendingApplication: rawField(msh, 3),
    sendingFacility: rawField(msh, 4),
    receivingApplication: rawField(msh, 5),
    receivingFacility: rawField(msh, 6),
    application: textOf(msh, 3),
    sentAt: textOf(msh, 7),
    event: eventName(message),
    controlId: textOf(msh, 10),
    processingId: rawField(msh, 11),
    version: textOf(msh, 12),
    acceptAnswer: textOf(msh, 15).toUpperCase(),
    applicationAnswer: textOf(msh, 16).toUpperCase(),
  };
}

const VERSION = /^2\.[1-9](?:\.\d)?$/;
/** HL7 allows 20 characters before 2.7 and 199 since. */
const CONTROL_ID_LENGTH_MAX = 199;

/** Throws Failure `required` or `value` where the header lacks what an answer and a record need. */
export function checkHeader(header: Header): void {
  if (header.controlId === '') {
    throw new Failure('required', 'MSH-10 is empty: without a control id the message cannot be answered.');
  }
  if (header.controlId.length > CONTROL_ID_LENGTH_MAX) {
    throw new Failure('value', `MSH-10 is longer than ${CONTROL_ID_LENGTH_MAX} characters.`);
  }
  if (header.event === '') throw new Failure('required', 'MSH-9 does not say what message this is.');
  if (!VERSION.test(header.version)) {
    throw new Failure('value', 'MSH-12 is not a version of HL7 v2 that is taken here (2.1 to 2.9).');
  }
}
