/**
 * Response rate limiting: a datagram's source can be forged, so that answers hit somebody who never
 * asked. Each network has an account of answers, filled at a steady rate. What is over it goes unanswered,
 * but for each so many-th query, whose short answer sends an honest client to TCP or gives it a cookie.
 * Refused answers are charged too: a flood gets no full answer until it stops.
 *
 * Words of the shared memory are read and written without locks. Two workers at one account may lose a
 * charge; a torn account at worst limits a network, or spares it, for a moment.
 */
import type { Clock } from '@callbook/protocol';
import { sipHash24, sipHashBytes } from '../cookie/sip-hash.ts';
import { accountFields, accountsPerSet, accountWords } from './rate-limit-memory.ts';
import type { RateLimitMemory } from './rate-limit-memory.ts';

export type RateVerdict = 'answer' | 'slip' | 'drop';

/** Credit of one answer: at a rate of n a second each millisecond brings n. */
const answerCredit = 1000;
/** How far a flood can overdraw: so many seconds after its end the network is whole again. */
const debtSecondsMax = 5;
/** Networks as the registries give them to sites: RFC 6177 for IPv6. */
const ipv4NetworkBytes = 3;
const ipv6NetworkBytes = 7;
/** RFC 4291 §2.5.5.2: ::ffff:0:0/96 holds IPv4 addresses. */
const mappedPrefix = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff);

export class RateLimiter {
  private readonly memory: RateLimitMemory;
  private readonly clock: Clock;
  private readonly words: Int32Array;
  private readonly setCount: number;
  private readonly hash: Uint8Array = new Uint8Array(sipHashBytes);
  private readonly hashWords: Uint32Array = new Uint32Array(this.hash.buffer);

  constructor(memory: RateLimitMemory, clock: Clock) {
    this.memory = memory;
    this.clock = clock;
    this.words = new Int32Array(memory.accounts);
    this.setCount = this.words.length / (accountWords * accountsPerSet);
  }

  /** Charges the client's network for one answer. Octets are 4 or 16; others are a network as well. */
  decide(clientOctets: Uint8Array): RateVerdict {
    const { responsesPerSecond, slip } = this.memory;
    const nowMs = this.clock.nowMs() | 0;
    sipHash24(this.memory.hashKey, networkOf(clientOctets), this.hash);
    const at = this.findAccount(nowMs);
    const credit = this.creditAt(at, nowMs) - answerCredit;
    const { words } = this;
    words[at + accountFields.lastMs] = nowMs;
    words[at + accountFields.credit] = Math.max(
      credit,
      -debtSecondsMax * responsesPerSecond * answerCredit,
    );
    if (credit >= 0) return 'answer';
    if (slip === 0) return 'drop';
    const limitedCount = words[at + accountFields.limitedCount]! + 1;
    words[at + accountFields.limitedCount] = limitedCount;
    return limitedCount % slip === 0 ? 'slip' : 'drop';
  }

  /** Returns where the account is, made anew in the place of one that has the most credit if need be. */
  private findAccount(nowMs: number): number {
    const { words } = this;
    const tag = this.hashWords[0]! | 1;
    const firstAt = (this.hashWords[1]! % this.setCount) * accountsPerSet * accountWords;
    let richestAt = firstAt;
    let richest = Number.NEGATIVE_INFINITY;
    for (let place = 0; place < accountsPerSet; place += 1) {
      const at = firstAt + place * accountWords;
      if (words[at + accountFields.tag] === tag) return at;
      const isFree = words[at + accountFields.tag] === 0;
      const credit = isFree ? Number.POSITIVE_INFINITY : this.creditAt(at, nowMs);
      if (credit <= richest) continue;
      richest = credit;
      richestAt = at;
    }
    words[richestAt + accountFields.tag] = tag;
    words[richestAt + accountFields.lastMs] = nowMs;
    words[richestAt + accountFields.credit] = this.fullCredit;
    words[richestAt + accountFields.limitedCount] = 0;
    return richestAt;
  }

  private creditAt(at: number, nowMs: number): number {
    const { words } = this;
    // Clocks are set back now and then: that brings nothing.
    const elapsedMs = Math.max(0, (nowMs - words[at + accountFields.lastMs]!) | 0);
    const earned = elapsedMs * this.memory.responsesPerSecond;
    return Math.min(this.fullCredit, words[at + accountFields.credit]! + earned);
  }

  private get fullCredit(): number {
    return this.memory.responsesPerSecond * answerCredit;
  }
}

/** Returns the /24 or /56 that an address lies in, as octets. */
function networkOf(clientOctets: Uint8Array): Uint8Array {
  if (clientOctets.length !== 16) return clientOctets.subarray(0, ipv4NetworkBytes);
  const isMapped = mappedPrefix.every((octet, index) => clientOctets[index] === octet);
  if (isMapped)
    return clientOctets.subarray(mappedPrefix.length, mappedPrefix.length + ipv4NetworkBytes);
  return clientOctets.subarray(0, ipv6NetworkBytes);
}
