/**
 * The hash by which DNS names a binding where the identifier itself cannot stand in a name: the
 * first 28 bytes of SHA-256 of a local part (RFC 7929 §3: "truncated to 28 octets").
 */
import type { Cryptography, Identifier } from '@callbook/protocol';
import { utf8 } from '@callbook/protocol';

import { ownerKey } from '../store/row-keys.ts';

const ownerHashBytes = 28;

/** Schemes in the order in which a hash is looked up: one `user@domain` may be two identifiers. */
const schemes = ['tel', 'mailto', 'sip'] as const;

/** Row that leads from the hash of an identifier's local part to the identifier. */
export function ownerKeyOf(identifier: Identifier, crypto: Cryptography): Uint8Array {
  const colon = identifier.indexOf(':');
  const address = identifier.slice(colon + 1);
  // A telephone number keeps its plus; an address becomes `user=domain`.
  const localPart = address.replace('@', '=');
  const hash = crypto.sha256(utf8(localPart)).subarray(0, ownerHashBytes);
  return ownerKey(hash, identifier.slice(0, colon));
}

/** Rows to try for the 56 hexadecimal digits of a name; none when they are something else. */
export function ownerKeysOf(hex: string): Uint8Array[] {
  if (!/^[0-9a-f]{56}$/.test(hex)) return [];
  const hash = Uint8Array.fromHex(hex);
  return schemes.map((scheme) => ownerKey(hash, scheme));
}
