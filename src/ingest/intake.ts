/**
 * A message in, its answer out. The message as it came, what it makes of the record, and the answer are one durable
 * commit; only then is it answered AA. What is never valid is kept with the reason and answered AR; what may be taken
 * another time is answered AE, and the feed's watermark waits for it. A message that comes again has one effect.
 */
import type { Asker } from '../access/actor.ts';
import type { Clock } from '../base/clock.ts';
import { Failure, type IssueType } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { FeedConfig, NodeConfig } from '../base/node-config.ts';
import type { Settings } from '../base/settings.ts';
import { validate } from '../fhir/validate.ts';
import type { Arrival, Feeds } from '../records/feeds.ts';
import type { KeptWrite, RecordSession, Records } from '../records/session.ts';
import { feedOf, type Incoming, sentTime, zoneOf } from './incoming.ts';
import {
  isSameMessage,
  type KeptMessage,
  keepDeadLetter,
  keepMessage,
  keptDeadLetter,
  keptMessage,
  messageName,
  otherName,
} from './kept-message.ts';
import type { KnownRecords } from './known-records.ts';
import { laneKeys } from './lane-keys.ts';
import { Lanes } from './lanes.ts';
import { slug, type Warning } from './v2/mapping.ts';
import { type Ack, ackFor } from './v2-ack.ts';
import { eventOf } from './v2-event.ts';
import type { Header } from './v2-header.ts';
import type { Message } from './v2-message.ts';
import { type Plan, planMessage } from './v2-to-ops.ts';

export interface IntakeParts {
  readonly config: Pick<NodeConfig, 'ods' | 'name' | 'feeds'>;
  readonly records: Records;
  readonly feeds: Feeds;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly known: KnownRecords;
}

/** One message on its way through. */
interface Passage {
  readonly raw: Buffer;
  readonly header: Header;
  readonly feed: FeedConfig | undefined;
  readonly session: RecordSession;
  readonly arrival: Arrival | undefined;
  /** Under which it is kept. */
  readonly name: string;
  /** The same message, when it came before. */
  readonly before: KeptMessage | undefined;
  /** Another message came before under the same control id. */
  readonly reused: boolean;
}

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
  async take(incoming: Incoming, from: 'feed' | 'file' = 'feed'): Promise<Ack> {
    const { raw, header, read } = incoming;
    const { clock, config, feeds } = this.#parts;
    const feed = feedOf(config.feeds, header);
    const name = messageName(header, raw);
    if (!read.ok) {
      return this.#inLane([name], { raw, header, feed, name }, undefined, (passage) =>
        this.#refuse(passage, read.failure),
      );
    }
    const sent = sentTime(header, zoneOf(feed), clock.now());
    if (header.event === 'NMD^N02') return this.#heartbeat(incoming, feed);
    // a file tells nothing of whether the feed is alive
    const isHeard = feed !== undefined && from === 'feed';
    const arrival = isHeard ? feeds.accept(feed.name, header.controlId, sent.at) : undefined;
    return this.#inLane(laneKeys(read.message, name), { raw, header, feed, name }, arrival, (passage) =>
      this.#store(passage, read.message),
    );
  }

  async #inLane(
    keys: readonly string[],
    one: Pick<Passage, 'raw' | 'header' | 'feed' | 'name'>,
    arrival: Arrival | undefined,
    work: (passage: Passage) => Promise<Ack>,
  ): Promise<Ack> {
    return this.#lanes.run(keys, async () => {
      const session = this.#sessionFor(one.feed, one.header);
      const bare: Passage = { ...one, session, arrival, before: undefined, reused: false };
      try {
        const before = await keptBefore(session, one.name);
        if (before === undefined || isSameMessage(before.raw, one.raw)) {
          if (before?.code === 'AA') return this.#again(bare, before);
          return await work({ ...bare, before });
        }
        const name = otherName(one.name, one.raw);
        const other = await keptBefore(session, name);
        if (other?.code === 'AA') return this.#again(bare, other);
        return await work({ ...bare, name, before: other, reused: true });
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
  #again({ arrival }: Passage, { code, answer }: KeptMessage): Ack {
    arrival?.settled();
    return { code, text: answer };
  }

  /** A heartbeat says how far its source is, and is no part of any record. */
  async #heartbeat({ raw, header }: Incoming, feed: FeedConfig | undefined): Promise<Ack> {
    const { clock, feeds, ids } = this.#parts;
    if (feed !== undefined && header.sentAt !== '') {
      feeds.heard(feed.name, sentTime(header, zoneOf(feed), clock.now()).at);
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
    return this.#inLane([name], { raw, header, feed, name }, undefined, (passage) =>
      this.#refuse(passage, failure),
    );
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
    const { clock, config, ids, known } = this.#parts;
    eventOf(message);
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
    for (const op of plan.ops) {
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
    const { raw, header, feed, session, name, before, arrival } = passage;
    const at = clock.now();
    const ack = ackFor(header, { code: 'AA', id: ids.next(), at, warnings });
    const kept = keepMessage(name, {
      code: ack.code,
      answer: ack.text,
      at,
      ...(warnings.length === 0 ? {} : { warnings }),
      ...(unmapped.length === 0 ? {} : { unmapped }),
      raw,
    });
    const commit = await session.submit(ops, {
      blobs:
        before?.deadLetter === undefined
          ? [kept]
          : [kept, ...(await this.#accepted(session, before.deadLetter))],
      action: 'ingest',
      detail: { event: header.event, feed: feed?.name ?? '' },
    });
    known.committed(ops, commit);
    arrival?.settled();
    return { ...ack, written: ops.length };
  }

  /** The dead letter of a message that was refused before and is taken now. */
  async #accepted(session: RecordSession, id: string): Promise<readonly KeptWrite[]> {
    const bytes = await session.kept('v2-dead-letters', id);
    if (bytes === undefined) return [];
    const acceptedAt = new Date(this.#parts.clock.now()).toISOString();
    return [keepDeadLetter({ ...keptDeadLetter(bytes), acceptedAt })];
  }

  /** Keeps a message that is never valid, with the reason; AR. AE where it is only that it cannot be taken now. */
  async #refuse(passage: Passage, failure: Failure): Promise<Ack> {
    const { clock, ids, log } = this.#parts;
    const { header, feed, before, arrival, session, name, raw } = passage;
    if (FOR_NOW.has(failure.code)) throw failure;
    const problem = { issue: failure.code, text: failure.message };
    if (before?.code === 'AR' && before.issue === failure.code) {
      return { ...this.#again(passage, before), problem };
    }
    const at = clock.now();
    const ack = ackFor(header, {
      code: 'AR',
      id: ids.next(),
      at,
      problem,
    });
    const deadLetter = before?.deadLetter ?? ids.next();
    const kept: KeptMessage = { code: 'AR', answer: ack.text, at, deadLetter, issue: failure.code, raw };
    await session.submit([], {
      blobs: [keepMessage(name, kept), this.#deadLetter(passage, deadLetter, 'AR', failure)],
      action: 'ingest',
      detail: { event: header.event, feed: feed?.name ?? '', refused: failure.code },
    });
    log.warn({ feed: feed?.name, event: header.event, code: failure.code, deadLetter }, 'message refused');
    arrival?.settled();
    return ack;
  }

  #deadLetter(
    { header, feed, name, raw }: Passage,
    id: string,
    answer: 'AR' | 'AE',
    failure: Failure,
  ): KeptWrite {
    return keepDeadLetter({
      id,
      at: new Date(this.#parts.clock.now()).toISOString(),
      ...(feed === undefined ? {} : { feed: feed.name }),
      sender: [header.sendingApplication, header.sendingFacility].join(' ').trim(),
      controlId: header.controlId,
      event: header.event,
      answer,
      code: failure.code,
      reason: failure.message,
      bytes: raw.length,
      message: name,
    });
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
      await this.#keepDefect(passage, failure);
    }
    arrival?.owed();
    return ackFor(header, {
      code: 'AE',
      id: logId,
      at: clock.now(),
      problem: { issue: failure.code, text: failure.message },
    });
  }

  async #keepDefect(passage: Passage, failure: Failure): Promise<void> {
    const { clock, ids, log } = this.#parts;
    const { header, feed, session, name, raw } = passage;
    try {
      const before = await keptBefore(session, name);
      if (before !== undefined) return;
      const deadLetter = ids.next();
      const kept: KeptMessage = {
        code: 'AE',
        answer: '',
        at: clock.now(),
        deadLetter,
        issue: failure.code,
        raw,
      };
      await session.submit([], {
        blobs: [keepMessage(name, kept), this.#deadLetter(passage, deadLetter, 'AE', failure)],
        action: 'ingest',
        detail: { event: header.event, feed: feed?.name ?? '', refused: failure.code },
      });
    } catch {
      log.warn({ event: header.event }, 'a message that met a defect could not be kept');
    }
  }
}

async function keptBefore(session: RecordSession, name: string): Promise<KeptMessage | undefined> {
  const bytes = await session.kept('v2-messages', name);
  return bytes === undefined ? undefined : keptMessage(bytes);
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

/** Where it happened; an error's own text may quote what it choked on. */
function framesOf(error: unknown): readonly string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 12)
    .map((line) => line.trim());
}
