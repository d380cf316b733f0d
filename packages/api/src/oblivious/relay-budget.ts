/**
 * How many capsules a relay takes from one network: the gateway sees the relay alone, so nobody else could
 * count them. A capsule is at most 16 look-ups, and whether a token pays for them is sealed, so all
 * count alike. No address is kept: the sketch keeps none. Loopback is a proxy or a page on this machine, and
 * has no budget.
 */
import type { Clock, Cryptography, Random } from '@callbook/protocol';
import { isLoopback, networkOf } from '../client-network.ts';
import { ApiError } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import { LookupSketch } from '../lookups/lookup-sketch.ts';
import { relayRetrySeconds } from './limits.ts';

interface RelayBudgetPorts {
  readonly clock: Clock;
  readonly crypto: Cryptography;
  readonly random: Random;
}

export class RelayBudget {
  readonly #clock: Clock;
  readonly #networks: LookupSketch;

  constructor(limits: ApiLimits, ports: RelayBudgetPorts) {
    const { networkCapsulesPerSecondMax: perSecond, networkCapsulesBurstMax: burst } = limits;
    this.#clock = ports.clock;
    this.#networks = new LookupSketch({ perSecond, burst }, ports);
  }

  /** Takes one capsule out of the budget of an address's network. Throws `relay_rate_limited`. */
  spend(address: string): void {
    if (isLoopback(address)) return;
    if (this.#networks.spend(networkOf(address), 1, this.#clock.nowMs()) === 0) return;
    // The same for everybody: it says neither whose budget it is, nor what others have left in it.
    throw new ApiError('relay_rate_limited', { retryAfterSeconds: relayRetrySeconds });
  }
}
