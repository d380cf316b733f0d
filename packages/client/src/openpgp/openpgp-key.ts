/**
 * An OpenPGP key from the seed: one key that certifies and signs, one that decrypts, in the version and
 * with the algorithms that GnuPG 2.1 and later read (version 4, EdDSA and ECDH on Curve25519). The same
 * seed and user id give the same certificate octet for octet, as nothing in it is left to chance or to
 * a clock: the fingerprint covers the time of making, so that this is a constant, and a backup of the
 * seed is a backup of this key. The telephone number stands nowhere in it.
 */
import { concatBytes, deriveOpenPgpKeys, type DerivationContext } from '@callbook/protocol';
import { readPrivateKey, reformatKey, type PrivateKey } from 'openpgp';
import { clientError } from '../errors.ts';
import { secretKeyPacket, secretSubkeyPacket } from './secret-packets.ts';

/** Who the certificate says it is of; nobody checks that. */
export interface OpenPgpUserId {
  readonly name?: string;
  readonly email?: string;
}

/** An OpenPGP certificate with its secret key, both as packets. */
export interface OpenPgpKey {
  /** Binary, as it is published. */
  readonly certificate: Uint8Array;
  /** 20 bytes. */
  readonly fingerprint: Uint8Array;
  /** The secret key in ASCII armor, not protected by a passphrase. */
  readonly armoredSecretKey: string;
}

/** GnuPG takes no certificate without a user id. */
const defaultUserId: OpenPgpUserId = { name: 'Callbook' };

/** 2026-01-01T00:00:00Z: before the first seed, so that no clock finds a key made in the future. */
const createdAtSeconds = 1_767_225_600;

/** Makes the key of a seed (32 bytes). Throws `user_id_malformed`. */
export async function openPgpKey(
  of: DerivationContext & { readonly seed: Uint8Array; readonly userId?: OpenPgpUserId },
): Promise<OpenPgpKey> {
  const { sign, encrypt } = deriveOpenPgpKeys(of.seed, of);
  const packets = [
    secretKeyPacket(sign, createdAtSeconds),
    secretSubkeyPacket(encrypt, createdAtSeconds),
  ];
  const bare = await readPrivateKey({ binaryKey: concatBytes(...packets) });
  const key = await withUserId(bare, of.userId ?? defaultUserId);
  return {
    certificate: key.toPublic().write(),
    fingerprint: Uint8Array.fromHex(key.getFingerprint()),
    armoredSecretKey: key.armor(),
  };
}

/** What would make another user id of it: brackets and control characters. */
const unfit = /[<>()\p{Cc}]/u;

async function withUserId(privateKey: PrivateKey, userId: OpenPgpUserId): Promise<PrivateKey> {
  const { name = '', email = '' } = userId;
  if (unfit.test(name) || unfit.test(email)) throw malformed();
  try {
    const reformatted = await reformatKey({
      privateKey,
      userIDs: { ...userId },
      date: new Date(createdAtSeconds * 1000),
      format: 'object',
      // A random notation is meant for implementations whose EdDSA is faulty.
      config: { nonDeterministicSignaturesViaNotation: false },
    });
    return reformatted.privateKey;
  } catch {
    // No cause: its message has the user id in it.
    throw malformed();
  }
}

function malformed(): Error {
  return clientError('user_id_malformed', 'the name or the address of the user id is none');
}
