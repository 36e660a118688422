/**
 * How the supervisor of a demo is spoken to: JSON over HTTP on a Unix socket that only this user can open.
 * Commands (demo/) and pages (web/) both do it and may not know each other, so what they share is here.
 */
import { request } from 'node:http';
import type { OrganisationKind } from './node-config.ts';

/** What a demo organisation can be told to suffer from. */
export const FAULTS = ['slow', 'hang', 'garbage', 'cut-feed', 'none'] as const;
export type Fault = (typeof FAULTS)[number];

/** Answer of `GET /state`. */
export interface DemoState {
  readonly nodes: readonly DemoNodeState[];
  readonly people: readonly PersonToTry[];
}

export interface DemoNodeState {
  readonly ods: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly url: string;
  readonly mllp: { readonly host: string; readonly port: number } | null;
  readonly pid: number | null;
  readonly running: boolean;
  readonly fault: Fault;
}

/** A person to try, as `openward demo --json` lists them. */
export interface PersonToTry {
  readonly nhsNumber: string;
  /** `Aisha Begum` */
  readonly name: string;
  /** Every organisation that holds something about the person under a verified NHS number. */
  readonly sources: readonly string[];
  /**
   * What makes this person worth a look, in a few words: `seven kinds of organisation`, `shares a name and
   * birth date`. May be empty.
   */
  readonly why: string;
}

export interface SupervisorAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface SupervisorCall {
  readonly method: 'GET' | 'POST';
  readonly path: '/state' | '/stop' | '/start' | '/fault';
  readonly body?: object;
  /** For the whole answer. */
  readonly timeoutMs: number;
}

const BYTES_MAX = 10_000_000;

/** One call. Rejects where nobody listens, or what comes is late, too long or no JSON. */
export function callSupervisor(socketPath: string, call: SupervisorCall): Promise<SupervisorAnswer> {
  const { method, path, body, timeoutMs } = call;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path, signal }, (answer) => {
      const pieces: Buffer[] = [];
      let length = 0;
      answer.on('data', (piece: Buffer) => {
        length += piece.length;
        if (length > BYTES_MAX) answer.destroy(new Error('too long'));
        pieces.push(piece);
      });
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          const said: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
          resolve({ status: answer.statusCode ?? 0, body: said });
        } catch (error) {
          reject(error);
        }
      });
    });
    asked.on('error', reject);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
