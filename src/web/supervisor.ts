/**
 * The demo's supervisor, as pages see it: which processes run, people worth a look, and stop, start and
 * fault. It speaks JSON over HTTP on a Unix socket. Where it does not answer, pages say so and show the
 * rest.
 */
import { request } from 'node:http';

export const FAULTS = ['none', 'slow', 'hang', 'garbage', 'cut-feed'] as const;
export type Fault = (typeof FAULTS)[number];

export interface DemoNode {
  readonly ods: string;
  readonly name: string;
  readonly kind: string;
  readonly url: string;
  readonly running: boolean;
  readonly fault: Fault;
}

export interface DemoPerson {
  readonly nhsNumber: string;
  readonly name: string;
  readonly sources: readonly string[];
  /** What makes this person worth a look; may be empty. */
  readonly why: string;
}

/** Whether there is more to say of this person than that the record is a usual one. */
export function hasStory({ why }: DemoPerson): boolean {
  return why !== '' && !why.startsWith('a usual record');
}

/** What makes the person worth a look, as a sentence. */
export function whyWords({ why, sources }: DemoPerson): string {
  const words = why === '' ? `something in ${sources.length} places` : why;
  return `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`;
}

export interface DemoState {
  readonly nodes: readonly DemoNode[];
  readonly people: readonly DemoPerson[];
}

export type Acted = { readonly ok: true } | { readonly ok: false; readonly error: string };

export interface Supervisor {
  /** Undefined where it does not answer. */
  state(): Promise<DemoState | undefined>;
  stop(ods: string): Promise<Acted>;
  start(ods: string): Promise<Acted>;
  fault(ods: string, fault: Fault): Promise<Acted>;
}

const STATE_MS = 1_000;
/** Starting an organisation opens its store. */
const ACT_MS = 30_000;
const BYTES_MAX = 10_000_000;

/** The supervisor behind this socket. */
export function supervisorAt(socketPath: string): Supervisor {
  const act = async (path: string, body: object): Promise<Acted> => {
    const answer = await call(socketPath, 'POST', path, body, ACT_MS).catch(() => undefined);
    if (answer === undefined) return { ok: false, error: SILENT };
    if (answer.status === 200) return { ok: true };
    const said = (answer.body as { error?: unknown } | undefined)?.error;
    return { ok: false, error: typeof said === 'string' ? said : SILENT };
  };
  return {
    async state() {
      const answer = await call(socketPath, 'GET', '/state', undefined, STATE_MS).catch(() => undefined);
      return answer?.status === 200 ? stateIn(answer.body) : undefined;
    },
    stop: (ods) => act('/stop', { ods }),
    start: (ods) => act('/start', { ods }),
    fault: (ods, fault) => act('/fault', { ods, fault }),
  };
}

const SILENT = 'The supervisor of the demo does not answer, so nothing was changed.';

interface SupervisorAnswer {
  readonly status: number;
  readonly body: unknown;
}

function call(
  socketPath: string,
  method: string,
  path: string,
  body: object | undefined,
  timeoutMs: number,
): Promise<SupervisorAnswer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers =
      body === undefined
        ? {}
        : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
    const asked = request(
      { socketPath, method, path, headers, signal: AbortSignal.timeout(timeoutMs) },
      (answer) => {
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
            resolve({
              status: answer.statusCode ?? 0,
              body: JSON.parse(Buffer.concat(pieces).toString('utf8')),
            });
          } catch (error) {
            reject(error);
          }
        });
      },
    );
    asked.on('error', reject);
    asked.end(text);
  });
}

/** What can be used of the answer; what has not the shape is left out. */
function stateIn(body: unknown): DemoState | undefined {
  const { nodes, people } = (body ?? {}) as { nodes?: unknown; people?: unknown };
  if (!Array.isArray(nodes) || !Array.isArray(people)) return undefined;
  return {
    nodes: nodes
      .filter(isNode)
      .map((node) => ({ ...node, fault: FAULTS.includes(node.fault) ? node.fault : 'none' })),
    people: people.filter(isPerson).map((person) => ({ ...person, why: person.why ?? '' })),
  };
}

function isNode(value: unknown): value is DemoNode {
  const node = value as Partial<DemoNode> | null;
  return typeof node?.ods === 'string' && typeof node.name === 'string' && typeof node.running === 'boolean';
}

function isPerson(value: unknown): value is DemoPerson {
  const person = value as Partial<DemoPerson> | null;
  return (
    typeof person?.nhsNumber === 'string' && typeof person.name === 'string' && Array.isArray(person.sources)
  );
}
