/** `callbook-node config`: whether a configuration is right before the member is started with it. */
import { Command, Option } from 'commander';
import { checkConfig } from '../configuration/check-config.ts';
import { configJsonSchema } from '../configuration/config-json-schema.ts';
import type { ConfigFault } from '../configuration/config-document.ts';
import { ConfigSchema } from '../config.ts';
import type { Print } from './keys.ts';

interface CheckOptions {
  readonly config: string;
  readonly role: 'member' | 'front';
  readonly json?: boolean;
}

/** Returns the command with its subcommands; `print` is given lines with their ends. */
export function configCommand(print: Print): Command {
  const config = new Command('config').description('check the configuration, or print its schema');

  config
    .command('check')
    .description('name every fault of the configuration and of the files that it names')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .addOption(
      new Option('--role <role>', "whose it is: a member's, or a front end's")
        .choices(['member', 'front'])
        .default('member'),
    )
    .option('--json', 'one JSON object')
    .action(async (options: CheckOptions) => {
      const { faults } =
        options.role === 'front'
          ? await checkFront(options.config)
          : await checkConfig(options.config, process.env);
      if (faults.length > 0) process.exitCode = 1;
      if (options.json === true) {
        print(
          `${JSON.stringify({ config: options.config, usable: faults.length === 0, faults })}\n`,
        );
      } else print(reportOf(options.config, faults));
    });

  config
    .command('schema')
    .description('print the JSON Schema of the configuration, for editors')
    .action(() => print(configJsonSchema(ConfigSchema)));
  return config;
}

/** Loaded by those alone who have front ends. */
async function checkFront(file: string): Promise<{ readonly faults: readonly ConfigFault[] }> {
  const { checkFrontConfig } = await import('../front/check-front-config.ts');
  return await checkFrontConfig(file, process.env);
}

/** Two lines a fault: where and what, then the fix. */
function reportOf(file: string, faults: readonly ConfigFault[]): string {
  if (faults.length === 0) return `${file}: every setting is usable\n`;
  const lines = faults.flatMap(({ line, setting, problem, fix, code }) => [
    `${file}${line === undefined ? '' : `:${line}`}: ${setting}: ${problem} (${code})`,
    `    ${fix}`,
  ]);
  const count = faults.length === 1 ? 'one fault' : `${faults.length} faults`;
  return `${[...lines, count].join('\n')}\n`;
}
