/** The keys that a person publishes unless they bring their own: those derived from the seed. */
import {
  bytesEqual,
  encodePayload,
  parsePayload,
  type DerivedKeys,
  type Payload,
  type PublishedKey,
} from '@callbook/protocol';
import { clientError } from './errors.ts';

/** Returns the published keys of `keys`, in the order of the payload. */
export function publishedKeysOf(keys: DerivedKeys): PublishedKey[] {
  return [
    { use: 'identity', algorithm: 'ed25519', key: keys.identity.publicKey },
    { use: 'sip', algorithm: 'p256', key: keys.sip.publicKey },
    { use: 'box', algorithm: 'x25519', key: keys.box.publicKey },
  ];
}

/** Replaces the keys derived from an old seed by those of a new one; keeps keys brought along. */
export function replaceDerivedKeys(
  published: readonly PublishedKey[],
  seeds: { before: DerivedKeys; after: DerivedKeys },
): PublishedKey[] {
  const before = publishedKeysOf(seeds.before);
  const after = publishedKeysOf(seeds.after);
  return published.map((key) => {
    const position = before.findIndex((old) => bytesEqual(old.key, key.key));
    return after[position] ?? key;
  });
}

/** Whether a published key is an OpenPGP certificate with this primary key (Ed25519, 32 bytes). */
export function isCertificateOf({ use, key }: PublishedKey, primaryKey: Uint8Array): boolean {
  return use === 'openpgp' && key.toHex().includes(primaryKey.toHex());
}

/** Encodes a payload that every member will take. Throws `payload_invalid`. */
export function encodeValidPayload(payload: Payload): Uint8Array {
  const bytes = encodePayload(payload);
  const parsed = parsePayload(bytes);
  if (parsed.verdict === 'accept') return bytes;
  throw clientError('payload_invalid', parsed.message);
}
