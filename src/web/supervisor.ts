/**
 * The demo's supervisor, as pages see it: which processes run, people worth a look, and stop, start and
 * fault. Where it does not answer, pages say so and show the rest.
 */
import {
  callSupervisor,
  type DemoNodeState,
  type DemoState,
  FAULTS,
  type Fault,
  type PersonToTry,
  type SupervisorAnswer,
  type SupervisorCall,
} from '../base/demo-control.ts';

/** Whether there is more to say of this person than that the record is a usual one. */
export function hasStory({ why }: PersonToTry): boolean {
  return why !== '' && !why.startsWith('a usual record');
}

/** What makes the person worth a look, as a sentence. */
export function whyWords({ why, sources }: PersonToTry): string {
  const words = why === '' ? `something in ${sources.length} places` : why;
  return `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`;
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

/** The supervisor behind this socket. */
export function supervisorAt(socketPath: string): Supervisor {
  const ask = (call: SupervisorCall): Promise<SupervisorAnswer | undefined> =>
    callSupervisor(socketPath, call).catch(() => undefined);
  const act = async (path: SupervisorCall['path'], body: object): Promise<Acted> => {
    const answer = await ask({ method: 'POST', path, body, timeoutMs: ACT_MS });
    if (answer === undefined) return { ok: false, error: SILENT };
    if (answer.status === 200) return { ok: true };
    const said = (answer.body as { error?: unknown } | undefined)?.error;
    return { ok: false, error: typeof said === 'string' ? said : SILENT };
  };
  return {
    async state() {
      const answer = await ask({ method: 'GET', path: '/state', timeoutMs: STATE_MS });
      return answer?.status === 200 ? stateIn(answer.body) : undefined;
    },
    stop: (ods) => act('/stop', { ods }),
    start: (ods) => act('/start', { ods }),
    fault: (ods, fault) => act('/fault', { ods, fault }),
  };
}

const SILENT = 'The supervisor of the demo does not answer, so nothing was changed.';

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

function isNode(value: unknown): value is DemoNodeState {
  const node = value as Partial<DemoNodeState> | null;
  return typeof node?.ods === 'string' && typeof node.name === 'string' && typeof node.running === 'boolean';
}

function isPerson(value: unknown): value is PersonToTry {
  const person = value as Partial<PersonToTry> | null;
  return (
    typeof person?.nhsNumber === 'string' && typeof person.name === 'string' && Array.isArray(person.sources)
  );
}
