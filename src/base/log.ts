/**
 * Structured logs: JSON lines on stderr, never an identifier of a person in them. Whatever could
 * carry one (query strings, bodies, names, numbers) is not passed to a logger at all; `redact` is
 * the second line of defence for what a library passes.
 */
import { pino } from 'pino';

export interface Log {
  debug(fields: object, text: string): void;
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
  child(fields: object): Log;
}

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** A log for one process; `fields` are on every line. */
export function openLog(level: LogLevel, fields: object = {}): Log {
  return pino(
    {
      level,
      base: fields,
      redact: ['req.headers.authorization', 'req.headers.cookie', 'req.query', '*.nhsNumber'],
    },
    pino.destination({ dest: 2, sync: false }),
  );
}

/** Says nothing; for tests. */
export const silentLog: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLog,
};
