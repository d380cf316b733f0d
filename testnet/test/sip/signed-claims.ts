/** Bearer tokens and PASSporTs as telephones would make them, and as nobody should. */
import { createPrivateKey, randomBytes, sign } from 'node:crypto';

type Claims = Readonly<Record<string, unknown>>;

/** Signs a JWT with a P-256 key (ES256). */
function signJwt(pem: string, header: Claims, claims: Claims): string {
  const signed = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const key = createPrivateKey(pem);
  const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** A token for a number at a provider, good for a minute. */
export function bearerToken(
  pem: string,
  { number, audience }: { readonly number: string; readonly audience: string },
  changes: Claims = {},
): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return signJwt(
    pem,
    { alg: 'ES256', typ: 'JWT' },
    {
      sub: `tel:${number}`,
      aud: audience,
      iat: nowSeconds,
      exp: nowSeconds + 60,
      jti: randomBytes(16).toString('base64url'),
      ...changes,
    },
  );
}

/** The value of an Identity header. */
export function identity(
  pem: string,
  { orig, dest }: { readonly orig: string; readonly dest: string },
  changes: Claims = {},
): string {
  const url = 'https://elsewhere.test/key.pem';
  const claims = {
    dest: { tn: [dest.slice(1)] },
    iat: Math.floor(Date.now() / 1000),
    orig: { tn: orig.slice(1) },
    ...changes,
  };
  const token = signJwt(pem, { alg: 'ES256', typ: 'passport', x5u: url }, claims);
  return `${token};info=<${url}>;alg=ES256`;
}
