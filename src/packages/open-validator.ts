/**
 * $validate beside the thread that answers everybody: one resource after the other, in a thread that is started
 * when it is first needed, each within a time after which it is ended with its thread.
 */
import type { Worker } from 'node:worker_threads';
import { Failure, type Issue } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { startThread } from '../base/start-thread.ts';
import type { ValidateBeside } from '../fhir/profile-validator.ts';

type Limits = Pick<
  Settings,
  | 'profileElementsMax'
  | 'profileStepsMax'
  | 'profileIssuesMax'
  | 'profileDepthMax'
  | 'validateSecondsMax'
  | 'validateQueueMax'
>;

export interface ValidatorData {
  /** Where the packages of the node lie. */
  readonly folder: string;
  readonly limits: Limits;
}

export interface ValidatorQuestion {
  readonly resource: unknown;
  readonly profiles: readonly string[];
}

export type ValidatorAnswer = { readonly issues: readonly Issue[] } | { readonly failed: string };

export interface OpenValidator {
  readonly validate: ValidateBeside;
  close(): Promise<void>;
}

interface Job {
  readonly question: ValidatorQuestion;
  readonly resolve: (issues: readonly Issue[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The validator of a node; nothing is started yet. */
export function openValidator(data: ValidatorData): OpenValidator {
  const validator = new ThreadedValidator(data);
  return {
    validate: (resource, profiles) => validator.ask({ resource, profiles }),
    close: () => validator.close(),
  };
}

class ThreadedValidator {
  readonly #data: ValidatorData;
  readonly #waiting: Job[] = [];
  #thread: Worker | undefined;
  #running: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(data: ValidatorData) {
    this.#data = data;
  }

  /** Rejects with Failure `throttled` where too many wait, `too-costly` where it takes too long. */
  ask(question: ValidatorQuestion): Promise<readonly Issue[]> {
    const { validateQueueMax } = this.#data.limits;
    if (this.#waiting.length >= validateQueueMax) {
      const text = `Too many resources wait to be validated (${validateQueueMax}, setting validateQueueMax).`;
      return Promise.reject(new Failure('throttled', `${text} Try again in a moment.`));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ question, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const left = this.#running === undefined ? this.#waiting : [this.#running, ...this.#waiting];
    for (const job of left) job.reject(new Failure('transient', 'The node is being stopped. Try again.'));
    this.#waiting.length = 0;
    await this.#end();
  }

  #next(): void {
    if (this.#running !== undefined || this.#closed) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#thread?.unref();
      return;
    }
    this.#running = job;
    const thread = this.#thread ?? this.#start();
    thread.ref();
    this.#timer = setTimeout(() => this.#late(), this.#data.limits.validateSecondsMax * 1000);
    thread.postMessage(job.question);
  }

  #start(): Worker {
    const thread = startThread('validator-thread', import.meta.url, this.#data);
    thread.on('message', (answer: ValidatorAnswer) => this.#answered(answer));
    thread.on('error', (error) => this.#broke(thread, error));
    this.#thread = thread;
    return thread;
  }

  #answered(answer: ValidatorAnswer): void {
    const job = this.#done();
    if ('issues' in answer) job?.resolve(answer.issues);
    else job?.reject(new Error(answer.failed));
    this.#next();
  }

  #late(): void {
    const { validateSecondsMax } = this.#data.limits;
    const text = `It takes longer than ${validateSecondsMax} s to validate this (setting validateSecondsMax).`;
    const job = this.#done();
    void this.#end().then(() => {
      job?.reject(new Failure('too-costly', `${text} Send less at once.`));
      this.#next();
    });
  }

  /** Out of memory, or never started: the next resource has a new thread. */
  #broke(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    this.#done()?.reject(error);
    this.#next();
  }

  #done(): Job | undefined {
    const job = this.#running;
    this.#running = undefined;
    clearTimeout(this.#timer);
    return job;
  }

  async #end(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    clearTimeout(this.#timer);
    await thread?.terminate();
  }
}
