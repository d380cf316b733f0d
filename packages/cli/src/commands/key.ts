/** `callbook key`: shows the public keys of a held number, and replaces them all. */
import { holdingPayload } from '@callbook/client';
import { bytesEqual, deriveKeys, encodeBase64Url, type Signer } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld, selectRecord, type HeldRecord } from '../journal.ts';
import type { KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import { openSigner, type Session } from '../session.ts';

export interface KeyOptions {
  readonly number?: string;
}

/** Shows public keys only; the seed never leaves the key file. */
export async function showKeys(session: Session, options: KeyOptions): Promise<ExitCode> {
  return reportKeys(session, await selectRecord(session, options.number));
}

export interface RotateKeyOptions extends KeyOptions {
  /** A program that has the new authority key. */
  readonly newSigner?: string;
  /** Whether the new authority key is to lie in the key file, where a program has had the old one. */
  readonly toFile?: boolean;
}

/** Signs a new seed into force; the old one can sign nothing afterwards. */
export async function rotateKey(session: Session, options: RotateKeyOptions): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  const newSigner = await newSignerOf(record, options);
  const newSeed = globalThis.crypto.getRandomValues(new Uint8Array(32));
  const { onProgress } = session;
  // The pending entry carries the new seed, so that it is on disk before any member has the entry.
  const rotated = await journal(session, record, (savePending) =>
    session.directory.rotate(record.holding, newSeed, { ...newSigner, onProgress, savePending }),
  );
  return reportKeys(session, rotated);
}

async function newSignerOf(
  { identifier, holding }: HeldRecord,
  { newSigner, toFile }: RotateKeyOptions,
): Promise<{ readonly newSigner?: Signer }> {
  if (newSigner !== undefined) {
    return { newSigner: await openSigner({ command: [newSigner], identifier }) };
  }
  const { seed, authorityKey } = holding;
  const derived = seed === null ? undefined : deriveKeys(seed, holding).authority.publicKey;
  const isInFile = derived !== undefined && bytesEqual(derived, authorityKey);
  if (isInFile || toFile === true) return {};
  throw cliError('usage', 'say where the new key shall be: --new-signer or --to-file');
}

/** Reports what is published after a change. */
export function reportKeys(session: Session, { identifier, holding }: KeyRecord): ExitCode {
  if (holding === null) {
    throw cliError('holding_missing', 'the claim of this number was never completed');
  }
  const { authorityKey } = holding;
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
