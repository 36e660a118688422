/**
 * Messages that are not taken: each is kept with the reason, as a dead letter for people to look at. One that is
 * refused for good leaves its feed lacking something, which is on disk before the sender hears of it: until the
 * message is taken after all, or somebody dismisses it (docs/adr/0011).
 */
import { Failure } from '../base/failure.ts';
import type { KeptWrite, RecordSession } from '../records/session.ts';
import { incoming, sentTime, zoneOf } from './incoming.ts';
import {
  type DeadLetter,
  isSettled,
  type KeptDeadLetter,
  type KeptMessage,
  keepDeadLetter,
  keepMessage,
  keptDeadLetter,
} from './kept-message.ts';
import { numbersIn } from './lane-keys.ts';
import { type IntakeParts, keptBefore, type Passage } from './passage.ts';
import { type Ack, ackFor } from './v2-ack.ts';
import { type Message, parseMessage } from './v2-message.ts';

type Parts = Pick<IntakeParts, 'clock' | 'feeds' | 'ids' | 'log'>;

/** Keeps a message that is never valid, with the reason. Resolves with AR; rejects where it cannot be kept. */
export async function refuseMessage(parts: Parts, passage: Passage, failure: Failure): Promise<Ack> {
  const { clock, ids, log } = parts;
  const { header, feed, before, arrival, session } = passage;
  const problem = { issue: failure.code, text: failure.message };
  const letter = await letterBefore(session, before);
  if (before?.code === 'AR' && before.issue === failure.code) {
    // the answer before may not have reached the sender, nor the disk what the feed lacks
    if (letter !== undefined) await lack(parts, passage, letter);
    arrival?.settled();
    return { code: 'AR', text: before.answer, problem };
  }
  const at = clock.now();
  const ack = ackFor(header, { code: 'AR', id: ids.next(), at, problem });
  const written = deadLetterOf(passage, letter?.id ?? ids.next(), { at, answer: 'AR', failure });
  // what a person said of this very message stands, for whatever reason it is refused
  const kept = letter?.dismissed === undefined ? written : { ...written, dismissed: letter.dismissed };
  await keep(passage, ack, kept);
  await lack(parts, passage, kept);
  log.warn(
    { feed: feed?.name, event: header.event, code: failure.code, deadLetter: kept.id },
    'message refused',
  );
  arrival?.settled();
  return ack;
}

/** Keeps a message that met a defect of ours, unless it is kept already. Never rejects. */
export async function keepDefect(parts: Parts, passage: Passage, failure: Failure): Promise<void> {
  const { clock, ids, log } = parts;
  const { header, session, name } = passage;
  try {
    if ((await keptBefore(session, name)) !== undefined) return;
    const letter = deadLetterOf(passage, ids.next(), { at: clock.now(), answer: 'AE', failure });
    await keep(passage, { code: 'AE', text: '' }, letter);
  } catch {
    log.warn({ event: header.event }, 'a message that met a defect could not be kept');
  }
}

/** The dead letters that a message answers for which is taken now, as they read from then on. */
export async function lettersTaken({ clock }: Parts, passage: Passage): Promise<readonly KeptDeadLetter[]> {
  const acceptedAt = new Date(clock.now()).toISOString();
  const taken: KeptDeadLetter[] = [];
  for (const id of [passage.before?.deadLetter, passage.corrects]) {
    const letter = id === undefined ? undefined : await letterNamed(passage.session, id);
    if (letter !== undefined) taken.push({ ...letter, acceptedAt });
  }
  return taken;
}

/** What these dead letters were about is missing no longer. Resolves when that is on disk. */
export async function resolveLetters(
  { feeds }: Pick<Parts, 'feeds'>,
  letters: readonly DeadLetter[],
): Promise<void> {
  for (const { id, feed, controlId } of letters) {
    if (feed !== undefined) await feeds.resolve(feed, [{ deadLetter: id, controlId }]);
  }
}

/** The dead letter of that id; undefined where there is none. */
export async function letterNamed(session: RecordSession, id: string): Promise<KeptDeadLetter | undefined> {
  const bytes = await session.kept('v2-dead-letters', id);
  return bytes === undefined ? undefined : keptDeadLetter(bytes);
}

/**
 * Whether a message puts right another one that was refused under the same control id: they share a number of a
 * patient, a visit or an order. A sender whose counter began anew shares none, and leaves the other one missing.
 */
export function putsRight(message: Message, refused: Buffer): boolean {
  const other = readLeniently(refused);
  if (other === undefined) return false;
  const numbers = numbersIn(other);
  return [...numbersIn(message)].some((one) => numbers.has(one));
}

function readLeniently(raw: Buffer): Message | undefined {
  const { read } = incoming(raw);
  if (read.ok) return read.message;
  try {
    return parseMessage(raw.toString('latin1'));
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Its feed lacks the message, unless it was taken or dismissed since. */
async function lack({ clock, feeds }: Parts, passage: Passage, letter: DeadLetter): Promise<void> {
  const { lacking, header, feed } = passage;
  if (lacking === undefined || isSettled(letter)) return;
  const { at: sentAt } = sentTime(header, zoneOf(feed), clock.now());
  await feeds.refuse(lacking, { deadLetter: letter.id, sentAt, reason: letter.code });
}

async function letterBefore(
  session: RecordSession,
  before: KeptMessage | undefined,
): Promise<KeptDeadLetter | undefined> {
  return before?.deadLetter === undefined ? undefined : letterNamed(session, before.deadLetter);
}

async function keep(
  { session, header, feed, name, raw }: Passage,
  { code, text }: Ack,
  letter: KeptDeadLetter,
): Promise<void> {
  const at = Date.parse(letter.at);
  const kept: KeptMessage = { code, answer: text, at, deadLetter: letter.id, issue: letter.code, raw };
  const blobs: readonly KeptWrite[] = [keepMessage(name, kept), keepDeadLetter(letter)];
  const detail = { event: header.event, feed: feed?.name ?? '', refused: letter.code };
  await session.submit([], { blobs, action: 'ingest', detail });
}

function deadLetterOf(
  { header, feed, name, raw }: Passage,
  id: string,
  { at, answer, failure }: { at: number; answer: 'AR' | 'AE'; failure: Failure },
): KeptDeadLetter {
  return {
    id,
    at: new Date(at).toISOString(),
    ...(feed === undefined ? {} : { feed: feed.name }),
    sender: [header.sendingApplication, header.sendingFacility].join(' ').trim(),
    controlId: header.controlId,
    event: header.event,
    answer,
    code: failure.code,
    reason: failure.message,
    bytes: raw.length,
    message: name,
  };
}
