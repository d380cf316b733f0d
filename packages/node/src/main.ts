/** The `callbook-node` command. */
import { mkdirSync } from 'node:fs';
import { enableCompileCache, flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { charterCommand } from './commands/charter.ts';
import { completionCommand } from './commands/completion.ts';
import { configCommand } from './commands/config.ts';
import { doctorCommand } from './commands/doctor.ts';
import { initCommand } from './commands/init.ts';
import { keysCommand } from './commands/keys.ts';
import { statusCommand } from './commands/status.ts';
import { vrfCommand } from './commands/vrf.ts';
import { readConfig } from './config.ts';
import type { NodeConfig } from './config.ts';
import { assertOthersCannotWrite } from './configuration/config-rights.ts';
import { prepareDataFolder } from './data-folder.ts';
import { createEventLog, errorCodes } from './event-log.ts';
import { sentenceOf } from './next-steps.ts';
import { packageVersion } from './package-version.ts';

/** EX_TEMPFAIL. */
const leaseLostExitCode = 75;

const program = new Command('callbook-node')
  .description('Runs a member of a Callbook federation.')
  .version(packageVersion)
  // `charter show --version` is a version of the charter.
  .enablePositionalOptions()
  .showHelpAfterError('(callbook-node --help shows what there is)');

program
  .command('serve')
  .description('serve DNS, the API and the mesh until SIGINT or SIGTERM')
  .requiredOption('--config <file>', 'configuration (YAML)')
  .addOption(
    new Option('--role <role>', 'a member, or a front end that answers from its shared database')
      .choices(['member', 'front'])
      .default('member'),
  )
  .action(async ({ config, role }: { config: string; role: 'member' | 'front' }) => {
    if (role === 'member') return await serve(config);
    const { serveFront } = await import('./front/serve-front.ts');
    await serveFront(config);
  });

const print = (text: string): boolean => process.stdout.write(text);
program.addCommand(initCommand(print));
program.addCommand(configCommand(print));
program.addCommand(doctorCommand(print));
program.addCommand(keysCommand(print));
program.addCommand(charterCommand(print));
program.addCommand(vrfCommand(print));
program.addCommand(statusCommand(print));
const say = (text: string): boolean => process.stderr.write(text);
program.addCommand(backupCommand(print, say));
program.addCommand(restoreCommand(print, say));
program.addCommand(completionCommand(print, program));

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`callbook-node: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
}

async function serve(configFile: string): Promise<void> {
  const config = await readConfig(configFile);
  await assertOthersCannotWrite(configFile);
  await prepareDataFolder(config.dataDir);
  const log = createEventLog(config.member, config.log?.level ?? 'info');
  const stopped = new Promise<NodeJS.Signals>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  // A defect must not print what it was working on: codes only, then end, so that the service
  // manager starts us again from what is durable.
  process.on('uncaughtException', (error) => {
    log.error(errorCodes(error), 'defect');
    process.exit(70);
  });
  keepCompiledCode(config);
  // Loaded here alone: the commands about keys also run on machines that never serve.
  const { startMember } = await import('./member.ts');
  // Without a word to anybody: another process of the member has taken over. The service manager starts
  // this one again, and it stands by.
  const starting = startMember(config, log, () => process.exit(leaseLostExitCode));
  // Filling an empty store may take hours. Whatever is on disk then is found, or wiped, at the next start.
  if (typeof (await Promise.race([starting, stopped])) === 'string') process.exit(0);
  await using member = await starting;
  log.info(member.addresses, 'serving');
  // Now, because who is killed writes nothing.
  flushCompileCache();
  const signal = await stopped;
  log.info({ signal }, 'stopping');
}

/**
 * Code that was compiled once is loaded from the data folder at the next start, which halves it; by
 * threads too, which look at the environment. It is code like any: nobody else may write that folder.
 */
function keepCompiledCode({ dataDir }: NodeConfig): void {
  const folder = join(dataDir, 'compiled');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch {
    // Opening the store says what is wrong with the data folder.
    return;
  }
  process.env['NODE_COMPILE_CACHE'] = folder;
  enableCompileCache(folder);
}
