/**
 * Who may look up, and how much: with a token 16 identifiers in one request, whoever it is; without one, what
 * the network has left, or what all requests in capsules have left together, since nobody knows where those
 * come from. Loopback is a proxy or a page on this machine, and has no budget of its own: it would be that of
 * everybody behind it.
 */
import { tokenLookupsMax } from '@callbook/protocol';
import type { Clock, Cryptography, Random } from '@callbook/protocol';
import type { FastifyRequest } from 'fastify';
import { isLoopback, networkOf } from '../client-network.ts';
import { ApiError } from '../errors.ts';
import type { ApiErrorCode } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import { insideCapsule, isOblivious } from '../oblivious/inner-request.ts';
import type { TokenService } from '../tokens/token-service.ts';
import { LookupSketch } from './lookup-sketch.ts';

/** What a route that admits look-ups can answer. */
export const accessCodes = [
  'token_invalid',
  'token_spent',
  'token_insufficient',
  'token_unchecked',
  'lookups_rate_limited',
] as const satisfies readonly ApiErrorCode[];

export interface LookupAccessParts {
  readonly tokens?: TokenService | undefined;
  readonly clock: Clock;
  readonly crypto: Cryptography;
  readonly random: Random;
}

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

  /** Admits a request for `count` look-ups; true where a token pays. Throws one of `accessCodes`. */
  async admit(request: Pick<FastifyRequest, 'headers' | 'ip'>, count: number): Promise<boolean> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      await this.#redeem(authorization, count);
      return true;
    }
    this.spendAnonymously(request, count);
    return false;
  }

  /** Takes look-ups out of the budget of those who bring no token. Throws `lookups_rate_limited`. */
  spendAnonymously({ ip }: Pick<FastifyRequest, 'ip'>, count: number): void {
    const nowMs = this.#parts.clock.nowMs();
    if (isOblivious({ ip })) refuse(this.#capsules.spend(insideCapsule, count, nowMs));
    else if (!isLoopback(ip)) refuse(this.#networks.spend(networkOf(ip), count, nowMs));
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
