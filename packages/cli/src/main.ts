/** The `callbook` process. */
import { runCallbook } from './run.ts';
import { processTerminal } from './terminal.ts';

process.exitCode = await runCallbook(process.argv.slice(2), processTerminal());
