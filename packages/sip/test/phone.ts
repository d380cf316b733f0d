/** A phone of tests: keys, certificates by OpenSSL, tokens and PASSporTs. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Phone {
  readonly privateKey: KeyObject;
  readonly spki: Uint8Array;
}

export function newPhone(kind: 'ed25519' | 'p256' = 'p256'): Phone {
  const { privateKey, publicKey } =
    kind === 'p256'
      ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
      : generateKeyPairSync('ed25519');
  return {
    privateKey,
    spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })),
  };
}

/** A self-signed certificate as PEM; `extra` are further arguments of `openssl req`. */
export function certificateOf(privateKey: KeyObject, extra: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'callbook-phone-'));
  try {
    const keyFile = join(folder, 'key.pem');
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const subject = extra.includes('-subj') ? [] : ['-subj', '/CN=phone'];
    const args = ['req', '-new', '-x509', '-key', keyFile, '-days', '30', ...subject, ...extra];
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function base64UrlJson(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Signs whatever header and claims with ES256 or EdDSA, as the key is. */
export function compactJws(header: unknown, claims: unknown, key: KeyObject): string {
  const signed = `${base64UrlJson(header)}.${base64UrlJson(claims)}`;
  const signature =
    key.asymmetricKeyType === 'ed25519'
      ? sign(null, Buffer.from(signed), key)
      : sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

let tokenCount = 0;

/** The claims of a good token; each has a name of its own. */
export function claimsFor(number: string, changes: object = {}): object {
  const iat = Math.floor(Date.now() / 1000);
  const jti = `token-${String((tokenCount += 1)).padStart(16, '0')}`;
  return { sub: `tel:${number}`, aud: 'sip.a.example', iat, exp: iat + 300, jti, ...changes };
}
