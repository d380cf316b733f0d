/**
 * `signAs`: an HTTP request signed with a published key (RFC 9421), so that a server knows for which
 * identifier it is asked, without a password and without an account made before. The body is bound by
 * its digest (RFC 9530), the request by method and target, and the time by `created` and `expires`.
 */
import { appendSignature, createSignature, type Signer as MessageSigner } from 'http-message-sig';
import {
  assert,
  encodeBase64Url,
  type Clock,
  type Identifier,
  type Random,
  type Signer,
} from '@callbook/protocol';
import { signatureLifeSeconds } from '../limits.ts';
import { contentDigest } from './content-digest.ts';

/** Tells this use of a key from every other (RFC 9421 §2.3, `tag`). */
export const signatureTag = 'callbook';
export const signatureLabel = 'callbook';
const nonceBytes = 16;

/** Who signs: an identifier and the key that it has published. */
export interface RequestSigner {
  readonly identifier: Identifier;
  /** `ed25519` or `ecdsa-p256-sha256`, as RFC 9421 §3.3 names them. */
  readonly algorithm: SignatureAlgorithmName;
  /** Signs the signature base of a request. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

/** The algorithms of published keys, as RFC 9421 §3.3 names them. */
export type SignatureAlgorithmName = 'ecdsa-p256-sha256' | 'ed25519';

/** Returns the signer of a published Ed25519 key, wherever its secret is. */
export function ed25519RequestSigner(identifier: Identifier, signer: Signer): RequestSigner {
  return { identifier, algorithm: 'ed25519', sign: (message) => signer.sign(message) };
}

/** Returns a copy of `request` that bears a signature; the body is read once. */
export async function signAs(
  request: Request,
  signer: RequestSigner,
  ports: { readonly clock: Clock; readonly random: Random },
): Promise<Request> {
  assert(!request.bodyUsed, 'the body of the request has been read already');
  const body = new Uint8Array(await request.arrayBuffer());
  const signed = withBody(request, body);
  const hasBody = body.length > 0;
  if (hasBody) signed.headers.set('content-digest', await contentDigest(body));
  const created = Math.floor(ports.clock.nowMs() / 1000);
  const fields = await createSignature(signed, {
    label: signatureLabel,
    components: ['@method', '@target-uri', ...(hasBody ? ['content-digest'] : [])],
    parameters: {
      created,
      expires: created + signatureLifeSeconds,
      nonce: encodeBase64Url(ports.random.bytes(nonceBytes)),
      alg: signer.algorithm,
      keyid: signer.identifier,
      tag: signatureTag,
    },
    signer: messageSigner(signer),
  });
  return new Request(withBody(signed, body), { headers: appendSignature(signed.headers, fields) });
}

function withBody(request: Request, body: Uint8Array): Request {
  const { method, headers } = request;
  const copy = new Headers(headers);
  return new Request(request.url, {
    method,
    headers: copy,
    ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
  });
}

function messageSigner({ algorithm, sign }: RequestSigner): MessageSigner {
  return { algorithm, sign };
}
