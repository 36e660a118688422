/**
 * The made-up source systems: what stands behind each node in life (patient administration, ward
 * observations, laboratory, GP system …). They send what people/ made, over MLLP or FHIR as each would, and
 * say every second how far they are. A feed that is cut says nothing.
 */
import { Agent, request } from 'node:http';
import { isoInstant, systemClock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { FeedConfig } from '../base/node-config.ts';
import type { Delivery } from './delivery.ts';
import { acknowledgement, MllpClient } from './mllp-client.ts';
import type { DemoNode } from './node-folders.ts';

const BEAT_MS = 1000;
const CALL_TIMEOUT_MS = 30_000;
/** A heartbeat that is not answered is given up: the next one follows anyway. */
const BEAT_TIMEOUT_MS = 2000;
/** How often something that could not be delivered is sent again. */
const ATTEMPTS = 10;
/** Deliveries of one organisation on their way at once. */
const LANES = 3;

interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/** The source systems of one organisation. */
export class SourceSystems {
  readonly node: DemoNode;
  readonly #token: () => Promise<string>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: LANES + 2 });
  readonly #lanes: MllpClient[] = [];
  readonly #beats = new Map<string, MllpClient>();
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #cut = false;
  #count = 0;

  constructor(node: DemoNode, token: () => Promise<string>) {
    this.node = node;
    this.#token = token;
    if (node.mllp !== null) {
      for (let lane = 0; lane < LANES; lane++) this.#lanes.push(new MllpClient(node.mllp));
      for (const feed of node.feeds) {
        if (feed.transport === 'mllp') this.#beats.set(feed.name, new MllpClient(node.mllp));
      }
    }
  }

  /**
   * Delivers one thing on the lane that `key` falls on, so that one person's come in order. Throws Failure
   * `processing` where the node will not have it, with the node's own words.
   */
  async deliver(delivery: Delivery, key: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const said = await this.#send(delivery, key % LANES).catch((error: unknown) => String(error));
      if (said === undefined) return;
      if (attempt === ATTEMPTS) {
        throw new Failure(
          'processing',
          `${this.node.ods} did not take what its source system sent: ${said.slice(0, 500)}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(2000, 200 * attempt)));
    }
  }

  /** What went wrong; undefined where it was taken. */
  async #send(delivery: Delivery, lane: number): Promise<string | undefined> {
    if (delivery.kind === 'fhir') {
      const { status, body } = await this.#post('/fhir', delivery.bundle, CALL_TIMEOUT_MS);
      return status === 200 ? undefined : `HTTP ${status} ${body}`;
    }
    const answer = (await this.#lanes[lane]?.send(delivery.message, CALL_TIMEOUT_MS)) ?? 'no MLLP here';
    return acknowledgement(answer) === 'AA' ? undefined : answer.replaceAll('\r', ' ');
  }

  /** Begins to say, feed by feed, that everything up to now has been sent. */
  start(): void {
    if (this.node.feeds.length === 0 || this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#beatSoon(), BEAT_MS);
    this.#beatSoon();
  }

  /** Cuts the first feed, or joins it again. */
  setCut(cut: boolean): void {
    this.#cut = cut;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#beating;
    for (const client of [...this.#lanes, ...this.#beats.values()]) client.close();
    this.#agent.destroy();
  }

  /** Everything was said once; resolves when the node has heard it. Rejects where it has not. */
  async beatNow(): Promise<void> {
    await Promise.all(this.#feeds().map((feed) => this.#beat(feed)));
  }

  #feeds(): readonly FeedConfig[] {
    return this.#cut ? this.node.feeds.slice(1) : this.node.feeds;
  }

  /** One round at a time; a node that is dead or hangs hears nothing, and that is what the demo shows. */
  #beatSoon(): void {
    this.#beating ??= Promise.allSettled(this.#feeds().map((feed) => this.#beat(feed))).then(() => {
      this.#beating = undefined;
    });
  }

  async #beat(feed: FeedConfig): Promise<void> {
    const client = this.#beats.get(feed.name);
    if (client === undefined) {
      const through = isoInstant(systemClock.now());
      const { status } = await this.#post(
        `/feeds/${feed.name}/heartbeat`,
        JSON.stringify({ through }),
        BEAT_TIMEOUT_MS,
      );
      if (status >= 300) throw new Error(`heartbeat of ${feed.name}: HTTP ${status}`);
      return;
    }
    const answer = await client.send(this.#heartbeatMessage(feed), BEAT_TIMEOUT_MS);
    if (acknowledgement(answer) !== 'AA') throw new Error(`heartbeat of ${feed.name}: ${answer}`);
  }

  /** HL7 v2.5.1 §14.3.2, Application Management: NMD^N02 with the sender's clock. */
  #heartbeatMessage(feed: FeedConfig): string {
    const now = isoInstant(systemClock.now());
    const stamp = `${now.replace(/[-:TZ]/g, '').slice(0, 18)}+0000`;
    const id = `${feed.sendingApplication ?? feed.name}-${now}-${this.#count++}`;
    const header = [
      'MSH|^~\\&',
      feed.sendingApplication ?? '',
      this.node.ods,
      'OPENWARD',
      this.node.ods,
      stamp,
      '',
      'NMD^N02',
      id,
      'P',
      '2.5.1',
    ].join('|');
    return `${header}\rNCK|${stamp}\r`;
  }

  async #post(path: string, body: string, timeoutMs: number): Promise<HttpAnswer> {
    const token = await this.#token();
    return new Promise((resolve, reject) => {
      const call = request(
        `${this.node.url}${path}`,
        {
          method: 'POST',
          agent: this.#agent,
          timeout: timeoutMs,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': path === '/fhir' ? 'application/fhir+json' : 'application/json',
            'content-length': Buffer.byteLength(body),
            prefer: 'return=minimal',
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          );
        },
      );
      call.on('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs} ms`)));
      call.on('error', reject);
      call.end(body);
    });
  }
}
