/**
 * What this node sees of its peers, known before it is needed: a probe of each several times a second, and what the peers say they
 * see. Nobody listening is evidence at once; a probe that is late or makes no sense counts when it happens twice running.
 */
import type { InstantMs, OdsCode } from '../base/brands.ts';
import type { Clock } from '../base/clock.ts';
import { machinery } from './node-token.ts';
import type { PeerClient } from './peer-client.ts';

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
}

interface Seen {
  failures: number;
  firstFailure: number;
  lastSeen: number | undefined;
  lastWall: InstantMs | undefined;
  asAt: InstantMs | undefined;
  probing: boolean;
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
    for (const [ods, seen] of this.#seen) {
      if (seen.failures === 0 && seen.lastSeen !== undefined) up[ods] = Math.round(now - seen.lastSeen);
    }
    return { ods: this.#parts.ods, n: ++this.#answers, asAt, up };
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

  /** The peer's as-at as it last said it. */
  lastAsAt(ods: OdsCode): InstantMs | undefined {
    return this.#seen.get(ods)?.asAt;
  }

  /** A call of ours met nobody listening: the same evidence as a probe. */
  refused(peer: Peer): void {
    this.#failed(this.#of(peer.ods), true);
  }

  /**
   * Whether this node itself sees the peer out: by probes before now, and by one more made now. A peer of ours that has seen it up since
   * it first failed us speaks against it.
   */
  async isOut(peer: Peer): Promise<boolean> {
    await this.#probe(peer);
    const seen = this.#of(peer.ods);
    return seen.failures >= FAILURES && seen.vouched <= seen.firstFailure + this.#parts.timeoutMs;
  }

  async #probe(peer: Peer): Promise<void> {
    const seen = this.#of(peer.ods);
    if (seen.probing) return;
    seen.probing = true;
    const { client, timeoutMs, ods } = this.#parts;
    const { actor, purpose } = machinery(ods, 'probe');
    const call = { to: peer.ods, url: peer.url, method: 'GET', path: '/health', actor, purpose } as const;
    const answer = await client.call({ ...call, requestId: 'probe', timeoutMs, bytesMax: PROBE_BYTES_MAX });
    seen.probing = false;
    if (answer.kind === 'refused') this.#failed(seen, true);
    else if (answer.kind === 'answer' && answer.status === 200 && this.#believes(peer, seen, answer.body))
      this.#succeeded(peer, seen);
    else this.#failed(seen, false);
  }

  #believes(peer: Peer, seen: Seen, body: Buffer): boolean {
    try {
      const { ods, n, asAt, up } = JSON.parse(body.toString()) as HealthAnswer;
      if (ods !== peer.ods || !Number.isInteger(n) || !Number.isFinite(asAt)) return false;
      seen.asAt = asAt;
      const now = this.#parts.clock.monotonicMs();
      for (const [other, age] of Object.entries(up)) {
        if (other === this.#parts.ods || typeof age !== 'number' || age < 0) continue;
        const about = this.#of(other as OdsCode);
        about.vouched = Math.max(about.vouched, now - age);
      }
      return true;
    } catch {
      return false;
    }
  }

  #succeeded(peer: Peer, seen: Seen): void {
    const wasOut = seen.failures >= FAILURES;
    seen.failures = 0;
    seen.lastSeen = this.#parts.clock.monotonicMs();
    seen.lastWall = this.#parts.clock.now();
    if (wasOut) this.#parts.onReturn(peer.ods);
  }

  #failed(seen: Seen, certain: boolean): void {
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
        probing: false,
        vouched: Number.NEGATIVE_INFINITY,
      };
      this.#seen.set(ods, seen);
    }
    return seen;
  }
}

const PROBE_BYTES_MAX = 64_000;
