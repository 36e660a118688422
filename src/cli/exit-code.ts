/**
 * What a command's end means to a script, and what is said about a failure: one sentence on stderr, never a
 * stack.
 */
import { CommanderError } from 'commander';
import { Failure, type IssueType } from '../base/failure.ts';

export const EXIT = { ok: 0, failed: 1, usage: 2, partial: 3, notAllowed: 4, unreachable: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const CODES: Partial<Record<IssueType, ExitCode>> = {
  required: EXIT.usage,
  value: EXIT.usage,
  invalid: EXIT.usage,
  structure: EXIT.usage,
  'not-supported': EXIT.usage,
  incomplete: EXIT.partial,
  security: EXIT.notAllowed,
  login: EXIT.notAllowed,
  expired: EXIT.notAllowed,
  forbidden: EXIT.notAllowed,
  suppressed: EXIT.notAllowed,
  timeout: EXIT.unreachable,
  transient: EXIT.unreachable,
  'lock-error': EXIT.unreachable,
};

/** The exit code that an error ends the process with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Failure) return CODES[error.code] ?? EXIT.failed;
  return EXIT.failed;
}

/** Says what went wrong, unless the parser of commands has said so already, and sets the exit code. */
export function exitWith(code: ExitCode, error: unknown): void {
  if (!(error instanceof CommanderError)) {
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`openward: ${text}\n`);
  }
  process.exitCode = code;
}
