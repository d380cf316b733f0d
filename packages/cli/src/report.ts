/**
 * What the command prints. With `--json` every result is one JSON object on one line of standard
 * output (NDJSON) and an error is one on standard error; without it, text for people, and after an
 * error the next step to take.
 */
import { DirectoryError } from '@callbook/protocol';
import { nextStepFor } from './next-steps.ts';
import type { Terminal } from './terminal.ts';

export interface Report {
  /** Prints one result: the object with `--json`, else the lines. */
  result(value: object, lines: readonly string[]): void;
  /** Tells a waiting person what is going on; nothing unless a terminal shows it. */
  progress(text: string): void;
  error(error: unknown): void;
}

export function createReport(terminal: Terminal, options: { json: boolean }): Report {
  return {
    result(value, lines) {
      if (!options.json && lines.length === 0) return;
      terminal.out(
        options.json ? `${JSON.stringify(value, jsonValue)}\n` : `${lines.join('\n')}\n`,
      );
    },
    progress(text) {
      if (terminal.showsProgress) terminal.err(`${text}\n`);
    },
    error(error) {
      const { code, message, details } = describeError(error);
      const next = nextStepFor(code, details);
      const json = { error: { code, message, details, ...(next === undefined ? {} : { next }) } };
      const text = [`callbook: ${message} (${code})`, ...(next === undefined ? [] : [next])];
      terminal.err(options.json ? `${JSON.stringify(json)}\n` : `${text.join('\n')}\n`);
    },
  };
}

type Details = Readonly<Record<string, string | number | boolean>>;

function describeError(error: unknown): { code: string; message: string; details: Details } {
  if (error instanceof DirectoryError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, details: {} };
}

/** Bytes are base64url in JSON, as in the API. */
function jsonValue(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array
    ? value.toBase64({ alphabet: 'base64url', omitPadding: true })
    : value;
}
