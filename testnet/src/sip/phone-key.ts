/** Keys of telephones: PEM files and certificates that their keys sign themselves, without any number. */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeBase64Url, parseBase64Url } from '@callbook/protocol';
import type { KeyPair, PublishedKey } from '@callbook/protocol';
import { runPeerTool } from '../peer-process.ts';

/** Files of a telephone. */
export interface PhoneCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A private key as PEM. */
export type PrivateKeyPem = string;

/** The `sip` key that derives from a seed, as PEM. */
export function sipKeyPem({ secretKey, publicKey }: KeyPair): PrivateKeyPem {
  const [x, y] = [publicKey.subarray(1, 33), publicKey.subarray(33)].map(encodeBase64Url);
  const jwk = { kty: 'EC', crv: 'P-256', x: x!, y: y!, d: encodeBase64Url(secretKey) };
  return exportPem(createPrivateKey({ key: jwk, format: 'jwk' }));
}

/** A new key of the kind that few telephones know, and how it is published. */
export function newEd25519Key(): { readonly pem: PrivateKeyPem; readonly published: PublishedKey } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = parseBase64Url(publicKey.export({ format: 'jwk' }).x!)!;
  return { pem: exportPem(privateKey), published: { use: 'sip', algorithm: 'ed25519', key } };
}

/** A key that nobody has published. */
export function strangersKey(): PrivateKeyPem {
  return exportPem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

/** Writes a key and a new certificate for it to a folder. */
export async function writePhoneCertificate(
  folder: string,
  pem: PrivateKeyPem,
): Promise<PhoneCertificate> {
  const files = { certificate: join(folder, 'phone.pem'), privateKey: join(folder, 'phone.key') };
  await writeFile(files.privateKey, pem, { mode: 0o600 });
  const subject = ['-subj', '/CN=callbook', '-days', '3650'];
  const made = ['-key', files.privateKey, '-out', files.certificate];
  await runPeerTool(['openssl', 'req', '-x509', '-new', ...made, ...subject]);
  return files;
}

/** The published form of a P-256 key that is there as PEM. */
export function publishedSipKey(pem: string | Buffer): PublishedKey {
  const { x, y } = createPublicKey(pem).export({ format: 'jwk' });
  const point = [x, y].map((coordinate) => parseBase64Url(coordinate!)!);
  const key = Uint8Array.from([4, ...point[0]!, ...point[1]!]);
  return { use: 'sip', algorithm: 'p256', key };
}

function exportPem(key: ReturnType<typeof createPrivateKey>): PrivateKeyPem {
  return key.export({ type: 'pkcs8', format: 'pem' });
}
