/**
 * Zone keys as files: `<id>.pem` in one directory, PKCS#8, mode 0600; the first are `ksk.pem` and
 * `zsk.pem`. A file is never
 * replaced: its content is written and made durable under another name, then linked to its own. If
 * we crash in between, the next call finds one key or none, keeps what is there and makes the rest.
 */
import { createPrivateKey, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { dnsError } from '../errors.ts';
import { generateZonePrivateKey, openZoneSigner } from './zone-signer.ts';
import type { OpenSigner, ZoneAlgorithm, ZoneKeys, ZoneSigner } from './zone-signer.ts';

/**
 * Makes the key files that a directory lacks and loads both. Codes: `dns_key_unwritable` and those
 * of `loadZoneKeys`.
 */
export async function createZoneKeys(
  directory: string,
  algorithm: ZoneAlgorithm,
): Promise<ZoneKeys> {
  await createKeyDirectory(directory);
  for (const role of ['ksk', 'zsk'] as const)
    await createKeyFile(directory, role, generateZonePrivateKey(algorithm));
  return await loadZoneKeys(directory);
}

/** Makes the directory of key files, or finds it there. Code: `dns_key_unwritable`. */
export async function createKeyDirectory(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw dnsError('dns_key_unwritable', 'the key directory cannot be created', { cause });
  });
}

/** Loads `ksk.pem` and `zsk.pem`. Codes: `dns_key_missing`, `dns_key_exposed`, `dns_key_malformed`. */
export async function loadZoneKeys(directory: string): Promise<ZoneKeys> {
  return await Promise.resolve({
    ksk: loadKeyFile(directory, 'ksk'),
    zsk: loadKeyFile(directory, 'zsk'),
  });
}

/** Loads one key. Codes as `loadZoneKeys`; details name the key. */
export function loadKeyFile(
  directory: string,
  id: string,
  openSigner: OpenSigner = openZoneSigner,
): ZoneSigner {
  const path = keyPath(directory, id);
  const details = { key: id };
  let mode: number;
  try {
    ({ mode } = statSync(path));
  } catch (cause) {
    throw dnsError('dns_key_missing', `${id}.pem cannot be read`, { cause, details });
  }
  if ((mode & 0o077) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(4, '0');
    throw dnsError('dns_key_exposed', `${id}.pem has mode ${found}, at most 0600`, { details });
  }
  return openSigner(parsePrivateKey(readFileSync(path), id));
}

function parsePrivateKey(pem: Buffer, id: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is left out: OpenSSL's texts are about the file's content.
    throw dnsError('dns_key_malformed', `${id}.pem is not a PKCS#8 private key`, {
      details: { key: id },
    });
  }
}

/** Makes a key file durable, unless there is one of that name, which stays. Code: `dns_key_unwritable`. */
export async function createKeyFile(directory: string, id: string, key: KeyObject): Promise<void> {
  const draftPath = join(directory, `.${id}-${randomUUID()}.pem`);
  try {
    const draft = await open(draftPath, 'wx', 0o600);
    try {
      await draft.writeFile(key.export({ format: 'pem', type: 'pkcs8' }));
      await draft.sync();
    } finally {
      await draft.close();
    }
    // If we crash here, a draft is left over that nobody reads; the key file is whole or not there.
    await linkUnlessThere(draftPath, keyPath(directory, id));
    await syncDirectory(directory);
  } catch (cause) {
    throw dnsError('dns_key_unwritable', `${id}.pem cannot be created`, {
      cause,
      details: { key: id },
    });
  } finally {
    await unlink(draftPath).catch(() => undefined);
  }
}

/** `link` refuses an existing name, so two processes at once agree on the first one's key. */
async function linkUnlessThere(from: string, to: string): Promise<void> {
  await link(from, to).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw cause;
  });
}

/** Makes names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Returns the path of a key's file. */
export function keyPath(directory: string, id: string): string {
  return join(directory, `${id}.pem`);
}
