/**
 * Where in a member's zone an identifier's records stand. Numbers are ENUM names (RFC 6116 §3.2).
 * Addresses (`user@domain`) stand under the hash of `user=domain`, as OPENPGPKEY records do
 * (RFC 7929 §3), so that a zone says nothing to those who do not know the address already.
 */
import type { Identifier } from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import { joinLabels } from './names.ts';
import type { DomainName } from './names.ts';

export interface OwnerNames {
  /** NAPTR and TXT. */
  readonly binding: DomainName;
  /** TLSA of client keys. */
  readonly sipClient: DomainName;
  /** OPENPGPKEY. */
  readonly openpgpkey: DomainName;
}

const ascii = new TextEncoder();
const sipClientLabel = ascii.encode('_sip-client');
const openpgpkeyLabel = ascii.encode('_openpgpkey');
const idLabel = ascii.encode('id');

/** Returns an identifier's owner names in the zone `apex`; undefined when they exceed 255 octets. */
export function ownerNames(identifier: Identifier, apex: DomainName): OwnerNames | undefined {
  const hash = ascii.encode(ownerHash(identifier));
  const isNumber = identifier.startsWith('tel:');
  const parent = isNumber ? apex : joinLabels([idLabel], apex);
  const binding = isNumber
    ? joinLabels(Array.from(numberOf(identifier), (digit) => ascii.encode(digit)).reverse(), apex)
    : joinLabels([hash, idLabel], apex);
  const sipClient = binding && joinLabels([sipClientLabel], binding);
  const openpgpkey = parent && joinLabels([hash, openpgpkeyLabel], parent);
  if (binding === undefined || sipClient === undefined || openpgpkey === undefined)
    return undefined;
  return { binding, sipClient, openpgpkey };
}

/**
 * RFC 7929 §3: the left-most label is the hexadecimal of the SHA-256 of the local part "truncated to
 * 28 octets". The local part is `+` and the digits, or `user=domain`. 56 lower-case digits.
 */
export function ownerHash(identifier: Identifier): string {
  const localPart = identifier.startsWith('tel:')
    ? `+${numberOf(identifier)}`
    : identifier.slice(identifier.indexOf(':') + 1).replace('@', '=');
  return nobleCryptography.sha256(ascii.encode(localPart)).subarray(0, 28).toHex();
}

function numberOf(identifier: Identifier): string {
  return identifier.slice('tel:+'.length);
}
