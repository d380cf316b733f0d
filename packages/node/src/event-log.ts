/**
 * The daemon's log: one JSON line an event, on standard output for the service manager. Nobody hands
 * it a request, a URL or a body: events carry codes, counts, origins and peer names. An error is
 * written as its code, never with its message or stack, which may quote what it was given.
 */
import { DirectoryError } from '@callbook/protocol';
import { pino } from 'pino';
import type { Logger } from 'pino';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** Makes the log of one member. */
export function createEventLog(member: string, level: LogLevel): Logger {
  return pino({
    level,
    base: { member },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorCodes, error: errorCodes },
  });
}

/** The codes of an error and of what caused it, outermost first. */
export function errorCodes(error: unknown): { readonly codes: readonly string[] } {
  const codes: string[] = [];
  for (let cause = error; cause instanceof Error && codes.length < 8; cause = cause.cause) {
    codes.push(codeOf(cause));
  }
  return { codes };
}

function codeOf(error: Error): string {
  if (error instanceof DirectoryError) return error.code;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
