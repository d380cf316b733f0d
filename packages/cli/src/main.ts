/** The `callbook` process. What it runs is loaded after its compiled code has been looked for. */
import { keepCompiledCode } from './compiled-code.ts';
import { processTerminal } from './terminal.ts';

keepCompiledCode(process.env);
const { runCallbook } = await import('./run.ts');
process.exitCode = await runCallbook(process.argv.slice(2), processTerminal());
