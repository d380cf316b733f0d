/**
 * `signBearer`: a token for who takes no signed requests, such as a SIP server (RFC 8898): a JWT (RFC 7519)
 * signed with a published key. It says who asks, and whom, and is good once and for minutes. What is asked
 * is not bound by it, so `signAs` is better wherever both sides can do it.
 */
import { encodeBase64Url, utf8, type Clock, type Random } from '@callbook/protocol';
import { signatureLifeSeconds } from '../limits.ts';
import type { RequestSigner, SignatureAlgorithmName } from './sign-request.ts';

/** RFC 7518 §3.1 and RFC 8037 §3.1. */
const algorithms: Readonly<Record<SignatureAlgorithmName, string>> = {
  'ecdsa-p256-sha256': 'ES256',
  ed25519: 'EdDSA',
};
const nameBytes = 16;

/** Returns a new token in compact form; `audience` is who takes it, and nobody else may. */
export async function signBearer(
  audience: string,
  signer: RequestSigner,
  ports: { readonly clock: Clock; readonly random: Random },
): Promise<string> {
  const issuedAtSeconds = Math.floor(ports.clock.nowMs() / 1000);
  const header = { alg: algorithms[signer.algorithm], typ: 'JWT' };
  const claims = {
    sub: signer.identifier,
    aud: audience,
    iat: issuedAtSeconds,
    exp: issuedAtSeconds + signatureLifeSeconds,
    jti: encodeBase64Url(ports.random.bytes(nameBytes)),
  };
  const signed = [header, claims]
    .map((part) => encodeBase64Url(utf8(JSON.stringify(part))))
    .join('.');
  return `${signed}.${encodeBase64Url(await signer.sign(utf8(signed)))}`;
}
