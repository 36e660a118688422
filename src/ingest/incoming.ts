/**
 * A message as it came in: read as far as it can be, since one that cannot be taken has to be answered and listed too.
 */
import type { InstantMs } from '../base/brands.ts';
import { isoInstant } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { FeedConfig } from '../base/node-config.ts';
import { decodeMessage } from './v2-charset.ts';
import { checkHeader, type Header, headerOf, NO_HEADER } from './v2-header.ts';
import { type Message, parseMessage } from './v2-message.ts';
import { parseV2Time, type V2Time } from './v2-time.ts';

export interface Incoming {
  readonly raw: Buffer;
  readonly header: Header;
  readonly read:
    | { readonly ok: true; readonly message: Message }
    | { readonly ok: false; readonly failure: Failure };
}

/** Reads a message; never throws a Failure. */
export function incoming(raw: Buffer): Incoming {
  let message: Message | undefined;
  try {
    message = parseMessage(decodeMessage(raw));
    const header = headerOf(message);
    checkHeader(header);
    return { raw, header, read: { ok: true, message } };
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    const header = message === undefined ? headerLine(raw) : headerOf(message);
    return { raw, header, read: { ok: false, failure } };
  }
}

/** One of which only the first bytes were kept. */
export function incomingTooLong(raw: Buffer, bytesMax: number): Incoming {
  const failure = new Failure(
    'too-long',
    `The message is longer than ${bytesMax} bytes (setting mllpFrameBytesMax). Only its beginning was kept.`,
  );
  return { raw, header: headerLine(raw), read: { ok: false, failure } };
}

const HEADER_BYTES_MAX = 2_000;

/** The header of what can otherwise not be read, as far as it goes. */
function headerLine(raw: Buffer): Header {
  const text = raw.toString('latin1', 0, HEADER_BYTES_MAX).replace(/^(?:\u00ef\u00bb\u00bf)?[\r\n]*/, '');
  try {
    return headerOf(parseMessage(text.split(/[\r\n]/, 1)[0] ?? ''));
  } catch (error) {
    if (error instanceof Failure) return NO_HEADER;
    throw error;
  }
}

/** Times without an offset are taken for those of this zone, where the feed does not say another. */
const ZONE = 'Europe/London';

export function zoneOf(feed: FeedConfig | undefined): string {
  return feed?.timeZone ?? ZONE;
}

/** HL7 v2 began in this year: what says that it is older does not know when it was made. */
const FIRST_YEAR = Date.UTC(1987, 0, 1);

/** MSH-7; undefined where the message does not say when it was made, or says nonsense. */
export function statedTime({ sentAt }: Header, zone: string): V2Time | undefined {
  const said = parseV2Time(sentAt, zone);
  return said !== undefined && said.at >= FIRST_YEAR ? said : undefined;
}

/** When the message was made: as stated, or the moment of its arrival. */
export function sentTime(header: Header, zone: string, now: InstantMs): V2Time {
  const said = statedTime(header, zone);
  if (said !== undefined) return said;
  const value = isoInstant(now);
  return { value, date: value.slice(0, 10), instant: value, at: now };
}

/**
 * The feed of a sender: by MSH-3, else the one that takes any; undefined where there is none, or where the header
 * cannot be read at all: that is nobody's.
 */
export function feedOf(feeds: readonly FeedConfig[], header: Header): FeedConfig | undefined {
  if (header === NO_HEADER) return undefined;
  const { application } = header;
  const taking = feeds.filter((one) => one.transport === 'mllp');
  return (
    taking.find((one) => one.sendingApplication === application) ??
    taking.find((one) => one.sendingApplication === undefined)
  );
}
