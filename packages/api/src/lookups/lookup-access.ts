/**
 * Who may look up, how much, and what they are shown: with a token 16 identifiers in one request, whoever it
 * is; without one, what the network has left, or what all requests in capsules have left together, since
 * nobody knows where those come from. A holder who has signed has that budget, too. Loopback is a proxy or a page on this machine, and has no budget of its own: it would be that of
 * everybody behind it.
 */
import { bytesEqual, holderReadingMessage, parseHolderAuthorization } from '@callbook/protocol';
import { holderReadingMsMax, tokenLookupsMax } from '@callbook/protocol';
import type { Clock, Cryptography, Random } from '@callbook/protocol';
import type { FastifyRequest } from 'fastify';
import { isLoopback, networkOf } from '../client-network.ts';
import { ApiError } from '../errors.ts';
import type { ApiErrorCode } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import { insideCapsule, isOblivious } from '../oblivious/inner-request.ts';
import type { DirectoryPort } from '../ports.ts';
import type { TokenService } from '../tokens/token-service.ts';
import { LookupSketch } from './lookup-sketch.ts';
import type { Reader } from './reader.ts';

/** What a route can answer that looks at who asks. */
export const readerCodes = [
  'token_invalid',
  'token_spent',
  'token_insufficient',
  'token_unchecked',
  'holder_unproven',
] as const satisfies readonly ApiErrorCode[];

/** What a route can answer that admits look-ups. */
export const accessCodes = [
  ...readerCodes,
  'lookups_rate_limited',
] as const satisfies readonly ApiErrorCode[];

export interface LookupAccessParts {
  readonly tokens?: TokenService | undefined;
  readonly directory: Pick<DirectoryPort, 'holderOf' | 'ownershipOf'>;
  readonly clock: Clock;
  readonly crypto: Cryptography;
  readonly random: Random;
}

type Asking = Pick<FastifyRequest, 'headers' | 'ip'>;

export class LookupAccess {
  readonly #parts: LookupAccessParts;
  readonly #networks: LookupSketch;
  readonly #capsules: LookupSketch;

  constructor(limits: ApiLimits, parts: LookupAccessParts) {
    this.#parts = parts;
    const perSecond = limits.networkLookupsPerSecondMax;
    this.#networks = new LookupSketch({ perSecond, burst: limits.networkLookupsBurstMax }, parts);
    const capsules = {
      perSecond: limits.capsuleLookupsPerSecondMax,
      burst: limits.capsuleLookupsBurstMax,
    };
    this.#capsules = new LookupSketch(capsules, parts);
  }

  /** Admits a request for `count` look-ups. Throws one of `accessCodes`. */
  async admit(request: Asking, count: number): Promise<Reader> {
    const reader = await this.read(request, count);
    if (!reader.hasToken) this.spendAnonymously(request, count);
    return reader;
  }

  /** The same without the budget of those who bring no token: what is asked for has one of its own. */
  async read({ headers }: Asking, count: number): Promise<Reader> {
    const { authorization } = headers;
    if (authorization === undefined) return { hasToken: false };
    if (/^CallbookHolder /i.test(authorization)) return this.#holder(authorization);
    await this.#redeem(authorization, count);
    return { hasToken: true };
  }

  /** What a request is told that needs a token and has none. */
  get challenge(): string | undefined {
    return this.#parts.tokens?.challenge;
  }

  /** Takes look-ups out of the budget of those who bring no token. Throws `lookups_rate_limited`. */
  spendAnonymously({ ip }: Pick<FastifyRequest, 'ip'>, count: number): void {
    const nowMs = this.#parts.clock.nowMs();
    if (isOblivious({ ip })) refuse(this.#capsules.spend(insideCapsule, count, nowMs));
    else if (!isLoopback(ip)) refuse(this.#networks.spend(networkOf(ip), count, nowMs));
  }

  #holder(authorization: string): Reader {
    const { clock, crypto, directory } = this.#parts;
    const signed = parseHolderAuthorization(authorization);
    if (signed.verdict !== 'accept') throw new ApiError('holder_unproven');
    const { authority, atMs, ownershipId, signature } = signed.value;
    const isNow = Math.abs(clock.nowMs() - atMs) <= holderReadingMsMax;
    const message = holderReadingMessage(signed.value);
    if (!isNow || !crypto.ed25519Verify(message, signature, authority)) {
      throw new ApiError('holder_unproven');
    }
    if (ownershipId === undefined) return { hasToken: false, authority };
    const holder = directory.holderOf(ownershipId);
    const isInForce = holder !== undefined && bytesEqual(holder.authority, authority);
    const holds = isInForce ? directory.ownershipOf(ownershipId)?.identifier : undefined;
    return { hasToken: false, authority, holds };
  }

  async #redeem(authorization: string, count: number): Promise<void> {
    const { tokens } = this.#parts;
    if (tokens === undefined) throw new ApiError('token_invalid');
    // Before the token is spent: it is good for another request then.
    if (count > tokenLookupsMax) throw new ApiError('token_insufficient');
    await tokens.redeem(authorization);
  }
}

function refuse(waitMs: number): void {
  if (waitMs === 0) return;
  const retryAfterSeconds = Math.ceil(waitMs / 1000);
  throw new ApiError('lookups_rate_limited', { retryAfterSeconds });
}
