/**
 * A message in, its answer out. The message as it came, what it makes of the record, and the answer are one durable
 * commit; only then is it answered AA. What is never valid is kept with the reason and answered AR; what may be taken
 * another time is answered AE, and the feed's watermark waits for it. A message that comes again has one effect.
 */
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import type { Asker } from '../access/actor.ts';
import { framesOf } from '../base/failed-request.ts';
import { Failure, type IssueType } from '../base/failure.ts';
import type { FeedConfig } from '../base/node-config.ts';
import { validate } from '../fhir/validate.ts';
import type { RecordSession } from '../records/session.ts';
import { feedOf, type Incoming, incoming, sentTime, statedTime, zoneOf } from './incoming.ts';
import {
  isSameMessage,
  type KeptMessage,
  keepDeadLetter,
  keepMessage,
  messageName,
  otherName,
} from './kept-message.ts';
import { laneKeys } from './lane-keys.ts';
import { Lanes } from './lanes.ts';
import { type IntakeParts, keptBefore, type Passage } from './passage.ts';
import {
  keepDefect,
  letterNamed,
  lettersTaken,
  putsRight,
  refuseMessage,
  resolveLetters,
} from './refuse-message.ts';
import { slug, type Warning } from './v2/mapping.ts';
import { type Ack, ackFor } from './v2-ack.ts';
import { eventOf } from './v2-event.ts';
import { type Header, NO_HEADER } from './v2-header.ts';
import type { Message } from './v2-message.ts';
import { type Plan, planMessage } from './v2-to-ops.ts';

/** Something went wrong here, and the message may be taken when it is sent again. */
const FOR_NOW: ReadonlySet<IssueType> = new Set([
  'no-store',
  'transient',
  'timeout',
  'throttled',
  'exception',
  'lock-error',
]);
/** What was read has been changed meanwhile. */
const OVERTAKEN: ReadonlySet<IssueType> = new Set(['conflict', 'lock-error', 'duplicate']);
/** Refusals that rest on what is known of other records. */
const BY_WHAT_IS_KNOWN: ReadonlySet<IssueType> = new Set(['conflict', 'multiple-matches', 'business-rule']);

const HEARTBEAT = 'NMD^N02';

/** Resources checked before others get their turn. */
const RESOURCES_A_TURN = 250;

export class Intake {
  readonly #parts: IntakeParts;
  readonly #lanes = new Lanes();

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Takes a message and resolves with its answer; never rejects. Messages that share a patient, a visit or an order
   * take effect in the order of the calls.
   */
  async take(incoming: Incoming, from: 'feed' | 'file' | 'dead-letter' = 'feed'): Promise<Ack> {
    const { raw, header, read } = incoming;
    const { clock, config, feeds } = this.#parts;
    const feed = feedOf(config.feeds, header);
    const name = messageName(header, raw);
    if (read.ok && header.event === HEARTBEAT) return this.#heartbeat(incoming, feed);
    // what people send themselves tells nothing of whether the feed is alive, and they see what is refused
    const heard = from === 'feed' ? feed : undefined;
    const isLoss = header.event !== HEARTBEAT && heard?.ignores?.includes(header.event) !== true;
    const lacking = isLoss ? heard?.name : undefined;
    const one = { raw, header, feed, name, lacking, arrival: undefined };
    if (!read.ok) return this.#inLane([name], one, (passage) => this.#refuse(passage, read.failure));
    const sent = sentTime(header, zoneOf(feed), clock.now());
    const arrival = heard && feeds.accept(heard.name, header.controlId, sent.at);
    return this.#inLane(
      laneKeys(read.message, name),
      { ...one, arrival },
      (passage) => this.#store(passage, read.message),
      (refused) => putsRight(read.message, refused),
    );
  }

  /**
   * Takes the message of a dead letter as if it came again now: what it lacked may be there, or the mapping be
   * mended. Resolves with the answer that its sender would get. Throws Failure `not-found`, and `business-rule`
   * where only its beginning was kept.
   */
  async replay(deadLetter: string): Promise<Ack> {
    const session = this.#sessionFor(undefined, NO_HEADER);
    const letter = await letterNamed(session, deadLetter);
    const kept = letter === undefined ? undefined : await keptBefore(session, letter.message);
    if (letter === undefined || kept === undefined)
      throw new Failure('not-found', 'There is no dead letter of that id.');
    if (letter.code === 'too-long') {
      throw new Failure(
        'business-rule',
        'Only the beginning of this message was kept. Raise the setting mllpFrameBytesMax and have it sent again.',
      );
    }
    return this.take(incoming(kept.raw), 'dead-letter');
  }

  async #inLane(
    keys: readonly string[],
    one: Omit<Passage, 'session' | 'before' | 'reused' | 'corrects'>,
    work: (passage: Passage) => Promise<Ack>,
    isCorrection: (refused: Buffer) => boolean = () => false,
  ): Promise<Ack> {
    return this.#lanes.run(keys, async () => {
      const session = this.#sessionFor(one.feed, one.header);
      const bare: Passage = { ...one, session, before: undefined, reused: false, corrects: undefined };
      try {
        const before = await keptBefore(session, one.name);
        if (before === undefined || isSameMessage(before.raw, one.raw)) {
          if (before?.code === 'AA') return await this.#again(bare, before);
          return await work({ ...bare, before });
        }
        const name = otherName(one.name, one.raw);
        const other = await keptBefore(session, name);
        if (other?.code === 'AA') return await this.#again(bare, other);
        const corrects = before.code !== 'AA' && isCorrection(before.raw) ? before.deadLetter : undefined;
        return await work({ ...bare, name, before: other, reused: true, corrects });
      } catch (error) {
        return this.#fail(bare, error);
      }
    });
  }

  #sessionFor(feed: FeedConfig | undefined, header: Header): RecordSession {
    const { config, ids, records } = this.#parts;
    const asker: Asker = {
      actor: {
        id: `feed:${feed?.name ?? 'mllp'}`,
        name: feed?.name ?? 'MLLP',
        role: 'system',
        organisation: config.ods,
      },
      purpose: 'administration',
      requestId: header.controlId || ids.next(),
    };
    return records.as(asker);
  }

  /** A message that was taken before: the answer that it got then. */
  async #again({ arrival, session }: Passage, { code, answer, deadLetter }: KeptMessage): Promise<Ack> {
    const letter = deadLetter === undefined ? undefined : await letterNamed(session, deadLetter);
    if (letter !== undefined) await resolveLetters(this.#parts, [letter]);
    arrival?.settled();
    return { code, text: answer };
  }

  /** A heartbeat says how far its source is, and is no part of any record. */
  async #heartbeat({ raw, header }: Incoming, feed: FeedConfig | undefined): Promise<Ack> {
    const { clock, feeds, ids } = this.#parts;
    // never the moment of its arrival: what nobody said would count as a claim that nothing is missing
    const through = statedTime(header, zoneOf(feed));
    if (feed !== undefined && through !== undefined) {
      feeds.heard(feed.name, through.at);
      return ackFor(header, { code: 'AA', id: ids.next(), at: clock.now() });
    }
    const name = messageName(header, raw);
    const failure =
      feed === undefined
        ? new Failure('not-found', 'MSH-3 names no feed of this node. See "feeds" in its configuration.')
        : new Failure(
            'required',
            'A heartbeat needs MSH-7: the moment up to which everything has been sent.',
          );
    // it is no part of any record, so nothing lacks it
    const one = { raw, header, feed, name, lacking: undefined, arrival: undefined };
    return this.#inLane([name], one, (passage) => this.#refuse(passage, failure));
  }

  async #store(passage: Passage, message: Message): Promise<Ack> {
    const { settings, known } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      let plan: Plan;
      try {
        plan = await this.#plan(passage, message);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        if (attempt === 1 && BY_WHAT_IS_KNOWN.has(error.code)) {
          known.forgetAll();
          continue;
        }
        return this.#refuse(passage, error);
      }
      try {
        return await this.#commit(passage, plan);
      } catch (error) {
        if (!(error instanceof Failure) || !OVERTAKEN.has(error.code)) throw error;
        known.forgetAll();
        if (attempt >= settings.v2AttemptsMax) throw crowded(error);
      }
    }
  }

  async #plan({ header, feed, name, session, reused }: Passage, message: Message): Promise<Plan> {
    const { clock, config, ids, known, settings } = this.#parts;
    eventOf(message);
    if (message.segments.length > settings.v2SegmentsMax) {
      throw new Failure(
        'too-costly',
        `The message has ${message.segments.length} segments; more than ${settings.v2SegmentsMax} are not ` +
          `read (setting v2SegmentsMax). Send it in parts.`,
      );
    }
    const zone = zoneOf(feed);
    const kind = slug(header.event);
    const plan = await planMessage(message, {
      mapping: {
        ods: config.ods,
        organisation: config.name,
        zone,
        source: `https://openward.org/hl7-v2/${feed?.name ?? 'mllp'}/${kind}/${name}`,
        sent: sentTime(header, zone, clock.now()),
        warnings: reused ? [REUSED] : [],
      },
      lookup: known.as(session),
      ids,
      takesVisits: (feed === undefined ? config.feeds : [feed]).some((one) =>
        one.covers.includes('Encounter'),
      ),
    });
    for (const [i, op] of plan.ops.entries()) {
      if (i % RESOURCES_A_TURN === RESOURCES_A_TURN - 1) await turnOfOthers();
      const [issue] =
        op.op === 'delete' ? [] : validate(op.resource).filter((one) => one.severity !== 'warning');
      if (issue !== undefined) {
        throw new Failure(
          'processing',
          `The message would make a resource that is not valid (${issue.expression ?? 'its type'}: ${issue.text})`,
        );
      }
    }
    return plan;
  }

  async #commit(passage: Passage, { ops, warnings, unmapped }: Plan): Promise<Ack> {
    const { clock, ids, known } = this.#parts;
    const { raw, header, feed, session, name, arrival } = passage;
    const at = clock.now();
    const ack = ackFor(header, { code: 'AA', id: ids.next(), at, warnings });
    const letters = await lettersTaken(this.#parts, passage);
    const deadLetter = letters.at(-1)?.id;
    const kept = keepMessage(name, {
      code: ack.code,
      answer: ack.text,
      at,
      ...(deadLetter === undefined ? {} : { deadLetter }),
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(unmapped.length === 0 ? {} : { unmapped }),
      raw,
    });
    const commit = await session.submit(ops, {
      blobs: [kept, ...letters.map(keepDeadLetter)],
      action: 'ingest',
      detail: { event: header.event, feed: feed?.name ?? '' },
    });
    known.committed(ops, commit);
    await resolveLetters(this.#parts, letters);
    arrival?.settled();
    return { ...ack, written: ops.length };
  }

  /** AR, and kept with the reason. AE where it is only that it cannot be taken now. */
  async #refuse(passage: Passage, failure: Failure): Promise<Ack> {
    if (FOR_NOW.has(failure.code)) throw failure;
    return refuseMessage(this.#parts, passage, failure);
  }

  /** AE: nothing took effect, and the sender has to send it again. A defect of ours is kept for people to look at. */
  async #fail(passage: Passage, error: unknown): Promise<Ack> {
    const { clock, ids, log } = this.#parts;
    const { header, feed, arrival } = passage;
    const logId = ids.next();
    const failure = error instanceof Failure ? error : defect(error, logId);
    const fields = { logId, feed: feed?.name, event: header.event, code: failure.code };
    if (error instanceof Failure) log.warn(fields, 'message put off');
    else {
      log.error({ ...fields, error: (error as Error).name, at: framesOf(error) }, 'defect');
      await keepDefect(this.#parts, passage, failure);
    }
    arrival?.owed();
    return ackFor(header, {
      code: 'AE',
      id: logId,
      at: clock.now(),
      problem: { issue: failure.code, text: failure.message },
    });
  }
}

/** Nothing is dropped for a sender whose counter began anew; people can see that it did. */
const REUSED: Warning = {
  field: 'MSH-10',
  text: 'The control id was used before for another message. This one was taken as one of its own.',
};

function crowded(cause: Failure): Failure {
  return new Failure(
    'transient',
    'What the message changes was changed by others each time (setting v2AttemptsMax). Send it again.',
    { cause },
  );
}

function defect(cause: unknown, logId: string): Failure {
  return new Failure(
    'exception',
    `Something went wrong inside this node, and the message was not taken. Send it again. Log id: ${logId}.`,
    { cause },
  );
}
