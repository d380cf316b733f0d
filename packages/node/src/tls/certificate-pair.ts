/**
 * A certificate with its private key, as PEM texts that are known to belong together. Whatever cannot be
 * served (half a file, the key of another certificate) ends here, so that the pair in use stays.
 */
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { createSecureContext } from 'node:tls';
import type { TlsCertificate } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { readSecretFile } from '../key-file.ts';
import { ReloadedFiles } from '../reloaded-files.ts';

/** Times in ms; the chain follows the certificate in its text. */
export interface CertificatePair extends TlsCertificate {
  /** SHA-256 of the SubjectPublicKeyInfo, 32 octets. */
  readonly keyHash: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** Whether it was issued for a host name, by RFC 6125. */
  readonly coversHost: (host: string) => boolean;
}

export interface CertificatePaths {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Reads a pair. Codes: `certificate_unreadable | certificate_unfit` and `key_file_*`. */
export async function readPair(paths: CertificatePaths): Promise<CertificatePair> {
  const privateKey = new TextDecoder().decode(await readSecretFile(paths.privateKey));
  let certificate: string;
  try {
    certificate = await readFile(paths.certificate, 'utf8');
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>(
      'certificate_unreadable',
      `cannot read ${paths.certificate}`,
      { cause },
    );
  }
  return parsePair({ certificate, privateKey });
}

/** Reads a pair that may be followed. Codes as of `readPair`. */
export async function openPair(paths: CertificatePaths): Promise<ReloadedFiles<CertificatePair>> {
  const files = [paths.certificate, paths.privateKey];
  return await ReloadedFiles.open(files, async () => await readPair(paths));
}

/** Code: `certificate_unfit`. */
export function parsePair({ certificate, privateKey }: TlsCertificate): CertificatePair {
  try {
    // Reads the whole chain and compares the key, as a server would.
    createSecureContext({ cert: certificate, key: privateKey });
    const first = new X509Certificate(certificate);
    return {
      certificate,
      privateKey,
      keyHash: hashOf(first.publicKey),
      notBeforeMs: first.validFromDate.getTime(),
      notAfterMs: first.validToDate.getTime(),
      coversHost: (host) =>
        (isIP(host) === 0 ? first.checkHost(host, { subject: 'never' }) : first.checkIP(host)) !==
        undefined,
    };
  } catch (cause) {
    // OpenSSL's words may quote what it could not read: they go along as the cause only.
    throw new DirectoryError<NodeErrorCode>(
      'certificate_unfit',
      'certificate and private key are not PEM texts of a matching pair',
      { cause },
    );
  }
}

/** `keyHash` of the certificates that a private key has; PEM. */
export function keyHashOf(privateKey: string): Uint8Array {
  return hashOf(createPublicKey(createPrivateKey(privateKey)));
}

function hashOf(publicKey: KeyObject): Uint8Array {
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return new Uint8Array(createHash('sha256').update(spki).digest());
}
