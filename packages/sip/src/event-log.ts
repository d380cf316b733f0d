/**
 * The bridge's log: one JSON line an event, on standard output for the service manager. Nobody hands it a request,
 * a number or a key; an error is written as its codes, never with its message or stack, which may quote
 * what it was given.
 */
import { DirectoryError } from '@callbook/protocol';
import { pino } from 'pino';
import type { Logger } from 'pino';

export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';

export function createEventLog(provider: string, level: LogLevel): Logger {
  return pino({
    level,
    base: { provider },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: errorCodes, error: errorCodes },
  });
}

/** The codes of an error and of what caused it, outermost first. */
export function errorCodes(error: unknown): { readonly codes: readonly string[] } {
  const codes: string[] = [];
  for (let cause = error; cause instanceof Error && codes.length < 8; cause = cause.cause) {
    const hasCode = 'code' in cause && typeof cause.code === 'string';
    codes.push(
      cause instanceof DirectoryError || hasCode
        ? String((cause as { code?: unknown }).code)
        : cause.name,
    );
  }
  return { codes };
}
