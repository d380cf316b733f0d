/**
 * Opening what was sealed, with the secret key wherever it is: whoever has it only multiplies it with
 * one key (X25519), and the rest of DHKEM(X25519, HKDF-SHA256) happens here (RFC 9180 §4.1). `hpke`
 * takes keys of WebCrypto; this puts anything that can agree in their place.
 */
import { concatBytes, encodeBase64Url, utf8, type KeyPair } from '@callbook/protocol';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { KEM_DHKEM_X25519_HKDF_SHA256, type KEM, type Key } from 'hpke';

/** The `box` key of a holder, wherever its secret is. */
export interface BoxAgreement {
  /** X25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Returns X25519 (RFC 7748 §5) of the secret key and `theirs`, 32 bytes each. */
  agree(theirs: Uint8Array): Promise<Uint8Array> | Uint8Array;
}

const keySize = 32;
/** RFC 9180 §4.1: `"KEM" ‖ I2OSP(kem_id, 2)`, which is 0x0020 for X25519. */
const suiteId = concatBytes(utf8('KEM'), Uint8Array.of(0x00, 0x20));

/** Stands for the secret key where `hpke` wants one. */
interface AgreementKey extends Key {
  readonly agreement: BoxAgreement;
}

/** Returns the KEM by which a recipient opens, and the pair to open with. */
export function agreementKem(agreement: BoxAgreement): {
  readonly kem: () => Readonly<KEM>;
  readonly pair: { readonly publicKey: Key; readonly privateKey: Key };
} {
  const algorithm = { name: 'X25519' };
  const publicKey: AgreementKey = { type: 'public', extractable: true, algorithm, agreement };
  const privateKey: AgreementKey = { type: 'private', extractable: false, algorithm, agreement };
  const base = KEM_DHKEM_X25519_HKDF_SHA256() as unknown as KEM;
  const kem = (): Readonly<KEM> => ({ ...base, Decap: (enc) => decapsulate(agreement, enc) });
  return { kem, pair: { publicKey, privateKey } };
}

/** RFC 9180 §4.1, Decap: `dh = DH(skR, pkE)`, `kem_context = enc ‖ pkRm`. */
async function decapsulate(agreement: BoxAgreement, enc: Uint8Array): Promise<Uint8Array> {
  const shared = await agreement.agree(enc);
  // RFC 9180 §7.1.4: "recipients MUST check whether the DH output is the all-zero value".
  if (shared.length !== keySize || shared.every((octet) => octet === 0)) {
    throw new TypeError('agreed on nothing');
  }
  const context = concatBytes(enc, agreement.publicKey);
  const version = utf8('HPKE-v1');
  const eaePrk = extract(sha256, concatBytes(version, suiteId, utf8('eae_prk'), shared));
  const size = Uint8Array.of(0, keySize);
  const info = concatBytes(size, version, suiteId, utf8('shared_secret'), context);
  return expand(sha256, eaePrk, info, keySize);
}

/** Returns the agreement of a pair that is in memory. */
export function pairAgreement({ secretKey, publicKey }: KeyPair): BoxAgreement {
  return {
    publicKey,
    agree: async (theirs) => {
      const { subtle } = globalThis.crypto;
      // Both halves are given: not every browser can tell the public one from the secret.
      const jwk = {
        kty: 'OKP',
        crv: 'X25519',
        d: encodeBase64Url(secretKey),
        x: encodeBase64Url(publicKey),
      };
      const own = await subtle.importKey('jwk', jwk, 'X25519', false, ['deriveBits']);
      const key = await subtle.importKey('raw', new Uint8Array(theirs), 'X25519', true, []);
      return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: key }, own, 256));
    },
  };
}
