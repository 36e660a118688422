/**
 * The source's side of continuity copies: follows its own changes, tells each custodian's queue whose copy is behind, and says every
 * half second how far each is through. What was pushed is remembered across restarts; what happened meanwhile is made up for.
 */
import { join } from 'node:path';
import type { Id, NhsNumber, OdsCode, Seq } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import type { Ids } from '../base/ids.ts';
import type { Log } from '../base/log.ts';
import type { Settings } from '../base/settings.ts';
import type { Feeds } from '../records/feeds.ts';
import type { PersonIndex } from '../records/person-index.ts';
import type { Records } from '../records/session.ts';
import type { Blobs } from '../store/store.ts';
import { AppendLog } from './append-log.ts';
import { copyEntry } from './copy-segment.ts';
import { CopyTarget, type PersonNow } from './copy-target.ts';
import { encodePush } from './copy-wire.ts';
import type { DirectoryKeeper } from './directory-keeper.ts';
import type { NodeKeys } from './keys.ts';
import { machinery } from './node-token.ts';
import { ownState } from './own-source.ts';
import type { PeerClient } from './peer-client.ts';
import type { Pseudonym, Pseudonymise } from './pseudonym.ts';
import { personKey, sealTo, splitKey } from './sealing.ts';

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
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly settings: Pick<Settings, 'recordEntriesMax'>;
}

const THROUGH_MS = 500;
const PAGE = 500;
const SHARES_SPACE = 'copy-shares';

export class CopySource {
  readonly #parts: CopySourceParts;
  readonly #progress: AppendLog<number>;
  readonly #guarded: AppendLog<string>;
  readonly #stop = new AbortController();
  #targets: readonly CopyTarget[] = [];
  #timer: NodeJS.Timeout | undefined;
  #followed = 0;
  #isAll = false;
  #telling = false;
  #unguarded = new Map<Pseudonym, { set: string; share: Buffer }>();

  private constructor(parts: CopySourceParts, progress: AppendLog<number>, guarded: AppendLog<string>) {
    this.#parts = parts;
    this.#progress = progress;
    this.#guarded = guarded;
  }

  static async open(parts: CopySourceParts): Promise<CopySource> {
    const progress = await AppendLog.open<number>(join(parts.folder, 'copies-through.ndjson'));
    const guarded = await AppendLog.open<string>(join(parts.folder, 'guardian-shares.ndjson'));
    return new CopySource(parts, progress, guarded);
  }

  /** Begins when the directory is there to say who the custodians are. */
  start(): void {
    const entry = this.#parts.directory.entry(this.#parts.ods);
    if (entry === undefined || entry.custodians.length === 0) {
      this.#timer = setTimeout(() => this.start(), THROUGH_MS);
      return;
    }
    this.#targets = entry.custodians.map(
      (custodian, i) =>
        new CopyTarget({
          ...this.#parts,
          source: entry,
          target: () => this.#parts.directory.entry(custodian),
          shareIndex: i,
          record: (nhsNumber) => this.#recordNow(nhsNumber),
          keyOf: (p) => personKey(this.#parts.keys.copySecret, p),
          sharesOf: (p) => this.#sharesOf(p),
        }),
    );
    void this.#follow();
    this.#timer = setInterval(() => void this.#tell(), THROUGH_MS);
  }

  /** People whose copy is behind somewhere; undefined until everything has been looked at once. */
  waiting(): number | undefined {
    if (!this.#isAll) return undefined;
    return this.#targets.reduce((sum, target) => sum + target.waiting(), 0) + this.#unguarded.size;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    clearInterval(this.#timer);
    await Promise.all(this.#targets.map((target) => target.close()));
    await this.#progress.close();
    await this.#guarded.close();
  }

  async #follow(): Promise<void> {
    const session = this.#parts.records.as(machinery(this.#parts.ods, 'copies'));
    const signal = this.#stop.signal;
    while (!signal.aborted) {
      try {
        const from = this.#progress.entries.get('seq');
        const start = (from ?? (await session.head())) as Seq;
        if (from === undefined) await this.#everybody();
        this.#followed = start;
        this.#isAll = true;
        for await (const change of session.changes(start, signal)) {
          const numbers = await this.#parts.persons.touchedBy(change);
          const persons = [...new Set(change.entries.flatMap((one) => one.persons))];
          const whose = persons.length === 0 ? [] : await this.#numbersOf(persons);
          const isUrgent = change.entries.some(
            (one) => one.deleted || one.type === 'Consent' || one.type === 'Patient',
          );
          for (const target of this.#targets) target.push([...numbers, ...whose], isUrgent);
          this.#followed = change.seq;
        }
      } catch (error) {
        this.#parts.log.error(
          { error: String(error) },
          'following changes for continuity copies stumbled and begins again',
        );
        await new Promise((done) => setTimeout(done, THROUGH_MS));
      }
    }
  }

  async #everybody(): Promise<void> {
    let after: string | undefined;
    do {
      const page = await this.#parts.persons.people(after, PAGE);
      const numbers = page.entries.filter((entry) => entry.verified).map((entry) => entry.nhsNumber);
      for (const target of this.#targets) target.push(numbers, false);
      after = page.next;
    } while (after !== undefined && !this.#stop.signal.aborted);
  }

  async #numbersOf(patients: readonly Id[]): Promise<readonly NhsNumber[]> {
    const joined = await Promise.all(patients.map((id) => this.#parts.persons.joinedWith(id)));
    return this.#parts.persons.nhsNumbersOf([...new Set(joined.flat())]);
  }

  /** Everything acknowledged before a moment is at a custodian: then it is told so, with what this node could say of itself at that moment. */
  async #tell(): Promise<void> {
    if (this.#telling || !this.#isAll) return;
    this.#telling = true;
    try {
      const state = ownState(this.#parts.feeds, this.#parts.clock);
      const head = await this.#parts.records.as(machinery(this.#parts.ods, 'copies')).head();
      if (this.#followed < head) return;
      await this.#tellGuardian();
      const heard = await Promise.all(this.#targets.map((target) => target.through(state)));
      if (heard.every(Boolean) && this.#progress.entries.get('seq') !== head)
        await this.#progress.put('seq', head);
    } catch (error) {
      if (!this.#stop.signal.aborted)
        this.#parts.log.warn({ error: String(error) }, 'custodians were not told how far they are');
    } finally {
      this.#telling = false;
    }
  }

  async #recordNow(nhsNumber: NhsNumber): Promise<PersonNow> {
    const { persons, records, pseudonymise, ods, settings } = this.#parts;
    const p = pseudonymise(nhsNumber);
    const match = await persons.locate(nhsNumber);
    if (match.kind !== 'one') {
      const patients = match.kind === 'none' ? [] : match.patients;
      return { p, policy: await persons.sharePolicy(patients), refusal: 'identity', entries: [] };
    }
    const policy = await persons.sharePolicy(match.patients);
    const page = await records.as(machinery(ods, 'copies')).compartment({
      persons: match.patients,
      withReferenced: true,
      count: settings.recordEntriesMax,
    });
    if (page.next !== undefined)
      throw new Error('a record is larger than recordEntriesMax: it is not copied by halves');
    return { p, policy, entries: page.entries.map(copyEntry) };
  }

  /** The three shares of a person's key: split once and kept, so that every holder's share is of the same splitting. */
  async #sharesOf(p: Pseudonym): Promise<{ set: string; shares: readonly Buffer[] }> {
    const kept = await this.#parts.blobs.get(SHARES_SPACE, p);
    if (kept !== undefined) {
      const { set, shares } = JSON.parse(kept.toString()) as { set: string; shares: readonly string[] };
      const split = { set, shares: shares.map((share) => Buffer.from(share, 'base64url')) };
      this.#guard(p, split);
      return split;
    }
    const shares = await splitKey(personKey(this.#parts.keys.copySecret, p));
    const split = { set: this.#parts.ids.next() as string, shares };
    const again = await this.#parts.blobs.get(SHARES_SPACE, p); // the other custodian's queue may have been quicker
    if (again !== undefined) return this.#sharesOf(p);
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

  #guard(p: Pseudonym, split: { readonly set: string; readonly shares: readonly Buffer[] }): void {
    const share = split.shares[2];
    if (share !== undefined && this.#guarded.entries.get(p) !== split.set)
      this.#unguarded.set(p, { set: split.set, share });
  }

  /** Gives the guardian its shares. Copies can be opened without it while both custodians are there, so nothing waits for it. */
  async #tellGuardian(): Promise<void> {
    const own = this.#parts.directory.entry(this.#parts.ods);
    const guardian = own === undefined ? undefined : this.#parts.directory.entry(own.guardian);
    if (guardian === undefined || this.#unguarded.size === 0) return;
    const some = [...this.#unguarded].slice(0, PAGE);
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
    if (answer.kind !== 'answer' || answer.status !== 200) return;
    for (const [p, { set }] of some) {
      this.#unguarded.delete(p);
      await this.#guarded.put(p, set);
    }
  }
}
