/**
 * RDATA of NSEC3 (RFC 5155 §3), which validators read and this server never makes: its own denials are
 * NSEC. Apart from the other types because nothing encodes it. No hashing here.
 */
import { accept, reject } from '@callbook/protocol';
import type { Verdict } from '@callbook/protocol';
import { ByteReader } from './byte-reader.ts';
import { parseTypeBitmap } from './type-bitmap.ts';

export interface Nsec3Rdata {
  readonly hashAlgorithm: number;
  readonly flags: number;
  /** Additional times that the hash is applied, 0..65535. */
  readonly iterations: number;
  /** 0 to 255 octets. */
  readonly salt: Uint8Array;
  /** Hash of the next owner name, in binary. */
  readonly nextHash: Uint8Array;
  /** Ascending. */
  readonly types: readonly number[];
}

/** Parses RDATA of NSEC3. Code: `dns_rdata_malformed`. */
export function parseNsec3(octets: Uint8Array): Verdict<Nsec3Rdata> {
  const reader = new ByteReader(octets);
  const hashAlgorithm = reader.uint8();
  const flags = reader.uint8();
  const iterations = reader.uint16();
  const salt = reader.characterString();
  const nextHash = reader.characterString();
  const types = parseTypeBitmap(reader.rest());
  if (reader.problem !== undefined) return reject('dns_rdata_malformed', reader.problem);
  if (types.verdict !== 'accept') return types;
  return accept({ hashAlgorithm, flags, iterations, salt, nextHash, types: types.value });
}
