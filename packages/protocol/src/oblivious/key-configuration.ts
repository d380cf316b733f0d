/**
 * Key configurations of an oblivious gateway (RFC 9458 §3), and `application/ohttp-keys`. Only
 * DHKEM(X25519, HKDF-SHA256) is read; a configuration of any other KEM is passed over, as a client
 * may that cannot use it.
 */
import { assert } from '../assert.ts';
import { concatBytes } from '../bytes.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { keyConfigurationsMax, keySuitesMax } from './limits.ts';
import { OctetReader } from './octet-reader.ts';

/** A key of a gateway, and what it is used with (RFC 9458 §3). */
export interface KeyConfiguration {
  /** 0 to 255. */
  readonly keyId: number;
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 1 to 8, the one preferred first. */
  readonly suites: readonly KeySuite[];
}

/** Code points of the HPKE registry (RFC 9180 §7). */
export interface KeySuite {
  readonly kdf: number;
  readonly aead: number;
}

/** DHKEM(X25519, HKDF-SHA256). */
export const x25519Kem = 0x0020;
/** HKDF-SHA256 and AES-128-GCM: the one suite that every gateway of Callbook offers. */
export const commonSuite: KeySuite = { kdf: 0x0001, aead: 0x0001 };

const publicKeyBytes = 32;

/** Encodes `application/ohttp-keys`: each configuration after its length. */
export function encodeKeyConfigurations(configurations: readonly KeyConfiguration[]): Uint8Array {
  const { length } = configurations;
  assert(length >= 1 && length <= keyConfigurationsMax, 'there are 1 to 4 configurations');
  return concatBytes(
    ...configurations.flatMap((configuration) => {
      const encoded = encodeKeyConfiguration(configuration);
      return [uint16(encoded.length), encoded];
    }),
  );
}

/** Encodes one configuration, without a length before it. */
export function encodeKeyConfiguration({ keyId, publicKey, suites }: KeyConfiguration): Uint8Array {
  assert(Number.isInteger(keyId) && keyId >= 0 && keyId <= 255, 'a key identifier is an octet');
  assert(publicKey.length === publicKeyBytes, 'an X25519 key has 32 bytes');
  assert(suites.length >= 1 && suites.length <= keySuitesMax, 'there are 1 to 8 suites');
  return concatBytes(
    Uint8Array.of(keyId),
    uint16(x25519Kem),
    publicKey,
    uint16(4 * suites.length),
    ...suites.flatMap(({ kdf, aead }) => [uint16(kdf), uint16(aead)]),
  );
}

/**
 * Parses `application/ohttp-keys`, the most preferred first; at least one can be used. Code
 * `key_configurations_malformed`.
 */
export function parseKeyConfigurations(bytes: Uint8Array): Verdict<readonly KeyConfiguration[]> {
  const reader = new OctetReader(bytes);
  const usable: KeyConfiguration[] = [];
  for (let count = 0; reader.left > 0; count++) {
    if (count === keyConfigurationsMax) {
      return malformed(`are more than ${keyConfigurationsMax}`);
    }
    const size = reader.uint(2);
    const encoded = size === undefined ? undefined : reader.taken(size);
    if (encoded === undefined) return malformed('are truncated');
    const configuration = parseKeyConfiguration(encoded);
    if (configuration.verdict !== 'accept') return configuration;
    if (configuration.value !== undefined) usable.push(configuration.value);
  }
  return usable.length > 0 ? accept(usable) : malformed('have no X25519 key');
}

/** Parses one configuration, without a length before it; undefined when its KEM is another. */
export function parseKeyConfiguration(bytes: Uint8Array): Verdict<KeyConfiguration | undefined> {
  const reader = new OctetReader(bytes);
  const keyId = reader.uint(1);
  const kem = reader.uint(2);
  if (keyId === undefined || kem === undefined) return malformed('are truncated');
  if (kem !== x25519Kem) return accept(undefined);
  const publicKey = reader.taken(publicKeyBytes);
  const suitesBytes = reader.uint(2);
  if (publicKey === undefined || suitesBytes !== reader.left) return malformed('have bad lengths');
  const suites: KeySuite[] = [];
  while (reader.left > 0) {
    const kdf = reader.uint(2);
    const aead = reader.uint(2);
    if (kdf === undefined || aead === undefined) return malformed('have half a suite');
    suites.push({ kdf, aead });
  }
  if (suites.length < 1 || suites.length > keySuitesMax) {
    return malformed(`have ${suites.length} suites, 1 to ${keySuitesMax}`);
  }
  return accept({ keyId, publicKey, suites });
}

/** The two octets of a number, the higher first. */
export function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function malformed(found: string): Refusal {
  return reject('key_configurations_malformed', `key configurations ${found}`);
}
