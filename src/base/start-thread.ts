/** Starts a thread whose file stands beside its starter's: from source as TypeScript, from dist as JavaScript. */
import { Worker } from 'node:worker_threads';

/** `name` without its ending, such as `writer-thread`; `from` is the `import.meta.url` of the file that starts it. */
export function startThread(name: string, from: string, workerData: unknown): Worker {
  const ending = from.endsWith('.ts') ? 'ts' : 'js';
  return new Worker(new URL(`./${name}.${ending}`, from), { workerData });
}
