/**
 * What this node sees of its peers, known before it is needed: a probe of each several times a second, and
 * what the peers say they see. Nobody listening is evidence at once; a probe that is late or makes no sense
 * counts when it happens twice running.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { InstantMs, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { machinery } from './node-token.ts';
import type { PeerClient } from './peer-client.ts';
import { isInstant } from './source-answer.ts';

export interface Peer {
  readonly ods: OdsCode;
  readonly url: string;
}

/** What a node answers to a probe. */
export interface HealthAnswer {
  readonly ods: OdsCode;
  /** Goes up with each answer: an answer that is a recording shows. */
  readonly n: number;
  /** Up to when this node has everything that its source systems acknowledged. */
  readonly asAt: InstantMs;
  /** Peers that this node sees up, and how many milliseconds ago it last did. */
  readonly up: Readonly<Record<string, number>>;
  /**
   * The as-at that each peer last said, so that one that is out keeps its age where nobody here has heard it.
   */
  readonly said: Readonly<Record<string, InstantMs>>;
}

/** How a peer fails that is out: it says nothing, not enough in time, or what makes no sense. */
export type Symptom = 'silent' | 'slow' | 'nonsense';

interface Seen {
  failures: number;
  firstFailure: number;
  lastSeen: number | undefined;
  lastWall: InstantMs | undefined;
  asAt: InstantMs | undefined;
  /** Of its last answer. */
  n: number | undefined;
  /** Of its last failure. */
  symptom: Symptom;
  probing: Promise<void> | undefined;
  /** A closer look, under way. */
  looking: Promise<void> | undefined;
  /** Monotonic time at which its last probe ended. */
  probed: number;
  /** Monotonic time at which some peer last saw this one up. */
  vouched: number;
}

interface HealthParts {
  readonly ods: OdsCode;
  readonly client: PeerClient;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly peers: () => readonly Peer[];
  /** Called when a peer answers again after it was out. */
  readonly onReturn: (ods: OdsCode) => void;
}

/** Failures running after which a peer is out. */
const FAILURES = 2;
/** Where somebody waits for the evidence, the second of two looks begins after this share of the first one's time. */
const SECOND_LOOK = 0.25;

export class Health {
  readonly #parts: HealthParts;
  readonly #seen = new Map<OdsCode, Seen>();
  #timer: NodeJS.Timeout | undefined;
  #answers = 0;

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  start(): void {
    const round = (): void => {
      for (const peer of this.#parts.peers()) if (peer.ods !== this.#parts.ods) void this.#probe(peer);
    };
    round();
    this.#timer = setInterval(round, this.#parts.intervalMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** This node's own answer to a probe. */
  answer(asAt: InstantMs): HealthAnswer {
    const now = this.#parts.clock.monotonicMs();
    const up: Record<string, number> = {};
    const said: Record<string, InstantMs> = {};
    for (const [ods, seen] of this.#seen) {
      if (seen.failures === 0 && seen.lastSeen !== undefined) up[ods] = Math.round(now - seen.lastSeen);
      if (seen.asAt !== undefined) said[ods] = seen.asAt;
    }
    return { ods: this.#parts.ods, n: ++this.#answers, asAt, up, said };
  }

  state(ods: OdsCode): 'up' | 'late' | 'down' | 'unknown' {
    const seen = this.#seen.get(ods);
    if (ods === this.#parts.ods) return 'up';
    if (seen === undefined || (seen.lastSeen === undefined && seen.failures === 0)) return 'unknown';
    if (seen.failures === 0) return 'up';
    return seen.failures < FAILURES ? 'late' : 'down';
  }

  lastSeen(ods: OdsCode): InstantMs | undefined {
    return ods === this.#parts.ods ? this.#parts.clock.now() : this.#seen.get(ods)?.lastWall;
  }

  /** The peer's as-at as it last said it, to this node or to one that told it on. */
  lastAsAt(ods: OdsCode): InstantMs | undefined {
    return this.#seen.get(ods)?.asAt;
  }

  /** How the peer failed when it last did. */
  symptom(ods: OdsCode): Symptom {
    return this.#seen.get(ods)?.symptom ?? 'silent';
  }

  /** A call of ours met nobody listening: the same evidence as a probe. */
  refused(peer: Peer): void {
    this.#failed(this.#of(peer.ods), 'silent', true);
  }

  /**
   * Whether this node itself sees the peer out, by its newest probes: those just ended, else two made now, side
   * by side and not quite at once. A peer of ours that has seen it up since it first failed us speaks against
   * it.
   */
  async isOut(peer: Peer): Promise<boolean> {
    const seen = this.#of(peer.ods);
    const { clock, intervalMs, timeoutMs } = this.#parts;
    const isKnown = (): boolean =>
      seen.failures >= FAILURES && clock.monotonicMs() - seen.probed <= intervalMs + timeoutMs;
    if (!isKnown()) await this.#lookCloser(peer, seen);
    return isKnown() && !this.#isVouched(seen);
  }

  /**
   * A peer saw it up lately, and after it had failed us. Old words do not count for ever: peers say it anew
   * or not.
   */
  #isVouched({ vouched, firstFailure }: Seen): boolean {
    const { clock, intervalMs, timeoutMs } = this.#parts;
    return (
      vouched > firstFailure + timeoutMs && clock.monotonicMs() - vouched <= 2 * (intervalMs + timeoutMs)
    );
  }

  /** One probe at a time: who comes while one is under way waits for that. */
  #probe(peer: Peer): Promise<void> {
    const seen = this.#of(peer.ods);
    seen.probing ??= this.#look(peer, seen).finally(() => {
      seen.probing = undefined;
      seen.probed = this.#parts.clock.monotonicMs();
    });
    return seen.probing;
  }

  /**
   * Two probes of which one need not wait for the other to run out of time: a source that has just become slow is
   * then known to be out while whoever asked for its record still waits.
   */
  #lookCloser(peer: Peer, seen: Seen): Promise<void> {
    seen.looking ??= this.#lookTwice(peer, seen).finally(() => {
      seen.looking = undefined;
    });
    return seen.looking;
  }

  async #lookTwice(peer: Peer, seen: Seen): Promise<void> {
    const first = this.#probe(peer);
    await Promise.race([first, delay(this.#parts.timeoutMs * SECOND_LOOK, undefined, { ref: false })]);
    if (seen.probing === undefined && (seen.failures === 0 || seen.failures >= FAILURES)) return;
    const second = this.#look(peer, seen);
    await first;
    if (seen.failures > 0) await second;
    seen.probed = this.#parts.clock.monotonicMs();
  }

  async #look(peer: Peer, seen: Seen): Promise<void> {
    const { client, timeoutMs, ods } = this.#parts;
    const { actor, purpose } = machinery(ods, 'probe');
    const call = { to: peer.ods, url: peer.url, method: 'GET', path: '/health', actor, purpose } as const;
    const sent = this.#parts.clock.monotonicMs();
    const answer = await client.call({ ...call, requestId: 'probe', timeoutMs, bytesMax: PROBE_BYTES_MAX });
    if (answer.kind === 'refused') this.#failed(seen, 'silent', true);
    else if (answer.kind === 'late') this.#failed(seen, answer.hasBegun ? 'slow' : 'silent', false);
    else if (
      answer.kind === 'answer' &&
      answer.status === 200 &&
      this.#believes(peer, seen, answer.body, sent)
    )
      this.#succeeded(peer, seen);
    else this.#failed(seen, 'nonsense', false);
  }

  #believes(peer: Peer, seen: Seen, body: Buffer, sent: number): boolean {
    try {
      const { ods, n, asAt, up, said } = JSON.parse(body.toString()) as HealthAnswer;
      if (ods !== peer.ods || !Number.isInteger(n) || n === seen.n || !isInstant(asAt)) return false;
      seen.n = n;
      seen.asAt = asAt;
      this.#hear(peer, up, said, sent);
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Gossip, about members of the network only; its ages count back from when it was asked for, so that none
   * is too young.
   */
  #hear(peer: Peer, up: HealthAnswer['up'], said: HealthAnswer['said'], sent: number): void {
    for (const { ods } of this.#parts.peers()) {
      if (ods === this.#parts.ods || ods === peer.ods) continue;
      const [age, asAt] = [up[ods], said[ods]];
      const about = this.#of(ods);
      if (typeof age === 'number' && age >= 0) about.vouched = Math.max(about.vouched, sent - age);
      // what it said to us itself counts for more, and cannot be newer than now
      if (about.lastSeen === undefined && isInstant(asAt) && asAt <= this.#parts.clock.now())
        about.asAt = Math.max(about.asAt ?? 0, asAt) as InstantMs;
    }
  }

  #succeeded(peer: Peer, seen: Seen): void {
    const wasOut = seen.failures >= FAILURES;
    seen.failures = 0;
    seen.lastSeen = this.#parts.clock.monotonicMs();
    seen.lastWall = this.#parts.clock.now();
    if (wasOut) this.#parts.onReturn(peer.ods);
  }

  #failed(seen: Seen, symptom: Symptom, certain: boolean): void {
    seen.symptom = symptom;
    if (seen.failures === 0) seen.firstFailure = this.#parts.clock.monotonicMs();
    seen.failures = certain ? Math.max(FAILURES, seen.failures + 1) : seen.failures + 1;
  }

  #of(ods: OdsCode): Seen {
    let seen = this.#seen.get(ods);
    if (seen === undefined) {
      seen = {
        failures: 0,
        firstFailure: 0,
        lastSeen: undefined,
        lastWall: undefined,
        asAt: undefined,
        n: undefined,
        symptom: 'silent',
        probing: undefined,
        looking: undefined,
        probed: Number.NEGATIVE_INFINITY,
        vouched: Number.NEGATIVE_INFINITY,
      };
      this.#seen.set(ods, seen);
    }
    return seen;
  }
}

const PROBE_BYTES_MAX = 64_000;
