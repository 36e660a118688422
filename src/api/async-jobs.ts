/**
 * Requests that are answered later: run few at a time, their answers kept in memory for a while for the one who
 * asked. Nothing of it outlives the process, and a job of the run before says so. R4
 * http://hl7.org/fhir/R4/async.html; the answer comes as R5 has it, http://hl7.org/fhir/R5/async-bundle.html.
 */
import type { Actor } from '../access/actor.ts';
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Ids } from '../base/ids.ts';
import type { Settings } from '../base/settings.ts';
import type { FhirAnswer } from './fhir-call.ts';

/** What does the work: it looks at `signal` between its parts, and tells how far it is. */
export type JobWork = (signal: AbortSignal, tell: (progress: string) => void) => Promise<FhirAnswer>;

export type JobStatus =
  | { readonly kind: 'under-way'; readonly progress: string }
  | { readonly kind: 'done'; readonly answer: FhirAnswer; readonly keptMs: number };

interface Job {
  readonly id: string;
  readonly owner: string;
  readonly work: JobWork;
  readonly cancel: AbortController;
  state: 'waiting' | 'running' | 'done';
  progress: string;
  answer: FhirAnswer | undefined;
  bytes: number;
  expiresMs: number;
}

interface JobsParts {
  readonly settings: Pick<
    Settings,
    'asyncRunningMax' | 'asyncJobsMax' | 'asyncJobsOfOneMax' | 'asyncKeepSeconds' | 'asyncResultsBytesMax'
  >;
  readonly clock: Clock;
  readonly ids: Ids;
  /** The answer for what the work threw. */
  failed(thrown: unknown): FhirAnswer;
}

export class AsyncJobs {
  readonly #parts: JobsParts;
  /** In every id of this run of the node. */
  readonly #run: string;
  readonly #jobs = new Map<string, Job>();
  #running = 0;
  #bytes = 0;

  constructor(parts: JobsParts) {
    this.#parts = parts;
    this.#run = parts.ids.next();
  }

  /** The id of a new job. Throws Failure `throttled` (429) where too many are under way or kept. */
  start(asker: Actor, work: JobWork): string {
    this.#sweep();
    const { asyncJobsMax, asyncJobsOfOneMax } = this.#parts.settings;
    const owner = ownerOf(asker);
    const own = [...this.#jobs.values()].filter((job) => job.owner === owner).length;
    if (this.#jobs.size >= asyncJobsMax || own >= asyncJobsOfOneMax) {
      throw new Failure(
        'throttled',
        'Too many requests are to be answered later (settings asyncJobsMax, asyncJobsOfOneMax): delete some.',
      );
    }
    const id = `${this.#run}.${this.#parts.ids.next()}`;
    this.#jobs.set(id, {
      id,
      owner,
      work,
      cancel: new AbortController(),
      state: 'waiting',
      progress: 'waiting for its turn',
      answer: undefined,
      bytes: 0,
      expiresMs: Number.POSITIVE_INFINITY,
    });
    this.#next();
    return id;
  }

  /** Throws Failure `not-found`, also for another asker; `expired` (410) for a job of a run before this one. */
  status(id: string, asker: Actor): JobStatus {
    const job = this.#find(id, asker);
    if (job.answer === undefined) return { kind: 'under-way', progress: job.progress };
    const keptMs = job.expiresMs - this.#parts.clock.monotonicMs();
    return { kind: 'done', answer: job.answer, keptMs };
  }

  /** Ends a job, or forgets its answer. Throws as `status` does. */
  cancel(id: string, asker: Actor): void {
    const job = this.#find(id, asker);
    job.cancel.abort();
    this.#forget(job);
  }

  /** Ends all jobs: nobody can fetch what they would have answered. */
  close(): void {
    for (const job of this.#jobs.values()) job.cancel.abort();
    this.#jobs.clear();
  }

  #find(id: string, asker: Actor): Job {
    this.#sweep();
    const job = this.#jobs.get(id);
    if (job !== undefined && job.owner === ownerOf(asker)) return job;
    const run = id.split('.', 1)[0] ?? '';
    if (job === undefined && run.length === this.#run.length && run !== this.#run) {
      throw new Failure(
        'expired',
        'The node has been started anew since this was asked, and the job was lost: send the request again.',
        { status: 410 },
      );
    }
    throw new Failure(
      'not-found',
      'There is no such job of yours here, or its answer is no longer kept (setting asyncKeepSeconds).',
    );
  }

  #next(): void {
    if (this.#running >= this.#parts.settings.asyncRunningMax) return;
    for (const job of this.#jobs.values()) {
      if (job.state !== 'waiting') continue;
      void this.#work(job);
      return;
    }
  }

  async #work(job: Job): Promise<void> {
    job.state = 'running';
    job.progress = 'under way';
    this.#running++;
    let answer: FhirAnswer;
    try {
      answer = await job.work(job.cancel.signal, (progress) => {
        job.progress = progress;
      });
    } catch (thrown) {
      answer = this.#parts.failed(thrown);
    }
    this.#running--;
    if (this.#jobs.get(job.id) === job) this.#keep(job, answer);
    this.#next();
  }

  #keep(job: Job, answer: FhirAnswer): void {
    const { asyncResultsBytesMax, asyncKeepSeconds } = this.#parts.settings;
    this.#sweep();
    const bytes = sizeOf(answer);
    const isTooMuch = this.#bytes + bytes > asyncResultsBytesMax;
    job.answer = isTooMuch ? this.#parts.failed(tooMuch()) : answer;
    job.bytes = isTooMuch ? 0 : bytes;
    this.#bytes += job.bytes;
    job.state = 'done';
    job.expiresMs = this.#parts.clock.monotonicMs() + asyncKeepSeconds * 1000;
    setTimeout(() => this.#sweep(), asyncKeepSeconds * 1000 + 1).unref();
  }

  #sweep(): void {
    const now = this.#parts.clock.monotonicMs();
    for (const job of this.#jobs.values()) if (job.expiresMs <= now) this.#forget(job);
  }

  #forget(job: Job): void {
    this.#bytes -= job.bytes;
    this.#jobs.delete(job.id);
  }
}

function tooMuch(): Failure {
  const text =
    'The answers that are kept are too large together (setting asyncResultsBytesMax): ask for less.';
  return new Failure('too-costly', text, { status: 413 });
}

/** The same person or system in the same role: a token may have been renewed meanwhile. */
function ownerOf({ id, role, organisation, patient }: Actor): string {
  return JSON.stringify([id, role, organisation, patient ?? null]);
}

function sizeOf({ body }: FhirAnswer): number {
  if (body === undefined) return 0;
  return Buffer.isBuffer(body) ? body.length : body.reduce((sum, part) => sum + part.length, 0);
}
