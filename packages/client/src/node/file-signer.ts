/**
 * An Ed25519 key in a file of its own as signer: PKCS#8 as PEM, which `openssl genpkey` writes. It is
 * read for each signature and kept by nobody; a file that others may read or write is refused.
 */
import { createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Signer } from '@callbook/protocol';
import { clientError } from '../errors.ts';

const othersMode = 0o077;

/** Opens the key in the file at `path`. Throws `signer_failed`. */
export async function fileSigner(path: string): Promise<Signer> {
  const spki = createPublicKey(await readKey(path)).export({ type: 'spki', format: 'der' });
  return {
    // RFC 8410 §4: the key is the last 32 octets of the structure.
    publicKey: new Uint8Array(spki.subarray(-32)),
    sign: async (message) => new Uint8Array(sign(null, message, await readKey(path))),
  };
}

async function readKey(path: string): Promise<KeyObject> {
  const pem = await readOwn(path).catch((cause: unknown) => {
    throw clientError('signer_failed', 'the file of the key cannot be read', { cause });
  });
  if (pem === undefined) {
    throw clientError('signer_failed', 'the file of the key may be read or written by others');
  }
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // No cause: the parser's message is about a secret.
  }
  throw clientError('signer_failed', 'the file holds no Ed25519 key as PEM');
}

/** Returns undefined where others may use the file as well; the mode is that of what is read. */
async function readOwn(path: string): Promise<string | undefined> {
  await using file = await open(path, 'r');
  const { mode } = await file.stat();
  return (mode & othersMode) === 0 ? await file.readFile('utf8') : undefined;
}
