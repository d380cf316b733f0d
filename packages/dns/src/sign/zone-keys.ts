/**
 * Zone keys as files: `ksk.pem` and `zsk.pem` in one directory, PKCS#8, mode 0600. A file is never
 * replaced: its content is written and made durable under another name, then linked to its own. If
 * we crash in between, the next call finds one key or none, keeps what is there and makes the rest.
 */
import { createPrivateKey, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { dnsError } from '../errors.ts';
import { generateZonePrivateKey, openZoneSigner } from './zone-signer.ts';
import type { ZoneAlgorithm, ZoneKeys, ZoneSigner } from './zone-signer.ts';

type KeyRole = 'ksk' | 'zsk';

/**
 * Makes the key files that a directory lacks and loads both. Codes: `dns_key_unwritable` and those
 * of `loadZoneKeys`.
 */
export async function createZoneKeys(
  directory: string,
  algorithm: ZoneAlgorithm,
): Promise<ZoneKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    throw dnsError('dns_key_unwritable', 'the key directory cannot be created', { cause });
  });
  for (const role of ['ksk', 'zsk'] as const)
    await createKeyFile(directory, role, generateZonePrivateKey(algorithm));
  return await loadZoneKeys(directory);
}

/** Loads both keys. Codes: `dns_key_missing`, `dns_key_exposed`, `dns_key_malformed`. */
export async function loadZoneKeys(directory: string): Promise<ZoneKeys> {
  return {
    ksk: await loadKeyFile(directory, 'ksk'),
    zsk: await loadKeyFile(directory, 'zsk'),
  };
}

async function loadKeyFile(directory: string, role: KeyRole): Promise<ZoneSigner> {
  const path = keyPath(directory, role);
  const details = { role };
  const mode = await stat(path).then(
    (found) => found.mode,
    (cause: unknown) => {
      throw dnsError('dns_key_missing', `${role}.pem cannot be read`, { cause, details });
    },
  );
  if ((mode & 0o077) !== 0) {
    const found = (mode & 0o777).toString(8).padStart(4, '0');
    throw dnsError('dns_key_exposed', `${role}.pem has mode ${found}, at most 0600`, { details });
  }
  return openZoneSigner(parsePrivateKey(await readFile(path), role));
}

function parsePrivateKey(pem: Buffer, role: KeyRole): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    // The cause is left out: OpenSSL's texts are about the file's content.
    throw dnsError('dns_key_malformed', `${role}.pem is not a PKCS#8 private key`, {
      details: { role },
    });
  }
}

async function createKeyFile(directory: string, role: KeyRole, key: KeyObject): Promise<void> {
  const draftPath = join(directory, `.${role}-${randomUUID()}.pem`);
  try {
    const draft = await open(draftPath, 'wx', 0o600);
    try {
      await draft.writeFile(key.export({ format: 'pem', type: 'pkcs8' }));
      await draft.sync();
    } finally {
      await draft.close();
    }
    // If we crash here, a draft is left over that nobody reads; the key file is whole or not there.
    await linkUnlessThere(draftPath, keyPath(directory, role));
    await syncDirectory(directory);
  } catch (cause) {
    throw dnsError('dns_key_unwritable', `${role}.pem cannot be created`, {
      cause,
      details: { role },
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

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function keyPath(directory: string, role: KeyRole): string {
  return join(directory, `${role}.pem`);
}
