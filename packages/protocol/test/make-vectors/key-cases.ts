/**
 * Vectors of derived keys, made without the code under test: OpenSSL's HKDF, OpenSSL's curves, and
 * the reduction of FIPS 186-5 A.2.1 written out once more.
 */
import { createECDH, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { fixed32, readable } from './vector-case.ts';
import type { Fields } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns all cases of `vectors/keys`. */
export function keyCases(): VectorCase[] {
  const seed = fixed32('seed');
  const phone = 'tel:+4915123456789';
  return [
    derived('telephone_number', 'the keys of one number', {
      seed,
      labelEpoch: 0,
      identifier: phone,
    }),
    derived('next_label_epoch', 'a label epoch has keys of its own', {
      seed,
      labelEpoch: 1,
      identifier: phone,
    }),
    derived('another_number', 'an identifier has keys of its own', {
      seed,
      labelEpoch: 0,
      identifier: 'tel:+34912345678',
    }),
    derived('sip_address', 'identifiers of every scheme', {
      seed,
      labelEpoch: 0,
      identifier: 'sip:anna@sip.example',
    }),
    derived('seed_of_zeros', 'any 32 bytes are a seed', {
      seed: new Uint8Array(32),
      labelEpoch: 0,
      identifier: phone,
    }),
  ];
}

interface Derivation {
  readonly seed: Uint8Array;
  readonly labelEpoch: number;
  readonly identifier: string;
}

function derived(name: string, comment: string, of: Derivation): VectorCase {
  const { seed, labelEpoch, identifier } = of;
  const material = (purpose: string, size: number): Uint8Array => {
    const info = `callbook/1 ${purpose} ${labelEpoch} ${identifier}`;
    return new Uint8Array(hkdfSync('sha256', seed, '', info, size));
  };
  const keys = {
    authority: pair(material('authority', 32), '302e020100300506032b657004220420'),
    identity: pair(material('identity', 32), '302e020100300506032b657004220420'),
    sip: p256Pair(material('sip', 48)),
    box: pair(material('box', 32), '302e020100300506032b656e04220420'),
    openpgpSign: pair(material('openpgp-sign', 32), '302e020100300506032b657004220420'),
    openpgpEncrypt: pair(material('openpgp-encrypt', 32), '302e020100300506032b656e04220420'),
  };
  const values = readable({ seed, labelEpoch, identifier, keys }) as Fields;
  return { topic: 'keys', name, comment, expect: 'accept', values };
}

/** A pair of RFC 8410: the secret key's prefix in DER says which curve. */
function pair(secretKey: Uint8Array, prefix: string): object {
  const der = Buffer.concat([Buffer.from(prefix, 'hex'), secretKey]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { secretKey, publicKey: new Uint8Array(spki.subarray(-32)) };
}

function p256Pair(material: Uint8Array): object {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const scalar = (BigInt(`0x${material.toHex()}`) % (order - 1n)) + 1n;
  const secretKey = Uint8Array.fromHex(scalar.toString(16).padStart(64, '0'));
  const curve = createECDH('prime256v1');
  curve.setPrivateKey(secretKey);
  return { secretKey, publicKey: new Uint8Array(curve.getPublicKey()) };
}
