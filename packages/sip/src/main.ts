/** The `callbook-sip` command. */
import { Command } from 'commander';
import { DirectoryError } from '@callbook/protocol';
import { readConfig } from './config.ts';
import { createEventLog, errorCodes } from './event-log.ts';
import { packageVersion } from './package-version.ts';
import { startBridge } from './serve.ts';

const program = new Command('callbook-sip')
  .description('Runs the bridge between a SIP server and the directory.')
  .version(packageVersion)
  .showHelpAfterError('(callbook-sip --help shows what there is)');

program
  .command('serve')
  .description('answer Kamailio, and whoever wants an account, until SIGINT or SIGTERM')
  .requiredOption('--config <file>', 'configuration (YAML)')
  .action(async ({ config }: { config: string }) => await serve(config));

program
  .command('doctor')
  .description('look at everything that the configuration names, and say what is wrong')
  .requiredOption('--config <file>', 'configuration (YAML)')
  .action(async ({ config }: { config: string }) => {
    const { examine } = await import('./doctor.ts');
    const findings = await examine(await readConfig(config));
    for (const { isGood, text } of findings) {
      process.stdout.write(`${isGood ? 'ok  ' : 'FAIL'}  ${text}\n`);
    }
    process.exitCode = findings.every(({ isGood }) => isGood) ? 0 : 1;
  });

program
  .command('kamailio-config')
  .description("write Kamailio's configuration: kamailio.cfg and tls.cfg")
  .requiredOption('--config <file>', 'configuration (YAML)')
  .requiredOption('--out <folder>', 'where to write')
  .action(async ({ config, out }: { config: string; out: string }) => {
    const { writeKamailioConfig } = await import('./kamailio/write-config.ts');
    for (const path of await writeKamailioConfig(config, out)) process.stdout.write(`${path}\n`);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`callbook-sip: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
}

async function serve(configFile: string): Promise<void> {
  const config = await readConfig(configFile);
  const log = createEventLog(config.provider, config.log?.level ?? 'info');
  const stopped = new Promise<NodeJS.Signals>((stop) => {
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  });
  // A defect must not print what it was working on: codes only, then end, so that the service manager starts
  // us again from what is durable.
  process.on('uncaughtException', (error) => {
    log.error(errorCodes(error), 'defect');
    process.exit(70);
  });
  await using bridge = await startBridge(config, log);
  const { port, accountsPort, metricsPort } = bridge;
  log.info({ port, accountsPort, metricsPort }, 'serving');
  log.info({ signal: await stopped }, 'stopping');
}

/** An operating error in one line; anything else is a defect and keeps its stack. */
function sentenceOf(error: unknown): string {
  if (error instanceof DirectoryError) return `${error.message} (${error.code})`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
