/**
 * The few calls of OpenSSL that sign with a key that stays open, through `node:ffi`: those of the
 * library that Node itself carries, which exports them for addons. `node:crypto` opens a job, a context
 * and the key again for each signature, a fifth of what it costs. Results are as in C; nothing here
 * checks a pointer.
 */
import type * as Ffi from 'node:ffi';
import { endianness } from 'node:os';

export interface OpensslCalls {
  /** Type, where to put the key or 0, where the DER begins, its length; the key or 0. */
  readonly d2i_AutoPrivateKey: (...call: [bigint, BigInt64Array, bigint]) => bigint;
  readonly EVP_PKEY_CTX_new: (pkey: bigint, engine: bigint) => bigint;
  readonly EVP_PKEY_CTX_free: (context: bigint) => void;
  readonly EVP_PKEY_free: (pkey: bigint) => void;
  readonly EVP_PKEY_sign_init: (context: bigint) => number;
  /** Context, signature, its size in and out, digest, its size; 1 when it is signed. */
  readonly EVP_PKEY_sign: (...call: [bigint, bigint, bigint, bigint, bigint]) => number;
  /** Octets, how many, where the digest goes. */
  readonly SHA256: (octets: bigint, size: bigint, digest: bigint) => bigint;
  readonly pointerOf: (memory: ArrayBuffer) => bigint;
}

/** Returns the calls, or undefined where there are none: Node without FFI, or built otherwise. */
export function openOpenssl(): OpensslCalls | undefined {
  const ffi = process.getBuiltinModule('node:ffi') as typeof Ffi | undefined;
  if (ffi === undefined || endianness() !== 'LE') return undefined;
  try {
    const { functions } = ffi.dlopen(null, {
      d2i_AutoPrivateKey: { arguments: ['pointer', 'pointer', 'int64'], return: 'pointer' },
      EVP_PKEY_CTX_new: { arguments: ['pointer', 'pointer'], return: 'pointer' },
      EVP_PKEY_CTX_free: { arguments: ['pointer'], return: 'void' },
      EVP_PKEY_free: { arguments: ['pointer'], return: 'void' },
      EVP_PKEY_sign_init: { arguments: ['pointer'], return: 'int32' },
      EVP_PKEY_sign: {
        arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'uint64'],
        return: 'int32',
      },
      SHA256: { arguments: ['pointer', 'uint64', 'pointer'], return: 'pointer' },
    });
    return { ...functions, pointerOf: (memory) => ffi.getRawPointer(memory) };
  } catch {
    // A name that is not there: OpenSSL was left out, or its names are hidden.
    return undefined;
  }
}
