/**
 * `callbook-node charter fetch`: brings the charters that are in force from a member's API into the
 * folder of the configuration. It believes the member nothing: version 1 is known by its hash or is
 * here already, and every later one is signed by the quorum of the one before.
 */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { charterSet, DirectoryError } from '@callbook/protocol';
import type { CharterSet, Cryptography } from '@callbook/protocol';
import { readConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import type { NodeErrorCode } from '../errors.ts';
import { errorCodes } from '../event-log.ts';
import { boundedGet, isDistrust } from './bounded-get.ts';
import type { Got } from './bounded-get.ts';
import { accepted } from './charter-notes.ts';
import type { WriteReport } from './charter.ts';
import { isoTime } from './key-report.ts';
import type { Report } from './key-report.ts';
import { readInput, writeOutput } from './key-place.ts';

interface FetchOptions {
  readonly config: string;
  readonly from: string;
  readonly hash?: string;
  readonly ca?: string;
  readonly json?: boolean;
}

/** As many as a configuration may list. */
const versionsMax = 1000;

/** Adds `fetch`. */
export function addFetch(charter: Command, report: WriteReport): void {
  charter
    .command('fetch')
    .description(
      'fetch the charters in force from a member, check them, and write them where they are listed',
    )
    .requiredOption('--config <file>', 'configuration (YAML)')
    .requiredOption('--from <url>', "a member's API, https://host[:port]")
    .option(
      '--hash <hex>',
      'hash of version 1, from somebody you trust; not needed when it is here',
    )
    .option('--ca <file>', 'certificate (PEM) of an authority to trust beside the usual ones')
    .option('--json', 'one JSON object')
    .action(async (options: FetchOptions) =>
      report(options, await fetchCharters(options, await pickCryptography())),
    );
}

async function fetchCharters(options: FetchOptions, crypto: Cryptography): Promise<Report> {
  const config = await readConfig(options.config);
  const folder = dirname(config.charters[0]!);
  const fileOf = (version: number): string => join(folder, `charter-${version}.note`);
  const ca = options.ca === undefined ? undefined : await readInput(options.ca);
  const notes = await fetchNotes(options.from, ca);
  const { all } = accepted(charterSet(notes, crypto));
  await assertSameFederation(all, { hash: options.hash, fileOf });
  const written: string[] = [];
  for (const { charter, note } of all) {
    if ((await noteAt(fileOf(charter.version))) !== undefined) continue;
    await writeOutput(fileOf(charter.version), note);
    written.push(fileOf(charter.version));
  }
  const { charter } = all.at(-1)!;
  const isNamed = charter.members.some(({ name }) => name === config.member);
  const state = isNamed
    ? `Version ${charter.version} names ${config.member}.`
    : `No version names ${config.member} yet; the newest is ${charter.version}, in force since ${isoTime(charter.effectiveAtMs)}.`;
  const next = isNamed
    ? 'Next: callbook-node config check --config … says what is still missing.'
    : 'Next: fetch again when it does, or copy the signed note of the coming one into the folder.';
  return {
    result: { version: charter.version, named: isNamed, written },
    lines: [...written.map((file) => `${file} is written.`), state, next],
  };
}

async function fetchNotes(from: string, ca: string | undefined): Promise<string[]> {
  const notes: string[] = [];
  while (notes.length < versionsMax) {
    const { status, text } = await ask(
      `${from.replace(/\/$/, '')}/v1/charter/${notes.length + 1}`,
      ca,
    );
    if (status === 404 && notes.length > 0) return notes;
    if (status !== 200) throw unreachable(`the member answers with status ${status}`);
    notes.push(text);
  }
  return notes;
}

async function ask(url: string, ca: string | undefined): Promise<Got> {
  if (!/^https:\/\/[^\s?#]+$/.test(url)) throw unreachable('--from: https://host[:port]');
  try {
    return await boundedGet(url, { ca });
  } catch (cause) {
    if (!isDistrust(cause)) throw unreachable('the member does not answer', cause);
    const code = errorCodes(cause).codes.join(', ');
    const message = `the certificate of the member is not trusted (${code}); --ca names its authority`;
    throw unreachable(message, cause);
  }
}

/** A note that is here already, and the hash that was given, must be of the chain that came. */
async function assertSameFederation(
  all: CharterSet['all'],
  known: { readonly hash: string | undefined; readonly fileOf: (version: number) => string },
): Promise<void> {
  const [first] = all;
  const { hash, fileOf } = known;
  if (hash !== undefined && hash.toLowerCase() !== first!.hash.toHex()) {
    throw foreign('version 1 of this member has another hash than the one that was given');
  }
  const here = await noteAt(fileOf(1));
  if (hash === undefined && here === undefined) {
    throw foreign('nothing says which federation is meant: give --hash, from somebody you trust');
  }
  for (const { charter, note } of all) {
    const before = await noteAt(fileOf(charter.version));
    if (before === undefined || textOf(before) === textOf(note)) continue;
    throw foreign(`${fileOf(charter.version)} is another charter than the one of this member`);
  }
}

/** What is signed: copies may have more or fewer signatures. */
function textOf(note: string): string {
  return note.slice(0, note.indexOf('\n\n'));
}

async function noteAt(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined);
}

function foreign(message: string): DirectoryError<NodeErrorCode> {
  return new DirectoryError('charter_foreign', message);
}

function unreachable(message: string, cause?: unknown): DirectoryError<NodeErrorCode> {
  return new DirectoryError('member_unreachable', message, { cause });
}
