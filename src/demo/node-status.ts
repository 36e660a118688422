/**
 * What demo nodes say of themselves and of each other at /network, which needs no token: the supervisor waits
 * by it until the network has taken in what happened.
 */
import { systemClock } from '../base/clock.ts';
import type { DemoNode } from './node-folders.ts';

const ANSWER_MS = 2_000;
const AGAIN_MS = 100;

/** Whether the node has published whom it knows and handed over its copies; false where it does not answer. */
export async function hasSettled(node: DemoNode): Promise<boolean> {
  const said = (await ask(node, 'status')) as { published: boolean; copiesWaiting: number } | undefined;
  return said?.published === true && said.copiesWaiting === 0;
}

/**
 * Waits until each of `others` has seen the node up since the monotonic time `since`, and it each of them.
 * Resolves with whether that was so before `waitMs` had passed.
 */
export async function isSeenBy(
  node: DemoNode,
  others: readonly DemoNode[],
  since: number,
  waitMs: number,
): Promise<boolean> {
  for (;;) {
    const asked = systemClock.monotonicMs();
    const [own, ...views] = await Promise.all([node, ...others].map(seenUp));
    const hasSeen = others.every(({ ods }) => own?.[ods] !== undefined);
    if (hasSeen && views.every((view) => (view[node.ods] ?? Number.POSITIVE_INFINITY) <= asked - since)) {
      return true;
    }
    if (asked - since > waitMs) return false;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Whom the node sees up, by ODS code, and how many milliseconds ago it last did. */
async function seenUp(node: DemoNode): Promise<Readonly<Record<string, number>>> {
  const said = (await ask(node, 'health')) as { up?: Readonly<Record<string, number>> } | undefined;
  return said?.up ?? {};
}

async function ask(node: DemoNode, what: 'status' | 'health'): Promise<unknown> {
  try {
    const answer = await fetch(`${node.url}/network/${what}`, { signal: AbortSignal.timeout(ANSWER_MS) });
    return await answer.json();
  } catch {
    return undefined;
  }
}
