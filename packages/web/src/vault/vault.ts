/**
 * What the page keeps, sealed: AES-GCM under a key of this browser that cannot be read. Whoever copies the
 * profile's files without the browser has neither numbers nor seeds; a script of this origin could still
 * ask for them, which is why a seed is dropped as soon as its backup is proven.
 */
import { webError } from '../errors.ts';
import type { KeptStore } from './kept-store.ts';

/** Sealed JSON by name, and keys that cannot be read. */
export interface Vault {
  readonly lasting: boolean;
  read(name: string): Promise<unknown>;
  write(name: string, json: unknown): Promise<void>;
  erase(name: string): Promise<void>;
  /** Keys, and what has no JSON: kept as they are. */
  readonly bare: KeptStore;
}

const wrapName = 'wrap';

/** Opens the vault over a store. Throws `crypto_blocked` where the browser has no WebCrypto. */
export async function openVault(store: KeptStore): Promise<Vault> {
  if (!hasWebCrypto()) throw webError('crypto_blocked', 'there is no WebCrypto here');
  const wrap = await wrapKey(store);
  return {
    lasting: store.lasting,
    bare: store,
    read: async (name) => {
      const kept = await store.read(name);
      return kept === undefined ? undefined : await unseal(wrap, name, kept);
    },
    write: async (name, json) => {
      await store.write(name, await seal(wrap, name, json));
    },
    erase: async (name) => {
      await store.erase(name);
    },
  };
}

/** Pages that are not from https or this machine have none. */
function hasWebCrypto(): boolean {
  return typeof (globalThis.crypto as Crypto | undefined)?.subtle?.encrypt === 'function';
}

async function wrapKey(store: KeptStore): Promise<CryptoKey> {
  const kept = await store.read(wrapName);
  if (kept instanceof CryptoKey) return kept;
  const made = await makeWrapKey();
  // Two tabs may make one each at once: the one that is read back is that of both.
  if ((await store.read(wrapName)) === undefined) await store.write(wrapName, made);
  const agreed = await store.read(wrapName);
  return agreed instanceof CryptoKey ? agreed : made;
}

/** What is there may still refuse: add-ons put functions that throw in its place. */
async function makeWrapKey(): Promise<CryptoKey> {
  try {
    const algorithm = { name: 'AES-GCM', length: 256 };
    return await crypto.subtle.generateKey(algorithm, false, ['encrypt', 'decrypt']);
  } catch (cause) {
    throw webError('crypto_blocked', 'WebCrypto makes no key', { cause });
  }
}

interface Sealed {
  readonly iv: Uint8Array<ArrayBuffer>;
  readonly sealed: ArrayBuffer;
}

async function seal(wrap: CryptoKey, name: string, json: unknown): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const plain = new TextEncoder().encode(JSON.stringify(json));
  const sealed = await crypto.subtle.encrypt(parameters(iv, name), wrap, plain);
  return { iv, sealed };
}

async function unseal(wrap: CryptoKey, name: string, kept: unknown): Promise<unknown> {
  try {
    const { iv, sealed } = kept as Sealed;
    const plain = await crypto.subtle.decrypt(parameters(iv, name), wrap, sealed);
    return JSON.parse(new TextDecoder().decode(plain)) as unknown;
  } catch (cause) {
    throw webError('storage_lost', 'what was kept cannot be opened', { cause });
  }
}

/** The name is bound in, so that what was kept under one is not taken for another. */
function parameters(iv: Uint8Array<ArrayBuffer>, name: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: new TextEncoder().encode(name) };
}
