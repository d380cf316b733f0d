/** `callbook key`: shows the public keys of a held number, and replaces them all. */
import { holdingPayload } from '@callbook/client';
import { deriveKeys, encodeBase64Url } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld, selectRecord } from '../journal.ts';
import type { KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';

export interface KeyOptions {
  readonly number?: string;
}

/** Shows public keys only; the seed never leaves the key file. */
export async function showKeys(session: Session, options: KeyOptions): Promise<ExitCode> {
  return reportKeys(session, await selectRecord(session, options.number));
}

/** Signs a new seed into force; the old one can sign nothing afterwards. */
export async function rotateKey(session: Session, options: KeyOptions): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  const newSeed = globalThis.crypto.getRandomValues(new Uint8Array(32));
  const { onProgress } = session;
  // The pending entry carries the new seed, so that it is on disk before any member has the entry.
  const rotated = await journal(session, record, (savePending) =>
    session.directory.rotate(record.holding, newSeed, { onProgress, savePending }),
  );
  return reportKeys(session, rotated);
}

/** Reports what is published after a change. */
export function reportKeys(session: Session, { identifier, holding }: KeyRecord): ExitCode {
  if (holding === null) {
    throw cliError('holding_missing', 'the claim of this number was never completed');
  }
  const authorityKey = deriveKeys(holding.seed, holding).authority.publicKey;
  const { keys } = holdingPayload(holding);
  const keyFile = session.keys.pathOf(identifier);
  session.report.result({ identifier, authorityKey, keys, keyFile }, [
    writeIdentifier(identifier),
    `  authority  ed25519  ${encodeBase64Url(authorityKey)}`,
    ...keys.map(
      ({ use, algorithm, key }) =>
        `  ${use.padEnd(9)}  ${algorithm.padEnd(7)}  ${encodeBase64Url(key)}`,
    ),
    `  key file   ${keyFile}`,
  ]);
  return exitCodes.ok;
}
