/**
 * `callbook-node charter`: how operators govern the federation. Drafting and adopting go through the
 * running member; showing and signing need files only.
 */
import { Argument, Command } from 'commander';
import { readConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import { systemClock } from '../system-ports.ts';
import { adoptCharter, mergeCharter, proposeCharter } from './charter-adoption.ts';
import type { ProposeOptions } from './charter-adoption.ts';
import { addDraftCommands } from './charter-draft.ts';
import { addFetch } from './charter-fetch.ts';
import { addFoundingCommands } from './charter-founding.ts';
import { readCharterFile } from './charter-notes.ts';
import { knownCharters, standingOf } from './charter-place.ts';
import { reportCharter } from './charter-report.ts';
import { signCharter } from './charter-signing.ts';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';
import type { Report } from './key-report.ts';
import type { Print } from './keys.ts';

const steps = `
From one charter to the next:
  1. draft add-member | set-state | set …   any member writes, draft show says what there is
  2. propose --out charter-2.json           one member makes the text of it
  3. sign charter-2.json …                  each member looks at it, and signs offline
  4. adopt charter-2.*.note                 one member gives it to all
The first charter: key, describe, found, sign, merge. More in docs/operators/members.md.`;

export type WriteReport = (options: { readonly json?: boolean }, report: Report) => void;

/** Returns the command with its subcommands; `print` is given lines with their ends. */
export function charterCommand(print: Print): Command {
  const charter = new Command('charter').description(
    'the charter of the federation: look, draft, propose, sign, adopt',
  );
  charter.addHelpText('after', steps);
  const report: WriteReport = ({ json }, { result, lines }) =>
    print(json === true ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`);
  addShow(charter, print, report);
  addDraftCommands(charter, report);
  addPropose(charter, report);
  addSign(charter, report);
  addAdopt(charter, report);
  addFetch(charter, report);
  addFoundingCommands(charter, report);
  return charter;
}

interface ShowOptions {
  readonly config?: string;
  readonly previous?: string;
  readonly version?: string;
  readonly note?: boolean;
  readonly json?: boolean;
}

function addShow(charter: Command, print: Print, report: WriteReport): void {
  charter
    .command('show')
    .description('say what a charter says, who has signed it, and what it changes')
    .addArgument(new Argument('[file]', 'note or proposal; without it, that of the member'))
    .option('--config <file>', 'configuration (YAML) of a member on this machine')
    .option('--previous <file>', 'note of the charter before, to compare with')
    .option('--version <number>', 'a version that the member knows; else the one in force')
    .option('--note', 'print the signed note itself')
    .option('--json', 'one JSON object')
    .action(async (file: string | undefined, options: ShowOptions) => {
      const shown = await show(file, options);
      if (options.note === true) print(shown.note);
      else report(options, shown.report);
    });
}

async function show(
  file: string | undefined,
  options: ShowOptions,
): Promise<{ readonly note: string; readonly report: Report }> {
  const crypto = await pickCryptography();
  if (file !== undefined) {
    const [shown, previous] = [await readCharterFile(file, crypto), options.previous];
    const before = previous === undefined ? undefined : await readCharterFile(previous, crypto);
    const standing = shown.note === undefined ? 'proposed' : undefined;
    const at = { ...shown, previous: before?.charter, ...(standing && { standing }) };
    return { note: shown.note ?? shown.text, report: reportCharter(at, crypto) };
  }
  const { charters, inForce } = await knownCharters(await configOf(options), crypto);
  const version = Number(options.version ?? inForce ?? charters.length);
  const shown = charters[version - 1];
  if (shown === undefined) {
    throw new DirectoryError<NodeErrorCode>(
      'charter_unreadable',
      `no version ${version} is known here, the newest is ${charters.length}`,
    );
  }
  const previous = charters[version - 2]?.charter;
  const standing = standingOf(shown.charter, inForce);
  const { result, lines } = reportCharter({ ...shown, previous, standing }, crypto);
  const waiting = charters
    .slice(version)
    .map((later) => `Version ${later.charter.version}: ${standingOf(later.charter, inForce)}.`);
  return { note: shown.note, report: { result, lines: [...lines, ...waiting] } };
}

async function configOf({ config }: ShowOptions): ReturnType<typeof readConfig> {
  if (config === undefined) {
    const message = 'give a charter file, or --config <file>';
    throw new DirectoryError<NodeErrorCode>('config_unreadable', message);
  }
  return await readConfig(config);
}

function addPropose(charter: Command, report: WriteReport): void {
  charter
    .command('propose')
    .description('make of the draft the text that members sign')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .requiredOption('--out <file>', 'proposal to write')
    .option(
      '--sign-within <span>',
      'time that members get to sign, before the notice; 1d, or none for an expulsion',
    )
    .option('--lifetime <span>', 'how long the charter is good for; else as long as the one before')
    .option('--json', 'one JSON object')
    .action(async (options: ProposeOptions) => {
      const ports = { crypto: await pickCryptography(), clock: systemClock };
      report(options, await proposeCharter(options, ports));
    });
}

interface SignOptions {
  readonly key: string;
  readonly previous?: string;
  readonly out: string;
  readonly json?: boolean;
}

function addSign(charter: Command, report: WriteReport): void {
  charter
    .command('sign')
    .description('sign a proposal with a governance key; needs no network')
    .addArgument(new Argument('<file>', 'proposal; look at it first: charter show <file>'))
    .requiredOption('--key <file>', 'governance key')
    .requiredOption('--out <file>', 'signed copy to write')
    .option('--previous <file>', 'note of the charter before; none for version 1')
    .option('--json', 'one JSON object')
    .action(async (file: string, options: SignOptions) => {
      const ports = { crypto: await pickCryptography(), clock: systemClock };
      const { key: keyFile, out, previous } = options;
      report(options, await signCharter({ file, keyFile, out, previous }, ports));
    });
}

interface AdoptOptions {
  readonly config: string;
  readonly json?: boolean;
}
interface MergeOptions {
  readonly out: string;
  readonly previous?: string;
  readonly json?: boolean;
}

function addAdopt(charter: Command, report: WriteReport): void {
  charter
    .command('adopt')
    .description('put signed copies together and give the charter to all members')
    .addArgument(new Argument('<files...>', 'signed copies of one proposal'))
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--json', 'one JSON object')
    .action(async (files: readonly string[], options: AdoptOptions) =>
      report(options, await adoptCharter(files, options.config, await pickCryptography())),
    );

  charter
    .command('merge')
    .description('put signed copies together into one file, without a running member')
    .addArgument(new Argument('<files...>', 'signed copies of one proposal'))
    .requiredOption('--out <file>', 'note to write')
    .option('--previous <file>', 'note of the charter before; none for version 1')
    .option('--json', 'one JSON object')
    .action(async (files: readonly string[], options: MergeOptions) =>
      report(options, await mergeCharter(files, options, await pickCryptography())),
    );
}
