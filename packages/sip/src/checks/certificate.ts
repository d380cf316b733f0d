/**
 * The key of a TLS client certificate. Kamailio has seen in the handshake that the phone has the private
 * key (RFC 8446 §4.4.3); what is asked here is whether the number publishes the public one. RFC 7671 §5.1:
 * with DANE-EE the name and the dates of the certificate are not looked at, nor who has signed it. The
 * key is taken from its place in the structure: bytes that stand in a subject or an extension are
 * nobody's key.
 */
import { hash, X509Certificate } from 'node:crypto';
import { certificateCharactersMax, certificatesKeptMax } from '../limits.ts';
import { spkiDigestOf } from '../directory/record-kinds.ts';

/** The SHA-256 of the SubjectPublicKeyInfo of a certificate, in hexadecimal, or why there is none. */
export type CertificateKey =
  { readonly spkiDigest: string } | { readonly code: 'certificate_malformed' | 'key_unsupported' };

/** Reads keys of certificates, and remembers those that it has read. */
export class CertificateReader {
  readonly #known = new Map<string, string>();

  /** Never throws for what is given. */
  read(pem: string): CertificateKey {
    if (pem.length > certificateCharactersMax) return { code: 'certificate_malformed' };
    const rowKey = hash('sha256', pem, 'base64');
    const known = this.#known.get(rowKey);
    if (known !== undefined) return { spkiDigest: known };
    const read = readCertificate(pem);
    if ('spkiDigest' in read) {
      const [oldest] = this.#known.keys();
      if (this.#known.size >= certificatesKeptMax) this.#known.delete(oldest!);
      this.#known.set(rowKey, read.spkiDigest);
    }
    return read;
  }
}

/** RFC 7468 §5: one textual encoding, nothing before and nothing after it. */
const onePem =
  /^\s*-----BEGIN CERTIFICATE-----\r?\n((?:[A-Za-z0-9+/]{1,76}={0,2}\r?\n)+)-----END CERTIFICATE-----\s*$/;

function readCertificate(pem: string): CertificateKey {
  const body = onePem.exec(pem)?.[1];
  if (body === undefined) return { code: 'certificate_malformed' };
  const der = Buffer.from(body, 'base64');
  try {
    const certificate = new X509Certificate(der);
    // Octets behind the structure, and encodings that are not DER, come out differently.
    if (!certificate.raw.equals(der)) return { code: 'certificate_malformed' };
    const { publicKey } = certificate;
    const isP256 =
      publicKey.asymmetricKeyType === 'ec' &&
      publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1';
    if (!isP256 && publicKey.asymmetricKeyType !== 'ed25519') return { code: 'key_unsupported' };
    // RFC 6698 §2.1.2: the octets of the SubjectPublicKeyInfo; a compressed point is another key.
    return { spkiDigest: spkiDigestOf(publicKey.export({ type: 'spki', format: 'der' })) };
  } catch {
    return { code: 'certificate_malformed' };
  }
}
