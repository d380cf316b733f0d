/** Runs one command line: parses it, runs the command, reports what went wrong, returns the status. */
import { CommanderError, type Command } from 'commander';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { buildProgram } from './program.ts';
import type { Terminal } from './terminal.ts';

/** Runs `callbook` with these arguments (without program and script) and returns its exit code. */
export async function runCallbook(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = exitCodes.ok;
  const program = buildProgram(terminal, (code) => {
    exitCode = code;
  });
  forEachCommand(program, (command) => {
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => terminal.out(text),
      // The error comes back as an exception and is reported below, in one form for all.
      writeErr: () => undefined,
    });
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.ok;
    if (isBareCall(error)) {
      terminal.err(program.helpInformation());
      return exitCodes.usage;
    }
    const { reportFailure, reportUsage } = await import('./failure.ts');
    const options = { json: argv.includes('--json') };
    return error instanceof CommanderError
      ? reportUsage(terminal, error, options)
      : reportFailure(terminal, error, options);
  }
}

function forEachCommand(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) forEachCommand(child, visit);
}

function isBareCall(error: unknown): boolean {
  return error instanceof CommanderError && error.code === 'commander.help';
}
