/**
 * `callbook key backup` and `key restore`: the seeds on paper or in a file that a passphrase opens, and
 * the way back. Passphrases and words are typed or read from standard input, never arguments.
 */
import { access, open, readFile } from 'node:fs/promises';
import {
  encodeBackupFile,
  encodeBackupWords,
  parseBackupFile,
  parseBackupWords,
  type BackedUpSeed,
} from '@callbook/client/backup';
import { readLine } from '../code-source.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectHeld } from '../journal.ts';
import { newRecord, seedOf, type KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';

export interface BackupOptions {
  readonly number?: string;
  readonly words?: boolean;
  readonly passphraseStdin?: boolean;
}

/** Writes `path` with every number that is held, or shows the words of one. */
export async function backupKeys(
  session: Session,
  path: string | undefined,
  options: BackupOptions,
): Promise<ExitCode> {
  if ((path === undefined) !== (options.words === true)) {
    throw cliError('usage', 'give either a file to write or --words');
  }
  return path === undefined
    ? await showWords(session, options)
    : await writeBackup(session, path, options);
}

async function showWords(session: Session, options: BackupOptions): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  const { identifier } = record;
  const words = encodeBackupWords(seedOf(record)).split(' ');
  session.report.result({ identifier, words: words.join(' ') }, [
    `${writeIdentifier(identifier)}: write these words on paper, in this order, and keep them from others.`,
    ...[0, 6, 12, 18].map((from) =>
      words
        .slice(from, from + 6)
        .map((word, index) => `${String(from + index + 1).padStart(4)} ${word.padEnd(8)}`)
        .join(' ')
        .trimEnd(),
    ),
    'They are worth nothing after "callbook key rotate": make new ones then.',
  ]);
  return exitCodes.ok;
}

async function writeBackup(
  session: Session,
  path: string,
  options: BackupOptions,
): Promise<ExitCode> {
  const seeds = await heldSeeds(session, options.number);
  // Said before a passphrase is asked for; "wx" below is what makes it true.
  if (await exists(path)) throw cliError('backup_file_unwritable', `${path} is there already`);
  const passphrase = await newPassphrase(session, options);
  const file = await encodeBackupFile(seeds, passphrase);
  try {
    // "wx" never overwrites: an older backup may be the only one of a key that still counts.
    const handle = await open(path, 'wx', 0o600);
    await handle.writeFile(file);
    await handle.sync();
    await handle.close();
  } catch (cause) {
    throw cliError('backup_file_unwritable', `cannot write ${path}, or it is there already`, {
      cause,
    });
  }
  const numbers = seeds.map(({ identifier }) => writeIdentifier(identifier));
  session.report.result({ file: path, identifiers: seeds.map(({ identifier }) => identifier) }, [
    `Backed up: ${numbers.join(', ')}.`,
    `File: ${path}. Without the passphrase it is worth nothing, to you as well.`,
  ]);
  return exitCodes.ok;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function heldSeeds(session: Session, number: string | undefined): Promise<BackedUpSeed[]> {
  if (number !== undefined) return [backedUp(await selectHeld(session, number))];
  const records = await session.keys.readAll();
  const held = records.filter(({ holding }) => holding !== null).map(backedUp);
  if (held.length === 0) throw cliError('holding_missing', 'there is nothing to back up');
  return held;
}

function backedUp(record: KeyRecord): BackedUpSeed {
  return { identifier: record.identifier, seed: seedOf(record) };
}

export interface RestoreOptions {
  readonly file?: string;
  readonly passphraseStdin?: boolean;
}

/** Makes key files from a backup: of one number by its words, or of all that are in a file. */
export async function restoreKeys(
  session: Session,
  number: string | undefined,
  options: RestoreOptions,
): Promise<ExitCode> {
  const wanted = number === undefined ? undefined : await session.readIdentifier(number);
  const { file } = options;
  if (file === undefined && wanted === undefined) {
    throw cliError('usage', 'name the number that the words are of, or a file with --file');
  }
  const seeds = file === undefined ? [] : await readSeeds(session, file, options);
  if (file === undefined && wanted !== undefined) {
    const words = await secretLine(session, 'The 24 words', 'the words');
    seeds.push({ identifier: wanted, seed: parseBackupWords(words) });
  }
  const chosen = seeds.filter(({ identifier }) => wanted === undefined || identifier === wanted);
  if (chosen.length === 0)
    throw cliError('holding_missing', 'the backup has nothing of this number');
  for (const seed of chosen) await restoreOne(session, seed);
  return exitCodes.ok;
}

async function restoreOne(session: Session, { identifier, seed }: BackedUpSeed): Promise<void> {
  const signer = await session.signerFor(identifier);
  const holding = await session.directory.restore({ identifier, seed, signer });
  // If we crash before the file is there, nothing has changed anywhere: the command can be run again.
  await session.keys.create({ ...newRecord(identifier, holding.labelEpoch), seed, holding });
  const keyFile = session.keys.pathOf(identifier);
  session.report.result({ identifier, state: 'restored', keyFile }, [
    `${writeIdentifier(identifier)} is restored.`,
    `Key file: ${keyFile}`,
  ]);
}

async function readSeeds(
  session: Session,
  path: string,
  options: RestoreOptions,
): Promise<BackedUpSeed[]> {
  const file = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw cliError('backup_file_unreadable', `cannot read ${path}`, { cause });
  });
  return await parseBackupFile(file, await passphraseFor(session, options, 'Passphrase'));
}

async function newPassphrase(session: Session, options: BackupOptions): Promise<string> {
  const passphrase = await passphraseFor(session, options, 'New passphrase');
  if (passphrase.length < passphraseCharactersMin) {
    throw cliError('usage', `the passphrase has fewer than ${passphraseCharactersMin} characters`);
  }
  if (options.passphraseStdin === true) return passphrase;
  if ((await session.terminal.ask('The same once more: ')) === passphrase) return passphrase;
  throw cliError('confirmation_missing', 'the two passphrases are not the same');
}

/** Long enough that guessing at scrypt's cost is no plan; what it is made of is up to its owner. */
const passphraseCharactersMin = 12;

async function passphraseFor(
  session: Session,
  options: { readonly passphraseStdin?: boolean },
  question: string,
): Promise<string> {
  if (options.passphraseStdin === true) return await readLine(session.terminal, 'a passphrase');
  return await secretLine(session, question, 'a passphrase');
}

async function secretLine(session: Session, question: string, what: string): Promise<string> {
  const { terminal } = session;
  return terminal.interactive
    ? await terminal.ask(`${question}: `)
    : await readLine(terminal, what);
}
