/**
 * The source's side of continuity copies: follows its own changes, tells each custodian's queue whose copy is
 * behind, and says every half second how far each is through. What was pushed is remembered across restarts;
 * what happened meanwhile is made up for.
 */
import { join } from 'node:path';
import { isProtectedPerson } from '../access/share-policy.ts';
import type { Id, NhsNumber, OdsCode, Seq } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import type { Feeds } from '../records/feeds.ts';
import type { PersonIndex } from '../records/person-index.ts';
import type { Records } from '../records/session.ts';
import type { Blobs, Change } from '../store/store.ts';
import { AppendLog } from './append-log.ts';
import { type Closed, copyEntry } from './copy-segment.ts';
import { CopyTarget, type PersonNow } from './copy-target.ts';
import { CopyWait } from './copy-wait.ts';
import type { DirectoryEntry } from './directory.ts';
import type { DirectoryKeeper } from './directory-keeper.ts';
import { Guardian, type GuardShare } from './guardian.ts';
import type { NodeKeys } from './keys.ts';
import { machinery } from './node-token.ts';
import { ownState } from './own-source.ts';
import type { PeerClient } from './peer-client.ts';
import type { Pseudonym, Pseudonymise } from './pseudonym.ts';
import { personKey, splitKey } from './sealing.ts';
import type { SourceState } from './source-answer.ts';

interface CopySourceParts {
  readonly ods: OdsCode;
  readonly folder: string;
  readonly records: Records;
  readonly persons: PersonIndex;
  readonly feeds: Feeds;
  readonly keys: NodeKeys;
  readonly blobs: Blobs;
  readonly directory: DirectoryKeeper;
  readonly client: PeerClient;
  readonly pseudonymise: Pseudonymise;
  /** This service's being there must not show: it leaves no copies. */
  readonly isProtected: boolean;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly settings: Pick<Settings, 'recordEntriesMax' | 'recordBytesMax' | 'copyWaitMs'>;
  /** A custodian that is seen up: others are not waited for. */
  readonly isUp: (ods: OdsCode) => boolean;
}

/** How far one custodian was: everything up to this commit lies on this shelf. */
interface Progress {
  readonly shelf: string;
  readonly seq: number;
  /** Its place among the custodians, which says what share it was given. */
  readonly place: number;
}

interface Split {
  readonly set: string;
  readonly shares: readonly Buffer[];
}

const THROUGH_MS = 500;
const PAGE = 500;
const SHARES_SPACE = 'copy-shares';
const GUARDIAN_SHARE = 2;

export class CopySource {
  readonly #parts: CopySourceParts;
  readonly #progress: AppendLog<Progress>;
  readonly #guardian: Guardian;
  readonly #quiet: CopyWait;
  readonly #shelves = new Map<OdsCode, string>();
  /** Under way, so that both custodians' queues get shares of the same splitting. */
  readonly #splitting = new Map<Pseudonym, Promise<Split>>();
  readonly #stop = new AbortController();
  #targets: readonly CopyTarget[] = [];
  #timer: NodeJS.Timeout | undefined;
  #followed = 0;
  #isFollowing = false;
  #isStarting = false;

  private constructor(parts: CopySourceParts, progress: AppendLog<Progress>, guardian: Guardian) {
    this.#parts = parts;
    this.#progress = progress;
    this.#guardian = guardian;
    for (const [ods, { shelf }] of progress.entries) this.#shelves.set(ods as OdsCode, shelf);
    this.#quiet = new CopyWait({
      clock: parts.clock,
      waitMs: parts.settings.copyWaitMs,
      isBusy: () => !this.#isFollowing || this.#reachable().some((target) => target.waiting() > 0),
      isCopied: (seq) => this.#followed >= seq && this.#reachable().every((target) => target.waiting() === 0),
    });
  }

  static async open(parts: CopySourceParts): Promise<CopySource> {
    const { folder, directory, ods, client, log, blobs } = parts;
    const progress = await AppendLog.open<Progress>(join(folder, 'copies-through.ndjson'));
    const guardian = await Guardian.open({
      ods,
      client,
      log,
      path: join(folder, 'guardian-shares.ndjson'),
      guardian: () => {
        const own = directory.entry(ods);
        return own === undefined ? undefined : directory.entry(own.guardian);
      },
      everyShare: () => everyShare(blobs),
    });
    return new CopySource(parts, progress, guardian);
  }

  /**
   * Begins when the directory is there to say who the custodians are, and begins anew when it names others.
   */
  start(): void {
    void this.#tick();
    this.#timer = setInterval(() => void this.#tick(), THROUGH_MS);
  }

  /** Waits a moment until what was committed up to `seq` is copied; at once where it is not a quiet one. */
  copied(seq: Seq): Promise<void> {
    return this.#quiet.until(seq);
  }

  /** People whose copy is behind somewhere; undefined until everything has been looked at once. */
  waiting(): number | undefined {
    if (!this.#isFollowing) return undefined;
    return this.#targets.reduce((sum, target) => sum + target.waiting(), 0) + this.#guardian.waiting();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#quiet.close();
    clearInterval(this.#timer);
    await Promise.all(this.#targets.map((target) => target.close()));
    await this.#progress.close();
    await this.#guardian.close();
  }

  /**
   * Everything acknowledged before a moment is at a custodian: then it is told so, with what this node could
   * say of itself at that moment.
   */
  async #tick(): Promise<void> {
    const { directory, ods, feeds, clock, records, log } = this.#parts;
    const own = directory.entry(ods);
    if (own !== undefined) this.#retarget(own);
    if (!this.#isFollowing) return;
    void this.#guardian.tell(clock.monotonicMs());
    try {
      const state = ownState(feeds, clock);
      const head = await records.as(machinery(ods, 'copies')).head();
      if (this.#followed < head) return;
      // each by itself: a custodian that hangs holds up nobody
      for (const [place, target] of this.#targets.entries()) {
        this.#tell(target, place, state, head).catch((error: unknown) => {
          if (!this.#stop.signal.aborted)
            log.warn({ error: String(error) }, 'a custodian was not told how far it is');
        });
      }
    } catch (error) {
      if (!this.#stop.signal.aborted)
        log.warn({ error: String(error) }, 'custodians were not told how far they are');
    }
  }

  async #tell(target: CopyTarget, place: number, state: SourceState, head: Seq): Promise<void> {
    if (!(await target.through(state)) || target.isFilling || this.#stop.signal.aborted) return;
    const shelf = this.#shelves.get(target.custodian);
    const known = this.#progress.entries.get(target.custodian);
    if (shelf === undefined || (known?.seq === head && known.shelf === shelf && known.place === place))
      return;
    await this.#progress.put(target.custodian, { shelf, seq: head, place });
  }

  /**
   * Other custodians, or the same in another order: shares go by place, so everybody is pushed to all of them
   * again.
   */
  #retarget(own: DirectoryEntry): void {
    const codes = this.#targets.map((target) => target.custodian);
    if (codes.length === own.custodians.length && codes.every((ods, i) => ods === own.custodians[i])) {
      if (codes.length > 0 && !this.#isFollowing && !this.#isStarting) void this.#follow();
      return;
    }
    for (const target of this.#targets) void target.close();
    this.#targets = own.custodians.map((custodian, place) => this.#target(own, custodian, place));
    if (this.#isFollowing) for (const target of this.#targets) void this.#fill(target);
    else if (!this.#isStarting) void this.#follow();
  }

  #target(source: DirectoryEntry, custodian: OdsCode, place: number): CopyTarget {
    const target = new CopyTarget({
      ...this.#parts,
      source,
      custodian,
      target: () => this.#parts.directory.entry(custodian),
      shareIndex: place,
      record: (nhsNumber) => this.#recordNow(nhsNumber),
      keyOf: (p) => personKey(this.#parts.keys.copySecret, p),
      sharesOf: (p) => this.#sharesOf(p),
      onIdle: () => this.#quiet.look(),
      onShelf: (shelf) => this.#onShelf(target, shelf),
    });
    return target;
  }

  /** A shelf that is not the one of before is empty: everything again. */
  #onShelf(target: CopyTarget, shelf: string): void {
    const { custodian } = target;
    const before = this.#shelves.get(custodian);
    this.#shelves.set(custodian, shelf);
    if (before === undefined || before === shelf) return;
    this.#parts.log.warn({ custodian }, 'a custodian has lost its copies; they are pushed again');
    this.#progress
      .delete(custodian)
      .catch((error: unknown) => this.#parts.log.error({ error: String(error) }, 'progress was not kept'));
    target.forget();
    void this.#fill(target);
  }

  #reachable(): readonly CopyTarget[] {
    return this.#targets.filter((target) => this.#parts.isUp(target.custodian));
  }

  async #follow(): Promise<void> {
    this.#isStarting = true;
    const session = this.#parts.records.as(machinery(this.#parts.ods, 'copies'));
    const signal = this.#stop.signal;
    while (!signal.aborted) {
      try {
        let start = await session.head();
        for (const [place, target] of this.#targets.entries()) {
          const known = this.#progress.entries.get(target.custodian);
          if (known?.place === place) start = Math.min(start, known.seq) as Seq;
          else void this.#fill(target);
        }
        this.#followed = start;
        this.#isFollowing = true;
        for await (const change of session.changes(start, signal)) {
          await this.#changed(change);
          this.#followed = change.seq;
          this.#quiet.look();
        }
      } catch (error) {
        if (signal.aborted) return;
        this.#parts.log.error(
          { error: String(error) },
          'following changes for continuity copies stumbled and begins again',
        );
        await new Promise((done) => setTimeout(done, THROUGH_MS));
      }
    }
  }

  async #changed(change: Change): Promise<void> {
    const { persons } = this.#parts;
    const patients = [...new Set(change.entries.flatMap((one) => one.persons))];
    const numbers = [...(await persons.touchedBy(change)), ...(await this.#numbersOf(patients))];
    const isNarrowing = change.entries.some(
      (one) => one.deleted || one.type === 'Consent' || one.type === 'Patient',
    );
    for (const target of this.#targets) target.push(numbers, isNarrowing ? 'first' : 'soon');
    const shared = change.entries.filter((one) => one.persons.length === 0);
    if (shared.length === 0) return;
    const mentioned = await this.#numbersOf(await persons.referringTo(shared));
    for (const target of this.#targets) target.push(mentioned, 'last');
  }

  /** Everybody into the queue of one custodian. */
  async #fill(target: CopyTarget): Promise<void> {
    if (target.isFilling) return;
    target.isFilling = true;
    let after: string | undefined;
    do {
      try {
        const page = await this.#parts.persons.people(after, PAGE);
        const numbers = page.entries.filter((entry) => entry.verified).map((entry) => entry.nhsNumber);
        target.push(numbers, 'soon');
        after = page.next;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#parts.log.error({ error: String(error) }, 'filling a custodian stumbled and goes on');
        await new Promise((done) => setTimeout(done, THROUGH_MS));
      }
    } while (after !== undefined && !this.#stop.signal.aborted);
    target.isFilling = false;
  }

  async #numbersOf(patients: readonly Id[]): Promise<readonly NhsNumber[]> {
    if (patients.length === 0) return [];
    const joined = await Promise.all(patients.map((id) => this.#parts.persons.joinedWith(id)));
    return this.#parts.persons.nhsNumbersOf([...new Set(joined.flat())]);
  }

  async #recordNow(nhsNumber: NhsNumber): Promise<PersonNow | undefined> {
    const { persons, records, pseudonymise, ods, settings, isProtected, blobs } = this.#parts;
    const p = pseudonymise(nhsNumber);
    const match = await persons.locate(nhsNumber);
    const policy = await persons.sharePolicy(match.kind === 'none' ? [] : match.patients);
    const closed = (refusal: Closed): PersonNow => ({ p, policy, refusal, entries: [], versions: new Map() });
    if (match.kind === 'none' || isProtected || isProtectedPerson(policy)) {
      // what was copied before is closed; where nothing was, not even that is told
      return (await blobs.get(SHARES_SPACE, p)) === undefined ? undefined : closed('gone');
    }
    if (match.kind !== 'one') return closed('identity');
    const page = await records.as(machinery(ods, 'copies')).compartment({
      persons: match.patients,
      withReferenced: true,
      count: settings.recordEntriesMax,
    });
    const bytes = page.entries.reduce((sum, entry) => sum + entry.bytes.length, 0);
    if (page.next !== undefined || bytes > settings.recordBytesMax / 2) return closed('too-large');
    const versions = new Map(page.entries.map((one) => [`${one.type}/${one.id}`, one.versionId] as const));
    return { p, policy, entries: page.entries.map(copyEntry), versions };
  }

  /**
   * The three shares of a person's key: split once and kept, so that every holder's share is of the same
   * splitting.
   */
  #sharesOf(p: Pseudonym): Promise<Split> {
    let split = this.#splitting.get(p);
    if (split === undefined) {
      split = this.#split(p).finally(() => this.#splitting.delete(p));
      this.#splitting.set(p, split);
    }
    return split;
  }

  async #split(p: Pseudonym): Promise<Split> {
    const kept = await keptShares(this.#parts.blobs, p);
    if (kept !== undefined) {
      this.#guard(p, kept);
      return kept;
    }
    const shares = await splitKey(personKey(this.#parts.keys.copySecret, p));
    const split = { set: this.#parts.ids.next() as string, shares };
    await this.#parts.blobs.put(
      SHARES_SPACE,
      p,
      Buffer.from(
        JSON.stringify({ set: split.set, shares: shares.map((share) => share.toString('base64url')) }),
      ),
    );
    this.#guard(p, split);
    return split;
  }

  #guard(p: Pseudonym, { set, shares }: Split): void {
    const share = shares[GUARDIAN_SHARE];
    if (share !== undefined) this.#guardian.take(p, { set, share });
  }
}

async function keptShares(blobs: Blobs, p: string): Promise<Split | undefined> {
  const kept = await blobs.get(SHARES_SPACE, p);
  if (kept === undefined) return undefined;
  const { set, shares } = JSON.parse(kept.toString()) as { set: string; shares: readonly string[] };
  return { set, shares: shares.map((share) => Buffer.from(share, 'base64url')) };
}

async function* everyShare(blobs: Blobs): AsyncIterable<readonly [Pseudonym, GuardShare]> {
  let after: string | undefined;
  for (;;) {
    const names = await blobs.list(SHARES_SPACE, after, PAGE);
    for (const p of names) {
      const kept = await keptShares(blobs, p);
      const share = kept?.shares[GUARDIAN_SHARE];
      if (kept !== undefined && share !== undefined) yield [p as Pseudonym, { set: kept.set, share }];
    }
    if (names.length < PAGE) return;
    after = names.at(-1);
  }
}
