/**
 * How a holder asks a member for tokens: the request is signed with the authority key in force. The order
 * binds the member, the time and every octet that is asked for, so that it serves nobody else and no second
 * time. It is the one request of tokens that names a holder; what it asks for is blinded.
 */
import { parseBase64Url } from '../base64.ts';
import { concatBytes, utf8 } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';

/** What a holder signs to get tokens. */
export interface TokenOrder {
  /** Id of the ownership entry in force, 32 bytes. */
  readonly ownershipId: Uint8Array;
  readonly atMs: number;
}

/** An order that a holder has signed. */
export interface SignedTokenOrder extends TokenOrder {
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

/** Returns what the authority key signs: `issuerName` is host and port of the member's API, `body` what is posted. */
export function tokenOrderMessage(
  { ownershipId, atMs }: TokenOrder,
  of: { readonly issuerName: string; readonly body: Uint8Array },
  crypto: Pick<Cryptography, 'sha256'>,
): Uint8Array {
  const head = `callbook/1 token order\n${of.issuerName}\n${ownershipId.toHex()}\n${atMs}\n`;
  return concatBytes(utf8(head), crypto.sha256(of.body));
}

/** Encodes the value of an `Authorization` field. */
export function encodeTokenOrder({ ownershipId, atMs, signature }: SignedTokenOrder): string {
  const [id, signed] = [ownershipId, signature].map((octets) =>
    octets.toBase64({ alphabet: 'base64url', omitPadding: true }),
  );
  return `CallbookOwner ownership="${id}", at="${atMs}", signature="${signed}"`;
}

/** Parses it again; code `token_malformed`. */
export function parseTokenOrder(value: string): Verdict<SignedTokenOrder> {
  const pattern =
    /^CallbookOwner ownership="([A-Za-z0-9_-]{43})", at="([1-9][0-9]{0,15})", signature="([A-Za-z0-9_-]{86})"$/i;
  const [, id = '', at = '', signed = ''] = pattern.exec(value) ?? [];
  const [ownershipId, signature] = [parseBase64Url(id), parseBase64Url(signed)];
  if (ownershipId?.length !== 32 || signature?.length !== 64) {
    return reject('token_malformed', 'authorization is not an ownership, a time and a signature');
  }
  return accept({ ownershipId, atMs: Number(at), signature });
}
