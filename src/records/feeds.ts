/**
 * The node's feeds: for each stream from a source system, when it was last heard and its watermark, the
 * newest moment up to which the node knows that it has everything. As-at in a shared record is this, never
 * the time of asking. A watermark is only ever too old, never too new: it stops short of any message that is
 * not yet stored, it never passes the node's own clock, and after a crash it may be a second older than it
 * was.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstantMs } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
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
  /** Nothing heard for three heartbeats, never heard at all, or a message owed for as long. */
  readonly late: boolean;
  /** Since when something may be missing: the watermark, where there is one. Only where late. */
  readonly lateSince?: InstantMs;
  /** Messages that were refused for now and that the source has to send again. */
  readonly owed: number;
}

/** What the node can say of one kind of information; a kind that no feed covers is absent. */
export interface FeedCoverage {
  readonly kind: ResourceType;
  /** YYYY-MM-DD */
  readonly since: string;
  readonly asAt: InstantMs;
}

/** One message on its way in; exactly one of the three is to be called. */
export interface Arrival {
  /** It is on disk, or will never be: kept as a dead letter for people to look at. */
  settled(): void;
  /** It was answered "try again": the watermark waits for it. */
  owed(): void;
}

export interface Feeds {
  /**
   * A heartbeat: everything up to `through` (the source's clock) has been sent. Throws Failure `not-found`.
   */
  heard(name: string, through: InstantMs): void;
  /**
   * A message has begun to arrive; the watermark stops before `sentAt` until it is settled. `id` tells a
   * repeated message (MSH-10). Throws Failure `not-found` for a feed that the configuration does not name.
   */
  accept(name: string, id: string, sentAt: InstantMs): Arrival;
  states(): readonly FeedState[];
  /**
   * Per kind, over the feeds that cover it, the oldest watermark. Kinds with a feed never heard are absent.
   */
  coverage(): readonly FeedCoverage[];
  /** Writes what is not yet written. */
  close(): Promise<void>;
}

export interface FeedsParts {
  readonly feeds: readonly FeedConfig[];
  /** The node's folder; `feeds.json` in it keeps the watermarks. */
  readonly folder: string;
  readonly clock: Clock;
}

/** A feed is late after this many heartbeats in silence. */
const LATE_HEARTBEATS = 3;
/** Watermarks go to disk at most this often. */
const PERSIST_MS = 1_000;
/**
 * Messages owed that are known one by one. Beyond this many they are one entry, for which the watermark waits
 * until somebody has looked (feeds.json).
 */
const OWED_MAX = 10_000;
const OVERFLOW = '';

interface Kept {
  lastHeard?: number;
  watermark?: number;
  /** Whether the source sends heartbeats: then they alone move the watermark. */
  beats?: boolean;
  /** Message id → when it was sent and when it was first refused. */
  owed?: Record<string, readonly [sentAt: number, since: number]>;
}

/**
 * Opens the feeds with the watermarks of before. Throws Failure `exception` where feeds.json is not readable.
 */
export async function openFeeds({ feeds, folder, clock }: FeedsParts): Promise<Feeds> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'feeds.json');
  const kept = await keptIn(path);
  return new NodeFeeds(
    feeds.map((config) => new Feed(config, kept[config.name] ?? {}, clock)),
    path,
  );
}

class NodeFeeds implements Feeds {
  readonly #feeds: readonly Feed[];
  readonly #path: string;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(feeds: readonly Feed[], path: string) {
    this.#feeds = feeds;
    this.#path = path;
  }

  heard(name: string, through: InstantMs): void {
    this.#feed(name).heard(through);
    this.#persistSoon();
  }

  accept(name: string, id: string, sentAt: InstantMs): Arrival {
    const feed = this.#feed(name);
    feed.begin(id, sentAt);
    let open = true;
    const once = (end: () => void) => (): void => {
      if (!open) return;
      open = false;
      end();
      this.#persistSoon();
    };
    return {
      settled: once(() => feed.settled(id, sentAt)),
      owed: once(() => feed.owe(id, sentAt)),
    };
  }

  states(): readonly FeedState[] {
    return this.#feeds.map((feed) => feed.state());
  }

  coverage(): readonly FeedCoverage[] {
    const kinds = new Map<ResourceType, { since: string; asAt: InstantMs } | undefined>();
    for (const { covers, since, watermark } of this.states()) {
      for (const kind of covers) {
        const before = kinds.get(kind);
        if (watermark === undefined || since === undefined || (kinds.has(kind) && before === undefined)) {
          kinds.set(kind, undefined);
        } else {
          kinds.set(kind, {
            // from the later date on, every feed of the kind has been bringing it
            since: before === undefined || since > before.since ? since : before.since,
            asAt: before === undefined || watermark < before.asAt ? watermark : before.asAt,
          });
        }
      }
    }
    return [...kinds].flatMap(([kind, known]) => (known === undefined ? [] : [{ kind, ...known }]));
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#persist();
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #feed(name: string): Feed {
    const feed = this.#feeds.find((one) => one.name === name);
    if (feed === undefined) {
      throw new Failure('not-found', 'This node has no feed of that name. See "feeds" in its configuration.');
    }
    return feed;
  }

  #persistSoon(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#persist();
    }, PERSIST_MS);
    this.#timer.unref();
  }

  /** One write at a time; a failed one is tried again with the next news, and told at the end. */
  #persist(): void {
    const text = JSON.stringify(Object.fromEntries(this.#feeds.map((feed) => [feed.name, feed.kept()])));
    this.#writing = this.#writing.then(async () => {
      try {
        await replaceFile(this.#path, text);
        this.#failure = undefined;
      } catch (error) {
        this.#failure = error;
      }
    });
  }
}

/** One feed's arithmetic; no effects but its own numbers. */
class Feed {
  readonly name: string;
  readonly #config: FeedConfig;
  readonly #clock: Clock;
  readonly #openedAt: InstantMs;
  #lastHeard: number | undefined;
  /** What the source has said, before what holds it back. */
  #through: number | undefined;
  #watermark: number | undefined;
  #beats: boolean;
  /** Messages that are being stored: id → sentAt. */
  readonly #arriving = new Map<string, number[]>();
  readonly #owed: Map<string, readonly [sentAt: number, since: number]>;

  constructor(config: FeedConfig, kept: Kept, clock: Clock) {
    this.name = config.name;
    this.#config = config;
    this.#clock = clock;
    this.#openedAt = clock.now();
    this.#lastHeard = kept.lastHeard;
    this.#through = kept.watermark;
    this.#watermark = kept.watermark;
    this.#beats = kept.beats ?? false;
    this.#owed = new Map(Object.entries(kept.owed ?? {}));
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
    if (this.#owed.size < OWED_MAX) {
      this.#owed.set(id, [sentAt, this.#clock.now()]);
      return;
    }
    const [oldest, since] = this.#owed.get(OVERFLOW) ?? [sentAt, this.#clock.now()];
    this.#owed.set(OVERFLOW, [Math.min(oldest, sentAt), since]);
  }

  state(): FeedState {
    const now = this.#clock.now();
    const graceMs = LATE_HEARTBEATS * this.#config.heartbeatSeconds * 1000;
    const silent = now - (this.#lastHeard ?? this.#openedAt) > graceMs;
    let oldestOwed = Number.POSITIVE_INFINITY;
    for (const [, since] of this.#owed.values()) oldestOwed = Math.min(oldestOwed, since);
    const late = silent || now - oldestOwed > graceMs;
    const watermark = this.#watermark as InstantMs | undefined;
    const lateSince = watermark ?? (this.#lastHeard as InstantMs | undefined) ?? this.#openedAt;
    return {
      name: this.name,
      transport: this.#config.transport,
      covers: this.#config.covers.filter(isResourceType),
      late,
      owed: this.#owed.size,
      ...(this.#config.since === undefined ? {} : { since: this.#config.since }),
      ...(this.#lastHeard === undefined ? {} : { lastHeard: this.#lastHeard as InstantMs }),
      ...(watermark === undefined ? {} : { watermark }),
      ...(late ? { lateSince } : {}),
    };
  }

  kept(): Kept {
    return {
      ...(this.#lastHeard === undefined ? {} : { lastHeard: this.#lastHeard }),
      ...(this.#watermark === undefined ? {} : { watermark: this.#watermark }),
      ...(this.#beats ? { beats: true } : {}),
      ...(this.#owed.size === 0 ? {} : { owed: Object.fromEntries(this.#owed) }),
    };
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

async function keptIn(path: string): Promise<Readonly<Record<string, Kept>>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  try {
    return JSON.parse(text) as Readonly<Record<string, Kept>>;
  } catch (cause) {
    throw new Failure(
      'exception',
      'feeds.json in the node’s folder cannot be read. Remove it: feeds then count as never heard for now.',
      { cause },
    );
  }
}

/** The whole new file or the whole old one, whenever the power goes. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
