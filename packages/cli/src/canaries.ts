/**
 * The canaries of an audit: numbers of the auditor's own, whose key files are in the folder of the audit
 * and not among those of the person who runs it; and what asking about them takes. The directory spends
 * no tokens and has no other keys.
 */
import { join } from 'node:path';
import { storedCharters, CacheFolder } from '@callbook/auditor';
import type { Findings, NumbersContext, WatchedNumber } from '@callbook/auditor';
import { createDirectory } from '@callbook/client';
import type { AuditSession } from './audit-session.ts';
import { openTransport } from './configuration.ts';
import { cliError } from './errors.ts';
import { KeyStore } from './key-file.ts';
import type { KeyRecord } from './key-file.ts';

/** Key files of the canaries of the audit in a folder. */
export function canaryKeys(path: string): KeyStore {
  return new KeyStore(join(path, 'canaries'));
}

/** Canaries whose claim is complete, in the order in which findings name them. */
export async function readCanaries(path: string): Promise<WatchedNumber[]> {
  const records = await canaryKeys(path).readAll();
  return records.flatMap(watchedNumber);
}

function watchedNumber({ identifier, holding }: KeyRecord): WatchedNumber[] {
  return holding === null ? [] : [{ identifier, holding }];
}

/** How numbers are asked about. */
export interface AskingOptions {
  readonly resolver?: string;
  /** Seconds for which what differs is asked for again. */
  readonly settle?: string;
}

const settleSecondsMax = 600;

/** What it takes to ask about numbers; the charters are those of the last replay. */
export async function numbersContext(
  { configuration, path, crypto }: AuditSession,
  findings: Findings,
  { resolver, settle }: AskingOptions,
): Promise<NumbersContext> {
  if (configuration === undefined) throw cliError('usage', 'numbers are not asked about offline');
  const { charterNote } = configuration;
  const folder = new CacheFolder(path);
  const named = resolver ?? configuration.resolver;
  return {
    directory: createDirectory({ charterNote, crypto }),
    openBy: (dns) => createDirectory({ charterNote, crypto, dns }),
    resolver: named === undefined ? undefined : await openTransport(named),
    findings,
    folder,
    charters: storedCharters({ folder, crypto }, charterNote),
    crypto,
    nowMs: () => Date.now(),
    settleMs: settle === undefined ? undefined : readSettle(settle) * 1000,
  };
}

/** Reads the seconds for which what differs is asked for again. Throws `usage`. */
function readSettle(text: string): number {
  const seconds = Number(text);
  if (text !== '' && seconds >= 0 && seconds <= settleSecondsMax) return seconds;
  throw cliError('usage', `--settle is not a number of seconds from 0 to ${settleSecondsMax}`);
}
