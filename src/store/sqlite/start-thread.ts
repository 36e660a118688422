/** Starts one of this folder's threads: from source as TypeScript, from dist as JavaScript. */
import { Worker } from 'node:worker_threads';

/** `name` without its ending, such as `writer-thread`. */
export function startThread(name: string, workerData: unknown): Worker {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./${name}.${ending}`, import.meta.url), { workerData });
}
