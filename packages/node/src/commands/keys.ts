/**
 * `callbook-node keys`: what an operator does with the keys of the zone. Each command changes the
 * folder of keys alone; a member that is running takes it up by itself.
 */
import { Argument, Command, Option } from 'commander';
import {
  addKsk,
  changeKeyState,
  confirmDs,
  createFirstKeys,
  dnskeyOfEntry,
  readKeyState,
  requestRoll,
} from '@callbook/dns';
import type { KeyRole } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { isInCharter } from '../member-keys.ts';
import { readZoneKeyOutlook, zoneKeyOutlook } from '../status/zone-key-outlook.ts';
import { systemClock } from '../system-ports.ts';
import { openKeyPlace, openMemberPlace } from './key-place.ts';
import type { PlaceOptions } from './key-place.ts';
import { reportDs, reportKeys, reportRoll } from './key-report.ts';
import type { Report } from './key-report.ts';
import { addOfflineCommands } from './offline-keys.ts';

export type Print = (text: string) => void;

/** Returns the command with its subcommands; `print` is given lines with their ends. */
export function keysCommand(print: Print): Command {
  const keys = new Command('keys').description(
    'the keys of the zone: see, roll over, sign offline',
  );
  const report = ({ json }: { readonly json?: boolean }, { result, lines }: Report): void =>
    print(json === true ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`);

  placed(keys.command('create'))
    .description('make the first keys of a folder, where there are none')
    .addOption(new Option('--only <role>', 'this key alone').choices(['ksk', 'zsk']))
    .addOption(new Option('--algorithm <number>').choices(['13', '15']).default('13'))
    .action(async (options: CreateOptions) => report(options, await createKeys(options)));

  placed(keys.command('list'))
    .description('say which keys there are, and what comes next')
    .action(async (options: GivenOptions) => report(options, await listKeys(options)));

  placed(keys.command('roll'))
    .description('replace the active key, as soon as caches allow')
    .addArgument(new Argument('<role>').choices(['ksk', 'zsk']))
    .action(async (role: KeyRole, options: GivenOptions) =>
      report(options, await rollKeys(role, options)),
    );

  keys
    .command('ds')
    .description('say which DS the parent and the charter should have')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--confirm <key>', 'record that the parent has the DS of this KSK: cannot be undone')
    .option('--json', 'one JSON object')
    .action(async (options: DsOptions) => report(options, await showDs(options)));

  addOfflineCommands(keys, report);
  return keys;
}

interface GivenOptions extends PlaceOptions {
  readonly json?: boolean;
}
interface CreateOptions extends GivenOptions {
  readonly only?: KeyRole;
  readonly algorithm: '13' | '15';
}
interface DsOptions {
  readonly config: string;
  readonly confirm?: string;
  readonly json?: boolean;
}

function placed(command: Command): Command {
  return command
    .addOption(new Option('--config <file>', 'configuration (YAML)').conflicts('folder'))
    .option('--folder <folder>', 'a folder of keys, on a machine without a configuration')
    .option('--json', 'one JSON object');
}

async function createKeys(options: CreateOptions): Promise<Report> {
  const { store, timings } = await openKeyPlace(options);
  const roles = options.only === undefined ? (['ksk', 'zsk'] as const) : [options.only];
  const algorithm = options.algorithm === '15' ? 15 : 13;
  const nowMs = systemClock.nowMs();
  const state = await createFirstKeys(store, { roles, algorithm }, nowMs);
  return reportKeys(zoneKeyOutlook(state, { nowMs, timings }));
}

async function listKeys(options: GivenOptions): Promise<Report> {
  const { store, timings } = await openKeyPlace(options);
  return reportKeys(await readZoneKeyOutlook(store, { nowMs: systemClock.nowMs(), timings }));
}

async function rollKeys(role: KeyRole, options: GivenOptions): Promise<Report> {
  const { store, member, timings } = await openKeyPlace(options);
  const nowMs = systemClock.nowMs();
  if (member === undefined && role === 'ksk') {
    const listed = reportKeys(zoneKeyOutlook(await addKsk(store, nowMs), { nowMs, timings }));
    const next = 'Next: the new KSK is introduced by the next request that is signed here.';
    return { ...listed, lines: [...listed.lines, next] };
  }
  const { state: before } = await readKeyState(store, nowMs);
  if (role === 'ksk' && before.presignedFile !== undefined)
    throw new DirectoryError<NodeErrorCode>(
      'ksk_elsewhere',
      'the KSK is on another machine: run "callbook-node keys roll ksk --folder …" there',
    );
  let changedFrom = before;
  const after = await changeKeyState(store, nowMs, (state) => {
    changedFrom = state;
    return requestRoll(state, role);
  });
  return reportRoll(changedFrom, after, role);
}

async function showDs({ config, confirm }: DsOptions): Promise<Report> {
  const { store, member } = await openMemberPlace(config);
  const nowMs = systemClock.nowMs();
  if (confirm === undefined) return reportDs((await readKeyState(store, nowMs)).state, member);
  const state = await changeKeyState(store, nowMs, (before) => {
    const changed = confirmDs(before, confirm);
    const entry = changed.keys.find(({ id }) => id === confirm)!;
    // Once the old KSK is gone, a member whose charter does not name the new one would not start.
    if (!isInCharter(member, dnskeyOfEntry(entry)))
      throw new DirectoryError<NodeErrorCode>(
        'member_key_mismatch',
        `the charter does not name the DS of ${confirm} yet: adopt one that does first`,
      );
    return changed;
  });
  return reportDs(state, member);
}
