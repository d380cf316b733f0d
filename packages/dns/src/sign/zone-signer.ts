/**
 * The port behind which zone keys stand, and its two implementations on `node:crypto`. A signer
 * knows its algorithm and its public key in DNSKEY form and signs octets; files, hardware and
 * faster libraries are all the same to the zone.
 */
import { createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { dnsError } from '../errors.ts';
import { zoneAlgorithms } from '../wire/record-types.ts';

export type ZoneAlgorithm = (typeof zoneAlgorithms)[keyof typeof zoneAlgorithms];

export interface ZoneSigner {
  /** 13 (ECDSA P-256 with SHA-256) or 15 (Ed25519). */
  readonly algorithm: ZoneAlgorithm;
  /** Public key field of the DNSKEY: 64 octets `x | y` (RFC 6605 §4) or 32 (RFC 8080 §3). */
  readonly publicKey: Uint8Array;
  /** Returns the signature field of the RRSIG: 64 octets for both algorithms. */
  sign(octets: Uint8Array): Uint8Array;
}

export interface ZoneKeys {
  /** Key-signing key: signs DNSKEY, CDS and CDNSKEY. */
  readonly ksk: ZoneSigner;
  /** Zone-signing key: signs everything else. */
  readonly zsk: ZoneSigner;
}

/** Opens a private key for signing; where there is a faster way than `openZoneSigner`, that. */
export type OpenSigner = (privateKey: KeyObject) => ZoneSigner;

/** Opens a private key for signing; code `dns_key_malformed` when no algorithm fits it. */
export function openZoneSigner(privateKey: KeyObject): ZoneSigner {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  if (privateKey.asymmetricKeyType === 'ed25519')
    return {
      algorithm: zoneAlgorithms.ed25519,
      publicKey: new Uint8Array(spki.subarray(-32)),
      sign: (octets) => sign(null, octets, privateKey),
    };
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
    throw dnsError('dns_key_malformed', 'key is neither ECDSA P-256 nor Ed25519');
  // RFC 6605 §4: "the signature is the concatenation of r and s", each 32 octets.
  const signingKey = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return {
    algorithm: zoneAlgorithms.ecdsaP256Sha256,
    publicKey: new Uint8Array(spki.subarray(-64)),
    sign: (octets) => sign('sha256', octets, signingKey),
  };
}

/** Generates a private key of an algorithm. */
export function generateZonePrivateKey(algorithm: ZoneAlgorithm): KeyObject {
  return algorithm === zoneAlgorithms.ed25519
    ? generateKeyPairSync('ed25519').privateKey
    : generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
}

/** Generates a KSK and a ZSK that live in memory only. */
export function generateZoneKeys(algorithm: ZoneAlgorithm): ZoneKeys {
  return {
    ksk: openZoneSigner(generateZonePrivateKey(algorithm)),
    zsk: openZoneSigner(generateZonePrivateKey(algorithm)),
  };
}
