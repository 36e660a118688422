/**
 * What a source is told when it is back: who opened its copies, whose, in what role, for which organisation.
 * Kept until it has heard it.
 */
import type { Asker } from '../access/actor.ts';
import type { OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import { AppendLog } from './append-log.ts';
import type { Pseudonym } from './pseudonym.ts';

export interface Notice {
  readonly at: number;
  readonly act: 'release-share' | 'open-copy';
  /** Whose copy: the source knows the person by it. */
  readonly p: Pseudonym;
  readonly actorId: string;
  readonly role: string;
  readonly organisation: string;
  readonly purpose: string;
  readonly requestId: string;
}

/** A notice as it is told: told twice, where the answer to the first time was lost, it is the same one. */
export interface ToldNotice extends Notice {
  readonly id: string;
}

/** Notices told in one call. */
export const NOTICES_AT_ONCE = 200;

export class Notices {
  readonly #log: AppendLog<Notice>;
  readonly #clock: Clock;
  readonly #ids: Ids;
  readonly #telling = new Set<OdsCode>();

  private constructor(log: AppendLog<Notice>, clock: Clock, ids: Ids) {
    this.#log = log;
    this.#clock = clock;
    this.#ids = ids;
  }

  static async open(path: string, clock: Clock, ids: Ids): Promise<Notices> {
    return new Notices(await AppendLog.open<Notice>(path), clock, ids);
  }

  add(
    source: OdsCode,
    act: Notice['act'],
    p: Pseudonym,
    { actor, purpose, requestId }: Asker,
  ): Promise<void> {
    const { id: actorId, role, organisation } = actor;
    const notice = { at: this.#clock.now(), act, p, actorId, role, organisation, purpose, requestId };
    return this.#log.put(`${source} ${this.#ids.next()}`, notice);
  }

  /** Sources that have not been told everything. */
  sources(): readonly OdsCode[] {
    return [
      ...new Set([...this.#log.entries.keys()].map((key) => key.slice(0, key.indexOf(' ')) as OdsCode)),
    ];
  }

  /** Tells a source, one call at a time; what it has heard is forgotten here. */
  async tell(source: OdsCode, send: (notices: readonly ToldNotice[]) => Promise<boolean>): Promise<void> {
    if (this.#telling.has(source)) return;
    this.#telling.add(source);
    try {
      for (;;) {
        const some = [...this.#log.entries]
          .filter(([key]) => key.startsWith(`${source} `))
          .slice(0, NOTICES_AT_ONCE);
        const notices = some.map(([key, notice]) => ({ ...notice, id: key.slice(source.length + 1) }));
        if (some.length === 0 || !(await send(notices))) return;
        await Promise.all(some.map(([key]) => this.#log.delete(key)));
      }
    } finally {
      this.#telling.delete(source);
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
