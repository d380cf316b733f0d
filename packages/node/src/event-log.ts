/**
 * The daemon's log: one JSON line an event, on standard output for the service manager. Nobody hands
 * it a request, a URL or a body: events carry codes, counts, origins and peer names. An error is
 * written as its code, never with its message or stack, which may quote what it was given.
 */
import { DirectoryError } from '@callbook/protocol';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { LogLines } from './log-lines.ts';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

/** Makes the log of one member. */
export function createEventLog(member: string, level: LogLevel): Logger {
  const options = {
    level,
    base: { member },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: errorCodes, error: errorCodes },
  };
  return pino(options, new LogLines(process.stdout.fd));
}

/** The codes of an error and of what caused it, outermost first. */
export function errorCodes(error: unknown): { readonly codes: readonly string[] } {
  const codes: string[] = [];
  for (let cause = error; cause instanceof Error && codes.length < 8; cause = cause.cause) {
    codes.push(codeOf(cause));
  }
  // Whatever was thrown that is no error: what it is, never what is in it.
  if (codes.length === 0) codes.push(`thrown_${thrownName(error)}`);
  return { codes };
}

function thrownName(thrown: unknown): string {
  const isObject = typeof thrown === 'object' && thrown !== null;
  return isObject ? (thrown.constructor?.name ?? 'object') : typeof thrown;
}

function codeOf(error: Error): string {
  if (error instanceof DirectoryError) return error.code;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
