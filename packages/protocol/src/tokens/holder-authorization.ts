/**
 * How a holder reads what stands behind a token about the holder's own identifier: by a signature of the
 * authority key over the time. It binds no member and no question, so one serves all members for an hour and a
 * key on a card is asked once; members know all bindings anyway, and whoever else had it could read
 * this one identifier for that hour.
 */
import { parseBase64Url } from '../base64.ts';
import { utf8 } from '../bytes.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** Who reads, and since when. */
export interface HolderReading {
  /** The authority key, 32 bytes. */
  readonly authority: Uint8Array;
  readonly atMs: number;
}

/** What a holder has signed. */
export interface SignedHolderReading extends HolderReading {
  /** Id of the ownership entry in force, 32 bytes; undefined for somebody who has nothing but the key. */
  readonly ownershipId: Uint8Array | undefined;
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

/** Returns what the authority key signs. */
export function holderReadingMessage({ authority, atMs }: HolderReading): Uint8Array {
  return utf8(`callbook/1 holder reads\n${authority.toHex()}\n${atMs}\n`);
}

/** Encodes the value of an `Authorization` field. */
export function encodeHolderAuthorization(reading: SignedHolderReading): string {
  const text = (octets: Uint8Array): string =>
    octets.toBase64({ alphabet: 'base64url', omitPadding: true });
  const { authority, atMs, ownershipId, signature } = reading;
  const id = ownershipId === undefined ? '' : ` ownership="${text(ownershipId)}",`;
  return `CallbookHolder authority="${text(authority)}",${id} at="${atMs}", signature="${text(signature)}"`;
}

const octets32 = '"([A-Za-z0-9_-]{43})"';
const pattern = new RegExp(
  `^CallbookHolder authority=${octets32},(?: ownership=${octets32},)? ` +
    'at="([1-9][0-9]{0,15})", signature="([A-Za-z0-9_-]{86})"$',
  'i',
);

/** Parses it again; code `token_malformed`. */
export function parseHolderAuthorization(value: string): Verdict<SignedHolderReading> {
  const [, key = '', id, at = '', signed = ''] = pattern.exec(value) ?? [];
  const [authority, signature] = [parseBase64Url(key), parseBase64Url(signed)];
  const ownershipId = id === undefined ? undefined : parseBase64Url(id);
  const isWhole = id === undefined || ownershipId?.length === 32;
  if (authority?.length !== 32 || signature?.length !== 64 || !isWhole) {
    return reject('token_malformed', 'authorization is not a key, a time and a signature');
  }
  return accept({ authority, ownershipId, atMs: Number(at), signature });
}
