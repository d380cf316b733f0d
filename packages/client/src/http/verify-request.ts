/**
 * `verifyAs`: for whom a request was signed (RFC 9421), by a key that the directory publishes. Whatever
 * a stranger can send ends in a refusal with a code; a directory that cannot be asked is another code
 * than a wrong signature, so that a server can answer 503 to the one and 401 to the other.
 *
 * It does not remember nonces: who must not take a request twice keeps those that it was given until
 * `expiresAtMs`.
 */
import {
  isSignatureError,
  verifySignature,
  type SignatureParameters,
  type UntrustedSignatureCandidate,
  type Verifier,
} from 'http-message-sig';
import {
  parseIdentifier,
  type Clock,
  type Cryptography,
  type Identifier,
  type PublishedKey,
} from '@callbook/protocol';
import { clockSkewSeconds, signatureLifeSeconds, signedBodyBytesMax } from '../limits.ts';
import { hasContentDigest } from './content-digest.ts';
import { signatureLabel, signatureTag, type SignatureAlgorithmName } from './sign-request.ts';

/** Why a request is not taken as signed. */
export type RequestRefusal =
  | 'signature_missing'
  | 'signature_malformed'
  /** Too old, too new, or it does not cover what it must. */
  | 'signature_unfit'
  | 'signature_wrong'
  | 'signer_unknown'
  | 'body_mismatch'
  | 'body_too_large'
  | 'directory_unavailable';

/** For whom a request was signed, or why that is not known. */
export type VerifiedRequest =
  | {
      readonly state: 'verified';
      readonly identifier: Identifier;
      /** The published key that signed. */
      readonly publishedKey: PublishedKey;
      readonly nonce: string;
      readonly createdAtMs: number;
      readonly expiresAtMs: number;
      readonly body: Uint8Array;
    }
  | { readonly state: 'refused'; readonly code: RequestRefusal };

/** Where published keys come from, and what else a verdict needs. */
export interface VerifyRequestOptions {
  /** The keys that an identifier publishes, none where it is proven to publish none; may throw. */
  readonly keysOf: (identifier: Identifier) => Promise<readonly PublishedKey[]>;
  readonly clock: Clock;
  readonly crypto: Cryptography;
}

const algorithmsOf: Readonly<Record<string, SignatureAlgorithmName | undefined>> = {
  ed25519: 'ed25519',
  p256: 'ecdsa-p256-sha256',
};

/** Judges a request; its body is read once and returned. Never throws for what was received. */
export async function verifyAs(
  request: Request,
  options: VerifyRequestOptions,
): Promise<VerifiedRequest> {
  if (!request.headers.has('signature-input')) return refused('signature_missing');
  const body = await boundedBody(request);
  if (body === undefined) return refused('body_too_large');
  if (!(await isBodyBound(request, body))) return refused('body_mismatch');
  const search = new KeySearch(options);
  try {
    const { verifier, parameters } = await verifySignature(request, {
      label: signatureLabel,
      policy: policyFor(body, options.clock),
      resolveVerifier: (candidate) => search.begin(candidate),
    });
    return {
      state: 'verified',
      identifier: verifier.identifier,
      publishedKey: verifier.signedWith(),
      nonce: String(parameters.nonce),
      createdAtMs: Number(parameters.created) * 1000,
      expiresAtMs: Number(parameters.expires) * 1000,
      body,
    };
  } catch (error) {
    return refused(search.refusal ?? refusalOf(error));
  }
}

function refused(code: RequestRefusal): VerifiedRequest {
  return { state: 'refused', code };
}

/** RFC 9421 §3.2.1: what must be covered, and for how long, is the verifier's to say. */
function policyFor(
  body: Uint8Array,
  clock: Clock,
): Parameters<typeof verifySignature>[1]['policy'] {
  return {
    algorithms: ['ed25519', 'ecdsa-p256-sha256'],
    requiredComponents: ['@method', '@target-uri', ...(body.length > 0 ? ['content-digest'] : [])],
    requiredParameters: ['created', 'expires', 'nonce', 'keyid', 'alg', 'tag'],
    maxAge: signatureLifeSeconds,
    clockSkew: clockSkewSeconds,
    now: Math.floor(clock.nowMs() / 1000),
    validate: ({ parameters }) => parameters.tag === signatureTag,
  };
}

async function isBodyBound(request: Request, body: Uint8Array): Promise<boolean> {
  if (body.length === 0) return true;
  const field = request.headers.get('content-digest');
  return field !== null && (await hasContentDigest(field, body));
}

async function boundedBody(request: Request): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of request.body ?? []) {
    size += part.length;
    if (size > signedBodyBytesMax) return undefined;
    parts.push(part);
  }
  return new Uint8Array(await new Blob(parts.map((part) => new Uint8Array(part))).arrayBuffer());
}

interface HolderVerifier extends Verifier {
  readonly identifier: Identifier;
  readonly signedWith: () => PublishedKey;
}

/** Finds the keys of whom the signature names, and remembers why there are none. */
class KeySearch {
  readonly #options: VerifyRequestOptions;
  refusal: RequestRefusal | undefined;

  constructor(options: VerifyRequestOptions) {
    this.#options = options;
  }

  async begin({ parameters }: UntrustedSignatureCandidate): Promise<HolderVerifier> {
    const identifier = parseIdentifier(String(parameters.keyid));
    if (identifier.verdict !== 'accept') return this.#refuse('signature_malformed');
    const keys = await this.#keysOf(identifier.value);
    const fitting = keys.filter(({ algorithm }) => algorithmsOf[algorithm] === parameters.alg);
    if (fitting.length === 0) return this.#refuse('signer_unknown');
    return this.#verifierOf(identifier.value, { parameters, fitting });
  }

  async #keysOf(identifier: Identifier): Promise<readonly PublishedKey[]> {
    try {
      return await this.#options.keysOf(identifier);
    } catch {
      return this.#refuse('directory_unavailable');
    }
  }

  #verifierOf(
    identifier: Identifier,
    by: { parameters: SignatureParameters; fitting: readonly PublishedKey[] },
  ): HolderVerifier {
    let signedWith: PublishedKey | undefined;
    return {
      identifier,
      algorithm: String(by.parameters.alg),
      verify: (message, signature) => {
        signedWith = by.fitting.find((key) => this.#isSignedBy(key, message, signature));
        return signedWith !== undefined;
      },
      signedWith: () => signedWith ?? this.#refuse('signature_wrong'),
    };
  }

  #isSignedBy(
    { algorithm, key }: PublishedKey,
    message: Uint8Array,
    signature: Uint8Array,
  ): boolean {
    const { crypto } = this.#options;
    return algorithm === 'ed25519'
      ? crypto.ed25519Verify(message, signature, key)
      : crypto.p256Verify(message, signature, key.subarray(1));
  }

  #refuse(code: RequestRefusal): never {
    this.refusal = code;
    throw new Error(code);
  }
}

function refusalOf(error: unknown): RequestRefusal {
  if (!isSignatureError(error)) return 'signature_malformed';
  if (error.code === 'VerificationFailed') return 'signature_wrong';
  return error.code === 'PolicyViolation' ? 'signature_unfit' : 'signature_malformed';
}
