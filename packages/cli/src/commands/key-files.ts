/**
 * `callbook key export` and `key import`: published keys for other software, and keys of other software
 * to publish. PEM as OpenSSL writes it; OpenPGP certificates armored or binary (RFC 9580 §6.2).
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { holdingPayload, publishedKeysOf } from '@callbook/client';
import {
  deriveKeys,
  encodeBase64Url,
  subjectPublicKeyInfo,
  type KeyAlgorithm,
  type KeyUse,
  type PublishedKey,
} from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld, type HeldRecord } from '../journal.ts';
import { seedOf } from '../key-file.ts';
import { writeNewFile } from '../new-file.ts';
import { derivedSecret } from '../secret-key.ts';
import type { Session } from '../session.ts';
import { reportKeys } from './key.ts';

type ExportedUse = 'box' | 'identity' | 'sip';

export interface KeyExportOptions {
  readonly number?: string;
  readonly use: ExportedUse;
  /** New file for the secret key. */
  readonly secret?: string;
}

/** Prints the public key as PEM, or writes the secret one to a file of the owner's alone. */
export async function exportKey(session: Session, options: KeyExportOptions): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  const { identifier, holding } = record;
  const { use, secret } = options;
  const derived = derivedKeys(record).find((key) => key.use === use);
  const published = holdingPayload(holding).keys.filter((key) => key.use === use);
  const isOwn = published.some(
    ({ key }) => derived !== undefined && encodeBase64Url(key) === encodeBase64Url(derived.key),
  );
  if (secret === undefined) {
    const pems = published.map(publicPem);
    session.report.result(
      { identifier, use, keys: pems },
      pems.map((pem) => pem.trimEnd()),
    );
    return exitCodes.ok;
  }
  // A key that somebody brought along has its secret elsewhere.
  if (!isOwn) throw cliError('secret_elsewhere', 'the published key does not derive from the seed');
  await writeNewFile(secret, secretKey(record, use).export({ type: 'pkcs8', format: 'pem' }));
  session.report.result({ identifier, use, file: secret }, [`Secret key: ${secret}`]);
  return exitCodes.ok;
}

function publicPem(publishedKey: PublishedKey): string {
  const spki = subjectPublicKeyInfo(publishedKey);
  if (spki === undefined) throw cliError('usage', 'an OpenPGP certificate is no key of this kind');
  const key = createPublicKey({ key: Buffer.from(spki), type: 'spki', format: 'der' });
  return key.export({ type: 'spki', format: 'pem' });
}

function secretKey(record: HeldRecord, use: ExportedUse): KeyObject {
  return derivedSecret(deriveKeys(seedOf(record), record.holding)[use], use);
}

export interface KeyImportOptions {
  readonly number?: string;
  readonly use: KeyUse;
  readonly beside?: boolean;
}

/** Publishes a key of somebody's own; without a file, the one that derives from the seed again. */
export async function importKey(
  session: Session,
  path: string | undefined,
  options: KeyImportOptions,
): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  const { holding } = record;
  const { use, beside } = options;
  const brought = path === undefined ? derivedKey(record, use) : await readKey(path, use);
  const before = holdingPayload(holding).keys;
  const kept = beside === true ? before : before.filter((key) => key.use !== use);
  const { onProgress } = session;
  const changed = await journal(session, record, (savePending) =>
    session.directory.publish(holding, { keys: [...kept, brought] }, { onProgress, savePending }),
  );
  return reportKeys(session, changed);
}

function derivedKeys(record: HeldRecord): PublishedKey[] {
  return publishedKeysOf(deriveKeys(seedOf(record), record.holding));
}

function derivedKey(record: HeldRecord, use: KeyUse): PublishedKey {
  const own = derivedKeys(record).find((key) => key.use === use);
  if (own === undefined)
    throw cliError('usage', `no key for "${use}" derives from the seed: name a file`);
  return own;
}

const algorithmsFor: Readonly<Record<KeyUse, readonly KeyAlgorithm[]>> = {
  box: ['x25519'],
  identity: ['ed25519', 'p256'],
  sip: ['p256', 'ed25519'],
  openpgp: ['openpgp'],
};

async function readKey(path: string, use: KeyUse): Promise<PublishedKey> {
  const file = await readFile(path).catch((cause: unknown) => {
    throw cliError('input_unreadable', `cannot read ${path}`, { cause });
  });
  const found = use === 'openpgp' ? certificateIn(file) : publicKeyIn(file);
  if (found === undefined || !algorithmsFor[use].includes(found.algorithm)) {
    const wanted = algorithmsFor[use].join(' or ');
    throw cliError('key_unfit', `${path} holds no public key for "${use}" (${wanted})`);
  }
  return { use, ...found };
}

type FoundKey = Pick<PublishedKey, 'algorithm' | 'key'>;

/** Takes a private key as well, of which nothing but the public half is used. */
function publicKeyIn(file: Buffer): FoundKey | undefined {
  try {
    const key = createPublicKey(file);
    const spki = new Uint8Array(key.export({ type: 'spki', format: 'der' }));
    if (key.asymmetricKeyType === 'ed25519') return { algorithm: 'ed25519', key: spki.slice(-32) };
    if (key.asymmetricKeyType === 'x25519') return { algorithm: 'x25519', key: spki.slice(-32) };
    const isP256 = key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    return isP256 ? { algorithm: 'p256', key: spki.slice(-65) } : undefined;
  } catch {
    return undefined;
  }
}

/** RFC 9580 §6.2: header line, blank line, base64, and perhaps a check sum after "=". */
function certificateIn(file: Buffer): FoundKey | undefined {
  const armored =
    /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n(?:.+\r?\n)*\r?\n([A-Za-z0-9+/=\r\n]+?)(?:=[A-Za-z0-9+/]{4}\r?\n)?-----END/.exec(
      file.toString('latin1'),
    );
  const bytes = armored === null ? file : Buffer.from(armored[1] ?? '', 'base64');
  // RFC 9580 §4.2: a packet with the highest bit set; tag 6 is a public key, in both formats.
  const first = bytes[0] ?? 0;
  const tag = (first & 0x40) === 0 ? (first >> 2) & 0x0f : first & 0x3f;
  const isCertificate = (first & 0x80) !== 0 && tag === 6;
  return isCertificate ? { algorithm: 'openpgp', key: new Uint8Array(bytes) } : undefined;
}
