/**
 * The guardian from the source's side: gets the third share of each person's key, once, and again where it
 * has lost them. Copies can be opened without it while both custodians are there, so nothing waits for it.
 */
import type { OdsCode } from '../base/brands.ts';
import type { Log } from '../base/log.ts';
import { AppendLog } from './append-log.ts';
import { shelvedIn } from './copy-target.ts';
import { encodePush } from './copy-wire.ts';
import type { DirectoryEntry } from './directory.ts';
import { machinery } from './node-token.ts';
import type { PeerClient } from './peer-client.ts';
import type { Pseudonym } from './pseudonym.ts';
import { sealTo } from './sealing.ts';

export interface GuardShare {
  readonly set: string;
  readonly share: Buffer;
}

interface GuardianParts {
  readonly ods: OdsCode;
  /** Undefined until the directory says who it is. */
  readonly guardian: () => DirectoryEntry | undefined;
  readonly client: PeerClient;
  readonly log: Log;
  /** Pseudonym → the shelf at the guardian that has its share, and of which splitting. */
  readonly path: string;
  /** Every person whose key has been split. */
  readonly everyShare: () => AsyncIterable<readonly [Pseudonym, GuardShare]>;
}

const AT_ONCE = 200;
/** How often an idle guardian is looked at: whether it still has what it was given. */
const LOOK_MS = 5000;

export class Guardian {
  readonly #parts: GuardianParts;
  readonly #given: AppendLog<string>;
  readonly #waiting = new Map<Pseudonym, GuardShare>();
  #shelf: string | undefined;
  #isBusy = false;
  #lookedMs = Number.NEGATIVE_INFINITY;

  private constructor(parts: GuardianParts, given: AppendLog<string>) {
    this.#parts = parts;
    this.#given = given;
    this.#shelf = given.entries.get(SHELF);
  }

  static async open(parts: GuardianParts): Promise<Guardian> {
    return new Guardian(parts, await AppendLog.open<string>(parts.path));
  }

  close(): Promise<void> {
    return this.#given.close();
  }

  /** People whose share it does not have yet. */
  waiting(): number {
    return this.#waiting.size;
  }

  /** A key was split, now or earlier. */
  take(p: Pseudonym, share: GuardShare): void {
    if (this.#given.entries.get(p) !== share.set) this.#waiting.set(p, share);
  }

  /** Gives it what it does not have; `nowMs` is monotonic. Never throws. */
  async tell(nowMs: number): Promise<void> {
    const isDue = this.#waiting.size > 0 || nowMs - this.#lookedMs >= LOOK_MS;
    const guardian = this.#parts.guardian();
    if (this.#isBusy || !isDue || guardian === undefined) return;
    this.#isBusy = true;
    this.#lookedMs = nowMs;
    try {
      await this.#give(guardian);
    } catch (error) {
      this.#parts.log.warn({ error: String(error) }, 'the guardian of copies was not given its shares');
    } finally {
      this.#isBusy = false;
    }
  }

  async #give(guardian: DirectoryEntry): Promise<void> {
    const some = [...this.#waiting].slice(0, AT_ONCE);
    const shares = some.map(([p, { set, share }]) => ({
      p,
      set,
      sealed: sealTo(guardian.sealingKey, share),
    }));
    const { actor, purpose, requestId } = machinery(this.#parts.ods, 'copies');
    const answer = await this.#parts.client.call({
      to: guardian.ods,
      url: guardian.url,
      method: 'POST',
      path: '/copies/push',
      actor,
      purpose,
      requestId,
      body: encodePush({ segments: [], shares }),
      timeoutMs: 5000,
      bytesMax: 1_000_000,
    });
    const shelved = answer.kind === 'answer' && answer.status === 200 ? shelvedIn(answer.body) : undefined;
    if (shelved === undefined) return;
    const given = some.map(([p, { set }]) => {
      if (this.#waiting.get(p)?.set === set) this.#waiting.delete(p);
      return this.#given.put(p, set);
    });
    await Promise.all(given);
    if (shelved.shelf !== this.#shelf) await this.#again(shelved.shelf);
  }

  /** Another shelf than before: a new guardian, or one that lost everything. */
  async #again(shelf: string): Promise<void> {
    const isFirst = this.#shelf === undefined;
    this.#shelf = shelf;
    if (!isFirst) for await (const [p, share] of this.#parts.everyShare()) this.#waiting.set(p, share);
    await this.#given.put(SHELF, shelf);
  }
}

/** No pseudonym: the shelf that the given shares lie on. */
const SHELF = '=shelf';
