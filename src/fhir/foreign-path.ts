/**
 * FHIRPath that a client has sent: a patch, a filter. It may be as long, as deep and as slow as its author likes (a
 * pattern of `matches()` alone can take for ever), and it runs on the thread that serves everybody: so its length
 * and its time are limited, and it is not kept. http://hl7.org/fhirpath/N1
 */
import { createContext, Script } from 'node:vm';
import { systemClock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { Settings } from '../base/settings.ts';
import { compileOnce, type PathFunction } from './fhir-path.ts';

/** Where what is to be run within a time stands for the moment; the script does nothing but call it. */
const holder: { run: () => unknown } = { run: () => undefined };
const context = createContext(holder);
const script = new Script('run()');

/**
 * The time that all FHIRPath of one request may take together, reading it included: the setting fhirPathMs. Many
 * expressions that are each within it would be as good as one that is not.
 */
export class PathTime {
  readonly #allMs: number;
  #leftMs: number;

  constructor({ fhirPathMs }: Pick<Settings, 'fhirPathMs'>) {
    this.#allMs = fhirPathMs;
    this.#leftMs = fhirPathMs;
  }

  /**
   * What `work` returns; it costs some 0.1 ms more. An end by time passes every `catch` and `finally` within: then
   * it throws Failure `too-costly` (status 400).
   */
  spend<T>(work: () => T): T {
    if (this.#leftMs < 1) throw this.#tooSlow();
    const started = systemClock.monotonicMs();
    holder.run = work;
    try {
      return script.runInContext(context, { timeout: Math.ceil(this.#leftMs) }) as T;
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw this.#tooSlow();
    } finally {
      holder.run = () => undefined;
      this.#leftMs -= systemClock.monotonicMs() - started;
    }
  }

  #tooSlow(): Failure {
    return tooCostly(
      `takes longer than ${this.#allMs} ms, with all others of the request; setting fhirPathMs`,
    );
  }
}

/**
 * As `compile`. Throws Failure `invalid` where it is no FHIRPath, and `too-costly` (status 400) where it is longer
 * than the setting fhirPathLengthMax; it, or the function, where the request's time is over.
 */
export function compileForeign(
  expression: string,
  type: string,
  settings: Pick<Settings, 'fhirPathLengthMax' | 'fhirPathMs'>,
  time = new PathTime(settings),
): PathFunction {
  if (expression.length > settings.fhirPathLengthMax) {
    throw tooCostly(`is longer than ${settings.fhirPathLengthMax} characters; setting fhirPathLengthMax`);
  }
  const path = time.spend(() => compileOnce(expression, type));
  return (resource, environment, resolver) => time.spend(() => path(resource, environment, resolver));
}

function tooCostly(what: string): Failure {
  return new Failure('too-costly', `The FHIRPath expression ${what}.`, { status: 400 });
}
