/**
 * Accounts of the rate limiter: shared memory and settings as plain data, so that all workers of a
 * server hold a client to one limit. Addresses are not stored: an account stands at a place, and under a
 * tag, that a random key of this memory derives from the network's address.
 */
import assert from 'node:assert/strict';
import type { Random } from '@callbook/protocol';
import { sipHashKeyBytes } from '../cookie/sip-hash.ts';

export interface RateLimitSettings {
  /** Full answers a second to each network (/24 or /56), 1 to 100 000; as many at once after a pause. */
  readonly responsesPerSecond: number;
  /** Of the answers over the limit each so many-th is a short one, 1 to 100; 0: none. Default 2. */
  readonly slip?: number;
  /** Networks remembered at once. Default 65 536, a megabyte. */
  readonly networksMax?: number;
}

/** Fit for structured clone; clones share the accounts. */
export interface RateLimitMemory {
  readonly responsesPerSecond: number;
  readonly slip: number;
  readonly hashKey: Uint8Array;
  readonly accounts: SharedArrayBuffer;
}

export const accountFields = { tag: 0, lastMs: 1, credit: 2, limitedCount: 3 } as const;
export const accountWords = 4;
/** An account may stand at any of so many places, next to each other. */
export const accountsPerSet = 8;
const networksMaxDefault = 65_536;
export const responsesPerSecondMax = 100_000;
export const slipMax = 100;

/** Makes accounts under a new key; memory is 16 octets for a network. */
export function createRateLimitMemory(
  settings: RateLimitSettings,
  random: Random,
): RateLimitMemory {
  const { responsesPerSecond, slip = 2, networksMax = networksMaxDefault } = settings;
  assert(isWithin(responsesPerSecond, 1, responsesPerSecondMax), 'rate limit is out of range');
  assert(isWithin(slip, 0, slipMax), 'slip is out of range');
  assert(isWithin(networksMax, accountsPerSet, 1 << 26), 'number of networks is out of range');
  const sets = Math.ceil(networksMax / accountsPerSet);
  return {
    responsesPerSecond,
    slip,
    hashKey: random.bytes(sipHashKeyBytes),
    accounts: new SharedArrayBuffer(sets * accountsPerSet * accountWords * 4),
  };
}

function isWithin(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
