/** What becomes of anything that was thrown: said in one form, and an exit status. */
import { DirectoryError } from '@callbook/protocol';
import type { CommanderError } from 'commander';
import { cliError } from './errors.ts';
import { exitCodeOf, type ExitCode } from './exit-codes.ts';
import { createReport } from './report.ts';
import type { Terminal } from './terminal.ts';

/** Reports what is wrong with the command line. */
export function reportUsage(
  terminal: Terminal,
  error: CommanderError,
  options: { json: boolean },
): ExitCode {
  // Commander quotes what it does not understand, which may be a number.
  const message = error.message.replace(/^error: /, '').replaceAll(/\d[\d\s-]{4,}/g, '…');
  return reportFailure(terminal, cliError('usage', message), options);
}

/** Reports what a command has thrown. */
export function reportFailure(
  terminal: Terminal,
  error: unknown,
  options: { json: boolean },
): ExitCode {
  createReport(terminal, options).error(error);
  return exitCodeOf(error instanceof DirectoryError ? error.code : undefined);
}
