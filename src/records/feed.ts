/**
 * One feed's arithmetic: when it was last heard, its watermark, and what holds it back. No effects but its own
 * numbers. A message that was answered "try again" is owed: the watermark waits for it. One that was refused
 * for good takes the stated watermark back to before it was sent, and the feed is late, until the message is
 * taken after all or somebody dismisses it (docs/adr/0011).
 */
import type { InstantMs } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { IssueType } from '../base/failure.ts';
import type { FeedConfig } from '../base/node-config.ts';
import { isResourceType } from '../fhir/definitions.ts';
import type { ResourceType } from '../fhir/resource.ts';

export interface FeedState {
  readonly name: string;
  readonly transport: FeedConfig['transport'];
  readonly covers: readonly ResourceType[];
  /** YYYY-MM-DD, the earliest date of what the feed brings; left out where nobody has said. */
  readonly since?: string;
  /** Left out where the feed was never heard. */
  readonly lastHeard?: InstantMs;
  /** Left out where the source has never said how far it is. */
  readonly watermark?: InstantMs;
  /**
   * Never heard, nothing heard for three heartbeats, a message owed for as long, or one refused that is still
   * missing.
   */
  readonly late: boolean;
  /** Since when something may be missing: the watermark. Left out where not late, or where all may be. */
  readonly lateSince?: InstantMs;
  /** Messages that were refused for now and that the source has to send again. */
  readonly owed: number;
  /** Messages that were refused for good and are still missing; left out where there are none. */
  readonly refused?: RefusedMessages;
}

/** What the source sent and the record lacks, until it is taken after all or somebody dismisses it. */
export interface RefusedMessages {
  readonly count: number;
  /** When the oldest of them was sent: from then on something may be missing. */
  readonly since: InstantMs;
  /** How many for which reason. */
  readonly reasons: Readonly<Partial<Record<IssueType, number>>>;
  /** The first of their dead letters, in the order in which they were refused. */
  readonly deadLetters: readonly string[];
}

/** One message that was refused for good. */
export interface RefusedMessage {
  /** The id of its dead letter. */
  readonly deadLetter: string;
  readonly sentAt: InstantMs;
  readonly reason: IssueType;
}

/** One that is no longer missing. */
export interface ResolvedMessage {
  readonly deadLetter: string;
  /** MSH-10, by which a message is owed. */
  readonly controlId?: string;
}

/** A feed is late after this many heartbeats in silence. */
const LATE_HEARTBEATS = 3;
/**
 * Messages owed or refused that are known one by one. Beyond this many they are one entry: of those owed, the
 * watermark waits until somebody has looked (feeds.json); of those refused, until all are dismissed.
 */
const SINGLY_MAX = 10_000;
const OVERFLOW = '';
/** Dead letters that a state names. */
const SHOWN_MAX = 20;

/** What of a feed outlives the process. */
export interface Kept {
  lastHeard?: number;
  watermark?: number;
  /** Whether the source sends heartbeats: then they alone move the watermark. */
  beats?: boolean;
  /** Message id → when it was sent and when it was first refused. */
  owed?: Record<string, readonly [sentAt: number, since: number]>;
  /** Dead letter → when its message was sent and why it was refused. */
  refused?: Record<string, readonly [sentAt: number, reason: IssueType]>;
}

/** One feed's arithmetic; no effects but its own numbers. */
export class Feed {
  readonly name: string;
  readonly #config: FeedConfig;
  readonly #clock: Clock;
  #lastHeard: number | undefined;
  /** What the source has said, before what holds it back. */
  #through: number | undefined;
  #watermark: number | undefined;
  #beats: boolean;
  /** Messages that are being stored: id → sentAt. */
  readonly #arriving = new Map<string, number[]>();
  readonly #owed: Map<string, readonly [sentAt: number, since: number]>;
  readonly #refused: Map<string, readonly [sentAt: number, reason: IssueType]>;

  constructor(config: FeedConfig, kept: Kept, clock: Clock) {
    this.name = config.name;
    this.#config = config;
    this.#clock = clock;
    this.#lastHeard = kept.lastHeard;
    this.#through = kept.watermark;
    this.#watermark = kept.watermark;
    this.#beats = kept.beats ?? false;
    this.#owed = new Map(Object.entries(kept.owed ?? {}));
    this.#refused = new Map(Object.entries(kept.refused ?? {}));
  }

  heard(through: InstantMs): void {
    this.#hear();
    this.#beats = true;
    this.#advance(through);
  }

  begin(id: string, sentAt: InstantMs): void {
    this.#hear();
    const times = this.#arriving.get(id);
    if (times === undefined) this.#arriving.set(id, [sentAt]);
    else times.push(sentAt);
  }

  settled(id: string, sentAt: InstantMs): void {
    this.#end(id, sentAt);
    this.#owed.delete(id);
    // Over several connections an older message may still be on its way, so where the source says how far it
    // is, only that counts.
    if (this.#beats) this.#advance(this.#through ?? sentAt);
    else this.#advance(sentAt);
  }

  owe(id: string, sentAt: InstantMs): void {
    this.#end(id, sentAt);
    if (this.#owed.has(id)) return;
    if (this.#owed.size < SINGLY_MAX) {
      this.#owed.set(id, [sentAt, this.#clock.now()]);
      return;
    }
    const [oldest, since] = this.#owed.get(OVERFLOW) ?? [sentAt, this.#clock.now()];
    this.#owed.set(OVERFLOW, [Math.min(oldest, sentAt), since]);
  }

  /** From when it was sent on, the feed says that something may be missing. */
  refuse({ deadLetter, sentAt, reason }: RefusedMessage): void {
    const at = Math.max(0, Math.min(sentAt, this.#clock.now()));
    const isKnown = this.#refused.has(deadLetter) || this.#refused.size < SINGLY_MAX;
    const key = isKnown ? deadLetter : OVERFLOW;
    const [before] = this.#refused.get(key) ?? [at];
    this.#refused.set(key, [Math.min(at, before), reason]);
  }

  /** Nothing is missing because of this message any longer. Returns whether anything was. */
  resolve({ deadLetter, controlId }: ResolvedMessage): boolean {
    const wasOwed = controlId !== undefined && controlId !== OVERFLOW && this.#owed.delete(controlId);
    return this.#refused.delete(deadLetter) || wasOwed;
  }

  /** See Feeds.missing. */
  missing(): readonly string[] {
    return [...this.#refused.keys()];
  }

  state(): FeedState {
    const now = this.#clock.now();
    const graceMs = LATE_HEARTBEATS * this.#config.heartbeatSeconds * 1000;
    let oldestOwed = Number.POSITIVE_INFINITY;
    for (const [, since] of this.#owed.values()) oldestOwed = Math.min(oldestOwed, since);
    const refused = this.#refusedNow();
    const watermark = this.#stated(refused);
    const late =
      watermark === undefined ||
      refused !== undefined ||
      now - (this.#lastHeard ?? 0) > graceMs ||
      now - oldestOwed > graceMs;
    return {
      name: this.name,
      transport: this.#config.transport,
      covers: this.#config.covers.filter(isResourceType),
      late,
      owed: this.#owed.size,
      ...(this.#config.since === undefined ? {} : { since: this.#config.since }),
      ...(this.#lastHeard === undefined ? {} : { lastHeard: this.#lastHeard as InstantMs }),
      ...(watermark === undefined ? {} : { watermark }),
      ...(late && watermark !== undefined ? { lateSince: watermark } : {}),
      ...(refused === undefined ? {} : { refused }),
    };
  }

  kept(): Kept {
    return {
      ...(this.#lastHeard === undefined ? {} : { lastHeard: this.#lastHeard }),
      ...(this.#watermark === undefined ? {} : { watermark: this.#watermark }),
      ...(this.#beats ? { beats: true } : {}),
      ...(this.#owed.size === 0 ? {} : { owed: Object.fromEntries(this.#owed) }),
      ...(this.#refused.size === 0 ? {} : { refused: Object.fromEntries(this.#refused) }),
    };
  }

  /**
   * What the feed may claim: short of anything that was refused and is missing, even where more had been
   * claimed before.
   */
  #stated(refused: RefusedMessages | undefined): InstantMs | undefined {
    if (this.#watermark === undefined || refused === undefined)
      return this.#watermark as InstantMs | undefined;
    return Math.max(0, Math.min(this.#watermark, refused.since - 1)) as InstantMs;
  }

  #refusedNow(): RefusedMessages | undefined {
    if (this.#refused.size === 0) return undefined;
    let since = Number.POSITIVE_INFINITY;
    const reasons: Partial<Record<IssueType, number>> = {};
    for (const [sentAt, reason] of this.#refused.values()) {
      since = Math.min(since, sentAt);
      reasons[reason] = (reasons[reason] ?? 0) + 1;
    }
    const deadLetters = [...this.#refused.keys()].filter((one) => one !== OVERFLOW).slice(0, SHOWN_MAX);
    return { count: this.#refused.size, since: since as InstantMs, reasons, deadLetters };
  }

  #hear(): void {
    this.#lastHeard = this.#clock.now();
  }

  #end(id: string, sentAt: InstantMs): void {
    const times = this.#arriving.get(id) ?? [];
    times.splice(times.indexOf(sentAt), 1);
    if (times.length === 0) this.#arriving.delete(id);
  }

  /** Never past the node's clock, nor up to a message that is arriving or owed; never back. */
  #advance(through: number): void {
    this.#through = Math.max(this.#through ?? through, Math.min(through, this.#clock.now()));
    let reach = Math.min(this.#through, this.#clock.now());
    for (const times of this.#arriving.values())
      for (const sentAt of times) reach = Math.min(reach, sentAt - 1);
    for (const [sentAt] of this.#owed.values()) reach = Math.min(reach, sentAt - 1);
    if (this.#watermark === undefined || reach > this.#watermark) this.#watermark = reach;
  }
}
