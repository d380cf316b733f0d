/** `callbook-node status`: how the running member is doing, and what to do next. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { askMember } from '../admin/ask-member.ts';
import { readConfig } from '../config.ts';
import { statusLines } from '../status/status-text.ts';
import { statusView } from '../status/status-view.ts';
import type { Print } from './keys.ts';

interface StatusOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly watch?: boolean;
}

const watchEveryMs = 2_000;
/** ECMA-48: cursor to the top left, and everything from there on erased. */
const clearScreen = '\u001B[H\u001B[J';

/** Returns the command; `print` is given lines with their ends. Errors: those of `askMember`. */
export function statusCommand(print: Print): Command {
  return new Command('status')
    .description('say how the running member is doing, and what to do next')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--json', 'one JSON object')
    .option('--watch', 'again every two seconds, until it is interrupted')
    .action(async (options: StatusOptions) => await showStatus(options, print));
}

async function showStatus({ config, json, watch }: StatusOptions, print: Print): Promise<void> {
  const settings = await readConfig(config);
  for (;;) {
    const status = await askMember(settings, { ask: 'status' });
    const text = json ? JSON.stringify(status) : statusLines(statusView(status)).join('\n');
    print(`${watch && !json ? clearScreen : ''}${text}\n`);
    if (!watch) return;
    await sleep(watchEveryMs);
  }
}
