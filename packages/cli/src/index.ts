/** The command as a function, for those who embed it and for tests; `main.ts` is the process. */

export { runCallbook } from './run.ts';
export { processTerminal } from './terminal.ts';
export type { Terminal } from './terminal.ts';
export { exitCodes } from './exit-codes.ts';
export type { ExitCode } from './exit-codes.ts';
export { cliErrorCodes } from './errors.ts';
export type { CliErrorCode } from './errors.ts';
