/**
 * The authority key inside the browser: imported from the seed so that no script can read it any more, and
 * kept in IndexedDB. Browsers without Ed25519 in WebCrypto keep the sealed seed instead.
 */
import { webCryptoSigner, type SignerSource } from '@callbook/client';
import { bytesEqual, deriveKeys, type Identifier, type Signer } from '@callbook/protocol';
import type { KeptStore } from './kept-store.ts';

/** RFC 8410 §7: the PKCS #8 form of an Ed25519 secret key is this and its 32 bytes. */
const pkcs8Prefix = Uint8Array.fromHex('302e020100300506032b657004220420');

/** Keeps the authority key of a seed where no script can read it; false where the browser cannot. */
export async function keepAuthority(
  store: KeptStore,
  seed: Uint8Array,
  of: { readonly identifier: Identifier; readonly labelEpoch: number },
): Promise<boolean> {
  const { authority } = deriveKeys(seed, of);
  const pair = await importPair(authority);
  if (pair === undefined) return false;
  await store.write(nameOf(authority.publicKey), pair);
  return true;
}

/** The signers of the keys that the browser keeps. */
export function keptSigners(store: KeptStore): SignerSource {
  return async ({ authorityKey }) => await keptSigner(store, authorityKey);
}

/** The signer of a kept authority key (32 bytes); undefined where this browser has none. */
export async function keptSigner(
  store: KeptStore,
  authorityKey: Uint8Array,
): Promise<Signer | undefined> {
  const pair = (await store.read(nameOf(authorityKey))) as CryptoKeyPair | undefined;
  return pair === undefined ? undefined : await webCryptoSigner(pair);
}

/** Forgets a key, as after a release. */
export async function forgetAuthority(store: KeptStore, authorityKey: Uint8Array): Promise<void> {
  await store.erase(nameOf(authorityKey));
}

async function importPair(key: {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}): Promise<CryptoKeyPair | undefined> {
  const { subtle } = crypto;
  try {
    const pkcs8 = new Uint8Array([...pkcs8Prefix, ...key.secretKey]);
    const privateKey = await subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
    const raw = new Uint8Array(key.publicKey);
    const publicKey = await subtle.importKey('raw', raw, 'Ed25519', true, ['verify']);
    const exported = new Uint8Array(await subtle.exportKey('raw', publicKey));
    return bytesEqual(exported, key.publicKey) ? { privateKey, publicKey } : undefined;
  } catch {
    // Browsers before Ed25519 was in WebCrypto.
    return undefined;
  }
}

function nameOf(authorityKey: Uint8Array): string {
  return `authority ${authorityKey.toHex()}`;
}
