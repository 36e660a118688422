/** The supervisor's end of the control socket: state, stop, start, fault. Small JSON in, small JSON out. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type DemoState, FAULTS, type Fault } from '../base/demo-control.ts';
import { Failure } from '../base/failure.ts';

/** What the control socket can do. */
export interface Controlled {
  state(): DemoState;
  stopNode(ods: string): Promise<void>;
  startNode(ods: string): Promise<void>;
  setFault(ods: string, fault: Fault): Promise<void>;
}

const BODY_BYTES_MAX = 10_000;

/** Answers 200 with JSON, or 4xx with `{"error": …}` in words. */
export function controlHandler(demo: Controlled): RequestListener {
  return (request, response) => {
    answer(demo, request).then(
      (body) => send(response, 200, body),
      (error: unknown) => {
        const status = error instanceof Failure && error.code === 'not-found' ? 404 : 409;
        send(response, status, { error: error instanceof Error ? error.message : String(error) });
      },
    );
  };
}

async function answer(demo: Controlled, request: IncomingMessage): Promise<unknown> {
  const route = `${request.method} ${request.url}`;
  if (route === 'GET /state') return demo.state();
  const { ods, fault } = await bodyOf(request);
  if (typeof ods !== 'string') throw new Failure('required', 'Say which organisation: {"ods": …}.');
  switch (route) {
    case 'POST /stop':
      await demo.stopNode(ods);
      break;
    case 'POST /start':
      await demo.startNode(ods);
      break;
    case 'POST /fault': {
      const known = FAULTS.find((one) => one === fault);
      if (known === undefined) throw new Failure('value', `A fault is one of ${FAULTS.join(', ')}.`);
      await demo.setFault(ods, known);
      break;
    }
    default:
      throw new Failure('not-found', 'There is GET /state, and POST /stop, /start and /fault.');
  }
  return { ok: true, state: demo.state() };
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) {
    text += String(chunk);
    if (text.length > BODY_BYTES_MAX) throw new Failure('too-long', 'That is more than a command needs.');
  }
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new Failure('structure', 'The body must be JSON.', { cause });
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
