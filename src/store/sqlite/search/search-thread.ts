/** The thread of searches that would hold up reads. One at a time, each answered with version numbers. */
import { parentPort, workerData } from 'node:worker_threads';
import { Failure } from '../../../base/failure.ts';
import { openForReading } from '../connection.ts';
import { Dictionary } from '../dictionary.ts';
import { type FailureParts, failureParts } from '../group-message.ts';
import { addBytesTest } from './bytes-test.ts';
import { type FoundPage, runSearch, type SearchRun } from './search-run.ts';

export interface SearchReply {
  readonly n: number;
  readonly page?: FoundPage;
  readonly failure?: FailureParts;
}

const { path } = workerData as { readonly path: string };
const port = parentPort;
if (port === null) throw new Error('search-thread runs as a thread');
const connection = openForReading(path);
addBytesTest(connection);
const dictionary = new Dictionary(connection);

port.on('message', ({ n, run }: { readonly n: number; readonly run: SearchRun }) => {
  port.postMessage(answer(n, run));
});

function answer(n: number, run: SearchRun): SearchReply {
  try {
    return { n, page: runSearch(run, connection, dictionary) };
  } catch (error) {
    if (error instanceof Failure) return { n, failure: failureParts(error) };
    return {
      n,
      failure: { code: 'exception', text: `The search failed: ${(error as Error).message}`, issues: [] },
    };
  }
}
