/**
 * Who signs in a holder's name. The authority key derives from a seed, or a `Signer` has it: a key in
 * the browser that cannot be read, a token, another program. Whatever is signed goes through here, so
 * that a signature which is none is found before a member sees it, and an entry is never signed by
 * another key than the one in force. What the SDK saves names the public key; a signer it never saves.
 */
import {
  bytesEqual,
  deriveKeys,
  type Cryptography,
  type Identifier,
  type Signer,
} from '@callbook/protocol';
import { clientError, isClientError } from '../errors.ts';

/** Whose authority key it is: label epoch from 0, identifier in canonical form. */
interface KeyOwner {
  readonly identifier: Identifier;
  readonly labelEpoch: number;
}

/** What the keys come from: a seed, a signer, or both. With both, the seed makes the published keys only. */
export interface KeySource {
  /** 32 bytes; made fresh for each person and kept by them alone. */
  readonly seed?: Uint8Array | null | undefined;
  /** Has the authority key. One key for each identifier: logs show it, and would link the two. */
  readonly signer?: Signer | undefined;
}

/** What is saved of where the keys come from. */
export interface KeptKeys extends KeyOwner {
  /** 32 bytes, secret; null where nothing derives from a seed. */
  readonly seed: Uint8Array | null;
  /** Public authority key, 32 bytes: that of the seed unless a signer has its secret. */
  readonly authorityKey: Uint8Array;
}

/** Finds the signer of a holding whose authority key does not derive from its seed. */
export type SignerSource = (
  of: Pick<KeptKeys, 'authorityKey' | 'identifier'>,
) => Promise<Signer | undefined> | Signer | undefined;

interface SigningContext {
  readonly crypto: Cryptography;
  readonly signers: SignerSource | undefined;
}

/** Returns the signer of the authority key that derives from a seed of 32 bytes. */
function seedSigner(crypto: Cryptography, seed: Uint8Array, of: KeyOwner): Signer {
  return crypto.ed25519Signer(deriveKeys(seed, of).authority.secretKey);
}

/** Returns the signer of a key that is to come into force. Throws `signer_missing`. */
export function newAuthority(
  { crypto }: SigningContext,
  { seed, signer, identifier, labelEpoch }: KeyOwner & KeySource,
): Signer {
  if (signer !== undefined) return checkedSigner(crypto, signer);
  if (seed != null) return seedSigner(crypto, seed, { identifier, labelEpoch });
  throw clientError('signer_missing', 'neither a seed nor a signer was given');
}

/** Returns the signer of a key that is kept. Throws `signer_missing`. */
export async function authorityOf(context: SigningContext, kept: KeptKeys): Promise<Signer> {
  const { seed, authorityKey, identifier } = kept;
  const derived = seed === null ? undefined : seedSigner(context.crypto, seed, kept);
  if (derived !== undefined && bytesEqual(derived.publicKey, authorityKey)) return derived;
  const signer = await coded(async () => await context.signers?.({ identifier, authorityKey }));
  if (signer === undefined) {
    throw clientError('signer_missing', 'no signer was given for the key of the holding');
  }
  if (bytesEqual(signer.publicKey, authorityKey)) return checkedSigner(context.crypto, signer);
  throw clientError('signer_missing', 'the signer that was given has another key');
}

/** Verifies every signature: members could only say that they refuse the entry. */
function checkedSigner(crypto: Cryptography, signer: Signer): Signer {
  const { publicKey } = signer;
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    const signature = await coded(async () => await signer.sign(message));
    if (crypto.ed25519Verify(message, signature, publicKey)) return signature;
    throw clientError(
      'signer_answer_invalid',
      'what the signer returned is no signature of its key',
    );
  };
  return { publicKey, sign };
}

/** A person who says no and a token that is not there are failures that have a code. */
async function coded<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (isClientError(cause)) throw cause;
    throw clientError('signer_failed', 'the signer refused, or could not be asked', { cause });
  }
}
