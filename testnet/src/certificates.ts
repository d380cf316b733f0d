/**
 * The testnet's private certification authority: one CA and one server certificate for each member,
 * made with the web platform's cryptography. A real member has a public certificate instead. The
 * cryptography is handed to every call: libp2p's TLS sets another one for the same library.
 */
import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const validityMs = 365 * 24 * 3600 * 1000;

export interface CertificateAuthority {
  /** PEM. */
  readonly certificate: string;
  /** Issues a server certificate for host names and addresses, as PEM. */
  issue(hosts: readonly string[]): Promise<{ certificate: string; privateKey: string }>;
}

/** Makes a new certification authority; its private key is never written anywhere. */
export async function createCertificateAuthority(): Promise<CertificateAuthority> {
  const caKeys = await generateKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned(
    {
      ...validity(),
      serialNumber: serialNumber(),
      name: 'CN=Callbook testnet CA',
      keys: caKeys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return {
    certificate: authority.toString('pem'),
    issue: async (hosts) => await issueCertificate(authority, caKeys.privateKey, hosts),
  };
}

async function issueCertificate(
  authority: x509.X509Certificate,
  signingKey: webcrypto.CryptoKey,
  hosts: readonly string[],
): Promise<{ certificate: string; privateKey: string }> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      ...validity(),
      serialNumber: serialNumber(),
      subject: `CN=${hosts[0]}`,
      issuer: authority.subject,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          hosts.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
        ),
        await x509.AuthorityKeyIdentifierExtension.create(authority, false, crypto),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  return { certificate: certificate.toString('pem'), privateKey: await privateKeyPem(keys) };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const bytes = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return x509.PemConverter.encode(bytes, 'PRIVATE KEY');
}

function validity(): { notBefore: Date; notAfter: Date } {
  const nowMs = Date.now();
  return { notBefore: new Date(nowMs - 3_600_000), notAfter: new Date(nowMs + validityMs) };
}

/** Positive, 16 octets at most, as RFC 5280 §4.1.2.2 wants. */
function serialNumber(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0]! &= 0x7f;
  return bytes.toHex();
}
