/** What a source is told when it is back: who opened its copies, in what role, for which organisation, how often. Kept until it has heard it. */
import type { Asker } from '../access/actor.ts';
import type { OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import { AppendLog } from './append-log.ts';

export interface Notice {
  readonly at: number;
  readonly act: 'release-share' | 'open-copy';
  readonly actorId: string;
  readonly role: string;
  readonly organisation: string;
  readonly purpose: string;
  readonly requestId: string;
}

const BATCH = 500;

export class Notices {
  readonly #log: AppendLog<Notice>;
  readonly #clock: Clock;
  readonly #ids: Ids;

  private constructor(log: AppendLog<Notice>, clock: Clock, ids: Ids) {
    this.#log = log;
    this.#clock = clock;
    this.#ids = ids;
  }

  static async open(path: string, clock: Clock, ids: Ids): Promise<Notices> {
    return new Notices(await AppendLog.open<Notice>(path), clock, ids);
  }

  add(source: OdsCode, act: Notice['act'], { actor, purpose, requestId }: Asker): Promise<void> {
    const { id: actorId, role, organisation } = actor;
    const notice = { at: this.#clock.now(), act, actorId, role, organisation, purpose, requestId };
    return this.#log.put(`${source} ${this.#ids.next()}`, notice);
  }

  /** Sources that have not been told everything. */
  sources(): readonly OdsCode[] {
    return [
      ...new Set([...this.#log.entries.keys()].map((key) => key.slice(0, key.indexOf(' ')) as OdsCode)),
    ];
  }

  /** Tells a source; what it has heard is forgotten here. */
  async tell(source: OdsCode, send: (notices: readonly Notice[]) => Promise<boolean>): Promise<void> {
    for (;;) {
      const some = [...this.#log.entries].filter(([key]) => key.startsWith(`${source} `)).slice(0, BATCH);
      if (some.length === 0 || !(await send(some.map(([, notice]) => notice)))) return;
      for (const [key] of some) await this.#log.delete(key);
    }
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}
