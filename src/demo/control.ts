/**
 * How commands and pages reach the supervisor of a demo: HTTP with JSON over a Unix socket that only this
 * user can open. `supervisor.json` in the demo's folder says where it listens, so that it is found whatever
 * else is dead.
 */
import { request } from 'node:http';
import { join } from 'node:path';
import { Failure } from '../base/failure.ts';
import type { OrganisationKind } from '../base/node-config.ts';
import type { PersonToTry } from './delivery.ts';
import { readIfThere } from './node-folders.ts';

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

/** What `supervisor.json` holds. */
export interface SupervisorPlace {
  readonly pid: number;
  readonly socket: string;
}

/**
 * Where the supervisor of this folder said it listens; undefined where none did, or the last one ended in
 * good order.
 */
export async function supervisorPlace(data: string): Promise<SupervisorPlace | undefined> {
  const text = await readIfThere(join(data, 'supervisor.json'));
  return text === undefined ? undefined : (JSON.parse(text) as SupervisorPlace);
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** One call of the supervisor. Rejects where nobody listens or it stays silent for `timeoutMs`. */
export function callSupervisor(
  socketPath: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
  timeoutMs = 60_000,
): Promise<ControlAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath, method, path, timeout: timeoutMs }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        try {
          resolve({
            status: answer.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString()) as unknown,
          });
        } catch (error) {
          reject(error as Error);
        }
      });
    });
    call.on('timeout', () => call.destroy(new Error('the supervisor does not answer')));
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/**
 * The same by folder, for commands. Throws Failure `timeout` where no demo runs there, `value` where it has no
 * such organisation, `processing` where the supervisor says no.
 */
export async function controlDemo(
  data: string,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<unknown> {
  const place = await supervisorPlace(data);
  let answer: ControlAnswer;
  try {
    if (place === undefined) throw new Error('no supervisor.json');
    answer = await callSupervisor(place.socket, method, path, body);
  } catch (cause) {
    throw new Failure(
      'timeout',
      `No demo runs on ${data}. Start it with "openward demo --data ${data}", or name its folder with --data.`,
      { cause },
    );
  }
  if (answer.status === 200) return answer.body;
  const { error } = answer.body as { readonly error?: string };
  throw new Failure(
    answer.status === 404 ? 'value' : 'processing',
    error ?? 'The supervisor refused, and did not say why.',
  );
}
