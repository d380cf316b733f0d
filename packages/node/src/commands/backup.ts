/**
 * `callbook-node backup` and `callbook-node restore`. Copying is done in this process, which the launcher has put
 * behind everybody else: the member that is copied goes on answering.
 */
import { Command, InvalidArgumentError } from 'commander';
import { DirectoryError } from '@callbook/protocol';
import { findBackup } from '../backup/backup-manifest.ts';
import type { FoundBackup } from '../backup/backup-manifest.ts';
import type { MadeBackup } from '../backup/make-backup.ts';
import { ProgressLines } from '../backup/progress-lines.ts';
import { readConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import type { Report } from './key-report.ts';
import type { Print } from './keys.ts';

interface BackupCommandOptions {
  readonly config?: string;
  readonly to?: string;
  readonly keep?: number;
  readonly rate?: number;
  readonly full?: boolean;
  readonly withKeys?: boolean;
  readonly json?: boolean;
}

interface RestoreCommandOptions {
  readonly config: string;
  readonly from: string;
  readonly keysFrom?: string;
  readonly withoutMirrors?: boolean;
  readonly json?: boolean;
}

/** Returns the command with `verify`; `print` is given lines with their ends, `say` those of progress. */
export function backupCommand(print: Print, say: Print): Command {
  const backup = new Command('backup')
    .description('copy everything that this member needs, while it runs')
    .option('--config <file>', 'configuration (YAML)')
    .option('--to <folder>', 'folder of the backups')
    .option('--keep <count>', 'remove older backups, so that as many are left', count)
    .option('--rate <mebibytes>', 'copy no more a second', count)
    .option('--full', 'copy and check also what the backup before has')
    .option('--with-keys', 'with all secret keys: keep such a backup like the keys themselves')
    .option('--json', 'one JSON object')
    .action(async (options: BackupCommandOptions) =>
      report(print, options, await back(options, say)),
    );
  backup
    .command('verify')
    .description('check every file of a backup, and that the store opens')
    .argument('<folder>', 'a backup, or the folder of the backups: then the newest')
    .option('--json', 'one JSON object')
    .action(async (folder: string, options: { readonly json?: boolean }) =>
      report(print, options, await verify(folder, say)),
    );
  return backup;
}

export function restoreCommand(print: Print, say: Print): Command {
  return new Command('restore')
    .description('put a backup into an empty data folder')
    .requiredOption('--from <folder>', 'a backup, or the folder of the backups: then the newest')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--keys-from <folder>', 'a backup with keys, or a folder of such')
    .option('--without-mirrors', 'in a federation of one: lose what was logged since')
    .option('--json', 'one JSON object')
    .action(async (options: RestoreCommandOptions) =>
      report(print, options, await restore(options, say)),
    );
}

function report(print: Print, { json }: { readonly json?: boolean }, told: Report): void {
  print(json === true ? `${JSON.stringify(told.result)}\n` : `${told.lines.join('\n')}\n`);
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('give a whole number above 0');
}

async function back(options: BackupCommandOptions, say: Print): Promise<Report> {
  const { config: configFile, to, keep, rate } = options;
  if (configFile === undefined || to === undefined)
    throw new DirectoryError<NodeErrorCode>(
      'input_unreadable',
      'give --config <file> and --to <folder>',
    );
  const progress = new ProgressLines(say);
  // What opens a store is loaded here alone: these commands stand in the daemon's program too.
  const { makeBackup } = await import('../backup/make-backup.ts');
  const made = await makeBackup({
    config: await readConfig(configFile),
    configFile,
    to,
    isFull: options.full ?? false,
    withKeys: options.withKeys ?? false,
    ...(keep !== undefined && { keep }),
    ...(rate !== undefined && { bytesPerSecond: rate * 2 ** 20 }),
    onProgress: (at) => progress.note(at),
  });
  return reportMade(made);
}

function reportMade(made: MadeBackup): Report {
  const { folder, manifest, bytes, copiedBytes, tookMs, removed } = made;
  const { madeAt, ownLog, withKeys, files } = manifest;
  const seconds = (tookMs / 1000).toFixed(1);
  return {
    result: {
      folder,
      madeAt,
      ownLog,
      withKeys,
      files: files.length,
      bytes,
      copiedBytes,
      tookMs,
      removed,
    },
    lines: [
      folder,
      `  as of     ${madeAt}`,
      `  own log   ${ownLog.size} leaves, root ${ownLog.root}`,
      `  files     ${files.length}, ${mebibytes(bytes)} MiB; copied ${mebibytes(copiedBytes)} MiB in ${seconds} s`,
      ...removed.map((name) => `  removed   ${name}`),
      ...(withKeys ? ['  It has all secret keys: keep it like them.'] : []),
      `Next: callbook-node backup verify ${folder}`,
    ],
  };
}

async function verify(folder: string, say: Print): Promise<Report> {
  const found = await findBackup(folder);
  const progress = ProgressLines.of(found.manifest, say);
  const { verifyBackup } = await import('../backup/verify-backup.ts');
  await verifyBackup(found, (bytes) => progress.add(bytes));
  return reportSound(found);
}

function reportSound({ folder, manifest }: FoundBackup): Report {
  const { member, madeAt, ownLog, files, store, charterVersion } = manifest;
  return {
    result: { folder, member, madeAt, ownLog, charterVersion, store, files: files.length },
    lines: [
      `${folder} is whole: ${files.length} files`,
      `  as of     ${madeAt}, charter ${charterVersion}, store version ${store.version}`,
      `  own log   ${ownLog.size} leaves, root ${ownLog.root}`,
    ],
  };
}

async function restore(options: RestoreCommandOptions, say: Print): Promise<Report> {
  const config = await readConfig(options.config);
  const progress = ProgressLines.of((await findBackup(options.from)).manifest, say);
  const { restoreBackup } = await import('../backup/restore-backup.ts');
  const { folder, manifest, keysWritten, keysMissing } = await restoreBackup({
    config,
    from: options.from,
    ...(options.keysFrom !== undefined && { keysFrom: options.keysFrom }),
    withoutMirrors: options.withoutMirrors ?? false,
    onBytes: (bytes) => progress.add(bytes),
  });
  const { madeAt, ownLog, charterVersion } = manifest;
  return {
    result: { folder, madeAt, ownLog, charterVersion, keysWritten, keysMissing },
    lines: [
      `Restored ${folder}, as of ${madeAt}`,
      ...keysWritten.map((path) => `  wrote     ${path}`),
      `  own log   ${ownLog.size} leaves; the start fetches later ones from the other members before it writes`,
      `  charter   ${charterVersion}; where there is a newer one, list it under charters first`,
      ...keysMissing.map((path) => `  missing   ${path}`),
      keysMissing.length === 0
        ? `Next: callbook-node serve --config ${options.config}`
        : 'Next: put what is missing there, from a backup with keys (its folders keys and zone-keys)',
    ],
  };
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
