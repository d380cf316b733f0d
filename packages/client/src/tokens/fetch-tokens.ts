/**
 * Asks one member for tokens: its key as another member lists it too, blinded requests signed with the
 * authority key, signatures with the blind taken off. What comes back is checked before it is a token; what
 * does not fit ends in a refusal with a code, never in an exception.
 */
import {
  bytesEqual,
  encodeTokenInput,
  encodeTokenOrder,
  encodeTokenRequest,
  concatBytes,
  issuerNameOf,
  parseTokenBundle,
  parseTokenKey,
  tokenBundleCharactersMax,
  tokenOrderMessage,
  tokenPeriodAt,
  tokenRequestMediaType,
  tokenRequestsMax,
  tokenSignatureBytes,
  verifyTokenStatement,
  type Charter,
  type CharterMember,
  type Clock,
  type Cryptography,
  type Random,
  type StatedTokenKey,
  type Token,
} from '@callbook/protocol';
import { blindMessage, type BlindedMessage } from './blind-rsa.ts';

/** Longest wait for one answer. */
const answerMsMax = 10_000;

export interface TokenOwner {
  /** Id of the ownership entry in force, 32 bytes. */
  readonly ownershipId: Uint8Array;
  /** Signs with the authority key, Ed25519. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
}

export interface FetchTokensOptions {
  /** In force. */
  readonly charter: Charter;
  readonly issuer: CharterMember;
  /** Another active member, whose list of keys is compared; left out only where there is none. */
  readonly witness?: CharterMember | undefined;
  readonly owner: TokenOwner;
  /** 1 to 16. */
  readonly count: number;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: (request: Request) => Promise<Response>;
}

/** A token, and the last period in which it is good. */
export interface HeldToken {
  readonly token: Token;
  readonly lastPeriod: number;
}

export type FetchedTokens =
  | { readonly state: 'issued'; readonly tokens: readonly HeldToken[] }
  /** `keys_differ`: the issuer shows a key that the other member does not; it may tag its clients. */
  | { readonly state: 'refused'; readonly code: TokenRefusal; readonly retryAfterSeconds?: number };

export type TokenRefusal =
  | 'exhausted'
  | 'keys_differ'
  | 'key_missing'
  | 'member_unavailable'
  | 'order_refused'
  | 'signature_wrong';

/** Gets tokens of one member. */
export async function fetchTokens(options: FetchTokensOptions): Promise<FetchedTokens> {
  const { issuer, witness } = options;
  const key = await statedKey(issuer, options);
  if (key === undefined) return refused('key_missing');
  const other = witness === undefined ? key : await statedKey(witness, options);
  if (other === undefined) return refused('member_unavailable');
  if (!bytesEqual(key.tokenKey, other.tokenKey)) return refused('keys_differ');
  const count = Math.max(1, Math.min(options.count, tokenRequestsMax));
  const drafts = Array.from({ length: count }, () => draftOf(key, options.random));
  const requests = drafts.map(({ message }) =>
    encodeTokenRequest({
      truncatedKeyId: key.tokenKeyId.at(-1)!,
      blindedMessage: message.blinded,
    }),
  );
  const answer = await post(concatBytes(...requests), options);
  if (!(answer instanceof Uint8Array)) return answer;
  const tokens = drafts.map(({ input, message }, place) => {
    const at = place * tokenSignatureBytes;
    const authenticator = message.finalize(answer.subarray(at, at + tokenSignatureBytes));
    return authenticator && { token: { ...input, authenticator }, lastPeriod: key.period + 1 };
  });
  const good = tokens.filter((held) => held !== undefined);
  return good.length === count ? { state: 'issued', tokens: good } : refused('signature_wrong');
}

interface Draft {
  readonly input: Omit<Token, 'authenticator'>;
  readonly message: BlindedMessage;
}

function draftOf({ tokenKey, tokenKeyId, challengeDigest }: StatedTokenKey, random: Random): Draft {
  const input = { nonce: random.bytes(32), challengeDigest, tokenKeyId };
  const modulus = parseTokenKey(tokenKey);
  if (modulus.verdict !== 'accept') throw new TypeError('a stated key was parsed before');
  return { input, message: blindMessage(encodeTokenInput(input), modulus.value, random) };
}

/** The issuer's key of this period, as a member lists it. */
async function statedKey(
  asked: CharterMember,
  { charter, clock, crypto, fetch, issuer }: FetchTokensOptions,
): Promise<StatedTokenKey | undefined> {
  const answer = await answerTo(new Request(new URL('/v1/token-keys', asked.api)), fetch);
  if (answer?.status !== 200 || answer.octets.length > tokenBundleCharactersMax) return undefined;
  const bundle = parseTokenBundle(new TextDecoder().decode(answer.octets));
  const nowMs = clock.nowMs();
  for (const note of bundle.verdict === 'accept' ? bundle.value : []) {
    const stated = verifyTokenStatement(note, { charter, nowMs }, crypto);
    if (stated.verdict !== 'accept' || stated.value.member.name !== issuer.name) continue;
    if (stated.value.period === tokenPeriodAt(nowMs)) return stated.value;
  }
  return undefined;
}

async function post(
  body: Uint8Array,
  { clock, crypto, fetch, issuer, owner }: FetchTokensOptions,
): Promise<Uint8Array | FetchedTokens> {
  const order = { ownershipId: owner.ownershipId, atMs: clock.nowMs() };
  const issuerName = issuerNameOf(issuer);
  const signature = await owner.sign(tokenOrderMessage(order, { issuerName, body }, crypto));
  const request = new Request(new URL('/v1/tokens', issuer.api), {
    method: 'POST',
    headers: {
      'content-type': tokenRequestMediaType,
      authorization: encodeTokenOrder({ ...order, signature }),
    },
    body: new Uint8Array(body),
  });
  const answer = await answerTo(request, fetch);
  if (answer?.status === 200) return answer.octets;
  if (answer?.status === 429) return { ...refused('exhausted'), ...answer.retryAfter };
  return refused(answer?.status === 403 ? 'order_refused' : 'member_unavailable');
}

interface Answer {
  readonly status: number;
  readonly octets: Uint8Array;
  readonly retryAfter: { readonly retryAfterSeconds?: number };
}

async function answerTo(
  request: Request,
  fetch: FetchTokensOptions['fetch'],
): Promise<Answer | undefined> {
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    const response = await fetch(new Request(request, { signal, redirect: 'error' }));
    const octets = new Uint8Array(await response.arrayBuffer());
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    const retryAfter = Number.isSafeInteger(seconds) ? { retryAfterSeconds: seconds } : {};
    return { status: response.status, octets, retryAfter };
  } catch {
    return undefined;
  }
}

function refused(code: TokenRefusal): Extract<FetchedTokens, { state: 'refused' }> {
  return { state: 'refused', code };
}
