/**
 * How commands reach the supervisor of a demo: `supervisor.json` in the demo's folder says where it listens,
 * so that it is found whatever else is dead.
 */
import { join } from 'node:path';
import { callSupervisor, type SupervisorAnswer, type SupervisorCall } from '../base/demo-control.ts';
import { Failure } from '../base/failure.ts';
import { readIfThere } from './node-folders.ts';

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

/** How long a command waits: starting a node opens its store. */
const COMMAND_MS = 60_000;

/**
 * One call of the supervisor of the demo in this folder: the body of its answer. Throws Failure `timeout`
 * where no demo runs there, `value` where it has no such organisation, `processing` where the supervisor says
 * no.
 */
export async function controlDemo(data: string, call: Omit<SupervisorCall, 'timeoutMs'>): Promise<unknown> {
  const place = await supervisorPlace(data);
  let answer: SupervisorAnswer;
  try {
    if (place === undefined) throw new Error('no supervisor.json');
    answer = await callSupervisor(place.socket, { ...call, timeoutMs: COMMAND_MS });
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
