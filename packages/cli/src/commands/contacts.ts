/**
 * `callbook contacts sync`: looks a whole address book up at once, each number for itself, and compares
 * with what was known before. What is new is remembered; what has changed or vanished is told, and
 * remembered only when somebody says so: it may be an attack.
 */
import { readFile } from 'node:fs/promises';
import { text as textOf } from 'node:stream/consumers';
import {
  lookupKeys,
  type ManyLookup,
  type Privacy,
  type SeenPeer,
  type Trust,
} from '@callbook/client';
import { encodeBase64Url, type Identifier, type PublishedKey } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';
import { lookupJson } from './lookup.ts';

export interface ContactsOptions {
  /** Has what is absent proven, too: what is published always is. */
  readonly proof?: boolean;
  readonly privacy?: Privacy;
  readonly trust: Trust;
  /** Remembers keys that have changed or vanished, too. */
  readonly accept?: boolean;
}

/** Compared with the last time: `unknown` had no keys then and has none now. */
type Change = 'changed' | 'new' | 'same' | 'unanswered' | 'unknown' | 'vanished';

export async function syncContacts(
  session: Session,
  file: string | undefined,
  options: ContactsOptions,
): Promise<ExitCode> {
  const { identifiers, skipped } = await readContacts(session, await readInput(session, file));
  session.report.progress(`looking ${identifiers.length} numbers up`);
  const found = await session.directory.lookupMany(identifiers, {
    trust: options.trust,
    proof: options.proof === true ? true : 'published',
    ...(options.privacy === undefined ? {} : { privacy: options.privacy }),
    onDone: (count) => session.report.progress(`${count} of ${identifiers.length} done`),
  });
  const counts = new Map<Change, number>();
  for (const contact of found) {
    const change = await compare(session, contact, options);
    counts.set(change, (counts.get(change) ?? 0) + 1);
    session.report.result(jsonOf(contact, change), linesOf(contact, change));
  }
  const { changed = 0, vanished = 0, unanswered = 0 } = Object.fromEntries(counts);
  const summary = {
    contacts: found.length,
    skipped,
    ...howOf(found),
    ...tokensOf(session, found),
    ...Object.fromEntries(counts),
  };
  session.report.result({ summary }, [
    `${found.length} numbers: ${[...counts].map(([change, count]) => `${count} ${change}`).join(', ')}` +
      (skipped === 0 ? '.' : `; ${skipped} lines are no number.`),
    ...(summary.tokens === undefined || summary.tokens.unpaid === 0
      ? []
      : [`Tokens lacked for ${summary.tokens.unpaid} of them: callbook tokens get.`]),
    ...(changed + vanished > 0 && options.accept !== true
      ? ['Ask those people by another way; then run it again with --accept.']
      : []),
  ]);
  if (changed + vanished > 0 && options.accept !== true) return exitCodes.actionNeeded;
  return unanswered > 0 ? exitCodes.unavailable : exitCodes.ok;
}

/** How the members were asked, where any has answered. */
function howOf(found: readonly ManyLookup[]): { readonly privacy?: Privacy } {
  const answered = found.find((one) => one.state !== 'unanswered');
  return answered === undefined ? {} : { privacy: answered.reason.privacy.state };
}

/** How the tokens have lasted, where there are any. */
function tokensOf(
  { wallet }: Session,
  found: readonly ManyLookup[],
): { readonly tokens?: { readonly left: number; readonly unpaid: number } } {
  if (wallet === undefined) return {};
  const isUnpaid = (one: ManyLookup): boolean =>
    one.state !== 'unanswered' && one.reason.access.state === 'unavailable';
  return { tokens: { left: wallet.count, unpaid: found.filter(isUnpaid).length } };
}

async function readInput(session: Session, file: string | undefined): Promise<string> {
  if (file === undefined || file === '-') return await textOf(session.terminal.stdin);
  return await readFile(file, 'utf8').catch((cause: unknown) => {
    throw cliError('input_unreadable', `cannot read ${file}`, { cause });
  });
}

/** One number a line, or the TEL lines of vCards (RFC 6350 §6.4.1). What is no number is counted. */
async function readContacts(
  session: Session,
  text: string,
): Promise<{ readonly identifiers: Identifier[]; readonly skipped: number }> {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const isCard = lines.some((line) => line.toUpperCase() === 'BEGIN:VCARD');
  const numbers = isCard
    ? lines.flatMap((line) => /^(?:[\w-]+\.)?TEL\b[^:]*:(.+)$/i.exec(line)?.[1] ?? [])
    : lines.filter((line) => line !== '' && !line.startsWith('#'));
  const identifiers = new Set<Identifier>();
  let skipped = 0;
  for (const number of numbers) {
    try {
      identifiers.add(await session.readIdentifier(number.split(';')[0] ?? ''));
    } catch {
      skipped += 1;
    }
  }
  return { identifiers: [...identifiers], skipped };
}

async function compare(
  session: Session,
  found: ManyLookup,
  { accept }: ContactsOptions,
): Promise<Change> {
  if (found.state === 'unanswered') return 'unanswered';
  const { identifier } = found;
  const before = await session.peers.read(identifier);
  const now: SeenPeer = { keys: lookupKeys(found) };
  const change = changeBetween(before?.keys ?? [], now.keys);
  if (change === 'new' || (accept === true && change !== 'same' && change !== 'unknown')) {
    await session.peers.write(identifier, now);
  }
  return change;
}

function changeBetween(before: readonly PublishedKey[], now: readonly PublishedKey[]): Change {
  if (before.length === 0) return now.length === 0 ? 'unknown' : 'new';
  if (now.length === 0) return 'vanished';
  return described(before) === described(now) ? 'same' : 'changed';
}

function described(keys: readonly PublishedKey[]): string {
  return JSON.stringify(
    keys.map(({ use, algorithm, key }) => `${use} ${algorithm} ${encodeBase64Url(key)}`).sort(),
  );
}

function jsonOf(found: ManyLookup, change: Change): object {
  if (found.state !== 'unanswered') return { ...lookupJson(found), change };
  const { identifier, state, code } = found;
  return { identifier, state, code, change };
}

/** A line for each number that there is something to say about. */
function linesOf(found: ManyLookup, change: Change): string[] {
  const number = writeIdentifier(found.identifier).padEnd(18);
  switch (change) {
    case 'unknown':
      return [];
    case 'unanswered':
      return [`${number}  no answer${found.state === 'unanswered' ? ` (${found.code})` : ''}`];
    case 'changed':
      return [`${number}  CHANGED   has other keys than the last time`];
    case 'vanished':
      return [`${number}  VANISHED  had keys the last time, and has none now`];
    case 'new':
    case 'same': {
      const uris = found.state === 'published' ? found.binding.routes.map(({ uri }) => uri) : [];
      return [`${number}  ${change.padEnd(8)}  ${uris.join(' ')}`];
    }
  }
}
