/** How this process collects garbage (docs/adr/0015). */
import { setFlagsFromString } from 'node:v8';

/** Buffers count together with objects; `node --v8-options` lists it, a test sees that it does. */
export const COUNT_BUFFERS_AS_HEAP = '--external-memory-accounted-in-global-limit';

/**
 * To be called before a node takes anything in: records pass through it in buffers, megabytes each. V8 starts
 * a collection of everything after each 64 MB of them, however little there is to collect.
 */
export function tuneCollector(): void {
  setFlagsFromString(COUNT_BUFFERS_AS_HEAP);
}
