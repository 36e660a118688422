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
 * As `compile`. Throws Failure `invalid` where it is no FHIRPath, and `too-costly` (status 400) where it is longer
 * than the setting fhirPathLengthMax; it, or the function, where all that it was asked for together takes longer than
 * fhirPathMs. The limit costs some 0.1 ms each time.
 */
export function compileForeign(
  expression: string,
  type: string,
  settings: Pick<Settings, 'fhirPathLengthMax' | 'fhirPathMs'>,
): PathFunction {
  if (expression.length > settings.fhirPathLengthMax) {
    throw tooCostly(`is longer than ${settings.fhirPathLengthMax} characters; setting fhirPathLengthMax`);
  }
  const budget: Budget = { allMs: settings.fhirPathMs, leftMs: settings.fhirPathMs };
  const path = within(budget, () => compileOnce(expression, type));
  return (resource, environment, resolver) => within(budget, () => path(resource, environment, resolver));
}

interface Budget {
  readonly allMs: number;
  leftMs: number;
}

/** What `run` returns. An end by time passes every `catch` and `finally` within. */
function within<T>(budget: Budget, run: () => T): T {
  if (budget.leftMs < 1) throw tooSlow(budget);
  const started = systemClock.monotonicMs();
  holder.run = run;
  try {
    return script.runInContext(context, { timeout: Math.ceil(budget.leftMs) }) as T;
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw tooSlow(budget);
  } finally {
    holder.run = () => undefined;
    budget.leftMs -= systemClock.monotonicMs() - started;
  }
}

function tooSlow({ allMs }: Budget): Failure {
  return tooCostly(`takes longer than ${allMs} ms; setting fhirPathMs`);
}

function tooCostly(what: string): Failure {
  return new Failure('too-costly', `The FHIRPath expression ${what}.`, { status: 400 });
}
