/**
 * The node's feeds: for each stream from a source system, when it was last heard and its watermark, the
 * newest moment up to which the node knows that it has everything. As-at in a shared record is this, never
 * the time of asking. A watermark is only ever too old, never too new: it stops short of any message that is
 * not yet stored, it never passes the node's own clock, and after a crash it may be a second older than it
 * was. What was refused for good is on disk before the refusal is told: nobody would send it again.
 */
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { InstantMs } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { FeedConfig } from '../base/node-config.ts';
import type { ResourceType } from '../fhir/resource.ts';
import { Feed, type FeedState, type Kept, type RefusedMessage, type ResolvedMessage } from './feed.ts';

/** What the node can say of one kind of information; a kind that no feed covers is absent. */
export interface FeedCoverage {
  readonly kind: ResourceType;
  /** YYYY-MM-DD */
  readonly since: string;
  readonly asAt: InstantMs;
}

/** One message on its way in; exactly one of the two is to be called. */
export interface Arrival {
  /** It is on disk, or will never be: then `refuse` has been told. */
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
  /**
   * A message of this feed was refused for good. Resolves when that is on disk; throws Failure `no-store` where
   * it cannot be written, and `not-found`.
   */
  refuse(name: string, message: RefusedMessage): Promise<void>;
  /**
   * These are missing no longer: taken after all, or dismissed. Those that were not missing, and a feed that
   * the configuration no longer names, are nothing to it. Resolves when it is on disk; throws `no-store`.
   */
  resolve(name: string, messages: readonly ResolvedMessage[]): Promise<void>;
  /**
   * Dead letters of what the feed's source sent and the record lacks; '' stands for those beyond what is known
   * one by one. Throws Failure `not-found`.
   */
  missing(name: string): readonly string[];
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

/** Watermarks go to disk at most this often. */
const PERSIST_MS = 1_000;

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
  /** The write that has not begun. */
  #next: Promise<void> | undefined;
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

  async refuse(name: string, message: RefusedMessage): Promise<void> {
    this.#feed(name).refuse(message);
    await this.#persistNow();
  }

  async resolve(name: string, messages: readonly ResolvedMessage[]): Promise<void> {
    const feed = this.#feeds.find((one) => one.name === name);
    if (feed === undefined) return;
    const changed = messages.map((one) => feed.resolve(one)).some((was) => was);
    if (changed) await this.#persistNow();
  }

  missing(name: string): readonly string[] {
    return this.#feed(name).missing();
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
    await this.#persist();
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
      void this.#persist();
    }, PERSIST_MS);
    this.#timer.unref();
  }

  async #persistNow(): Promise<void> {
    await this.#persist();
    if (this.#failure === undefined) return;
    throw new Failure(
      'no-store',
      'What a feed lacks cannot be written down (feeds.json). Is the disk full?',
      {
        cause: this.#failure,
      },
    );
  }

  /**
   * One write at a time, of what there is when it begins, for all who asked before; a failed one is tried again
   * with the next news, and told at the end.
   */
  #persist(): Promise<void> {
    this.#next ??= this.#writing.then(async () => {
      this.#next = undefined;
      const kept = Object.fromEntries(this.#feeds.map((feed) => [feed.name, feed.kept()]));
      try {
        await replaceFile(this.#path, JSON.stringify(kept));
        this.#failure = undefined;
      } catch (error) {
        this.#failure = error;
      }
    });
    this.#writing = this.#next;
    return this.#next;
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
