import { describe, expect, it } from 'vitest';
import { createRateLimitMemory, RateLimiter } from '@callbook/dns';
import type { RateLimitSettings, RateVerdict } from '@callbook/dns';
import { parseIpAddress } from '@callbook/dns/wire';
import { TestClock } from '../test-zones.ts';

const random = {
  bytes: (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size)),
};

function limiterOf(settings: RateLimitSettings): { limiter: RateLimiter; clock: TestClock } {
  const clock = new TestClock();
  return { limiter: new RateLimiter(createRateLimitMemory(settings, random), clock), clock };
}

function octetsOf(address: string): Uint8Array {
  const parsed = parseIpAddress(address);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return parsed.value;
}

function ask(limiter: RateLimiter, address: string, times: number): Record<RateVerdict, number> {
  const counts = { answer: 0, slip: 0, drop: 0 };
  for (let time = 0; time < times; time += 1) counts[limiter.decide(octetsOf(address))] += 1;
  return counts;
}

describe('a network', () => {
  it('is answered up to its rate at once, then every so many-th time with a short answer', () => {
    const { limiter } = limiterOf({ responsesPerSecond: 10, slip: 3 });
    expect(ask(limiter, '192.0.2.1', 10)).toEqual({ answer: 10, slip: 0, drop: 0 });
    expect(ask(limiter, '192.0.2.1', 9)).toEqual({ answer: 0, slip: 3, drop: 6 });
  });

  it('gets no short answers without slip', () => {
    const { limiter } = limiterOf({ responsesPerSecond: 10, slip: 0 });
    expect(ask(limiter, '192.0.2.1', 20)).toEqual({ answer: 10, slip: 0, drop: 10 });
  });

  it('that keeps to its rate is always answered', () => {
    const { limiter, clock } = limiterOf({ responsesPerSecond: 100 });
    for (let round = 0; round < 500; round += 1) {
      expect(ask(limiter, '192.0.2.1', 1).answer).toBe(1);
      clock.now += 10;
    }
  });

  it('that goes on above its rate is not answered at all after the first second', () => {
    const { limiter, clock } = limiterOf({ responsesPerSecond: 100, slip: 2 });
    let answers = 0;
    for (let round = 0; round < 10_000; round += 1) {
      answers += ask(limiter, '192.0.2.1', 1).answer;
      clock.now += 2;
    }
    expect(answers).toBeLessThan(250);
  });

  it('is answered again when it has been quiet, after a long flood within seconds', () => {
    const { limiter, clock } = limiterOf({ responsesPerSecond: 10 });
    ask(limiter, '192.0.2.1', 10_000);
    clock.now += 4900;
    expect(ask(limiter, '192.0.2.1', 1).answer).toBe(0);
    clock.now += 1300;
    expect(ask(limiter, '192.0.2.1', 1).answer).toBe(1);
    clock.now += 60_000;
    expect(ask(limiter, '192.0.2.1', 20).answer).toBe(10);
  });

  it('earns nothing by a clock that is set back', () => {
    const { limiter, clock } = limiterOf({ responsesPerSecond: 10 });
    ask(limiter, '192.0.2.1', 10);
    clock.now -= 3_600_000;
    expect(ask(limiter, '192.0.2.1', 1).answer).toBe(0);
    clock.now += 1000;
    expect(ask(limiter, '192.0.2.1', 1).answer).toBe(1);
  });

  it.each([
    ['192.0.2.1', '192.0.2.254', true],
    ['192.0.2.1', '192.0.3.1', false],
    ['2001:db8:1:100::1', '2001:db8:1:1ff:ffff::2', true],
    ['2001:db8:1:100::1', '2001:db8:1:200::1', false],
    ['192.0.2.1', '::ffff:192.0.2.77', true],
    ['192.0.2.1', 'c000:200::', false],
  ])('of %s has %s in it: %s', (one, other, isSame) => {
    const { limiter } = limiterOf({ responsesPerSecond: 1 });
    ask(limiter, one, 1);
    expect(ask(limiter, other, 1).answer).toBe(isSame ? 0 : 1);
  });
});

describe('the accounts', () => {
  it('are shared by limiters over clones of the same memory', () => {
    const memory = createRateLimitMemory({ responsesPerSecond: 10 }, random);
    const clock = new TestClock();
    const [one, other] = [new RateLimiter(memory, clock), new RateLimiter({ ...memory }, clock)];
    expect(ask(one, '192.0.2.1', 6).answer).toBe(6);
    expect(ask(other, '192.0.2.1', 6).answer).toBe(4);
  });

  it('have no address in them', () => {
    const memory = createRateLimitMemory({ responsesPerSecond: 10 }, random);
    ask(new RateLimiter(memory, new TestClock()), '192.168.77.1', 5);
    const octets = new Uint8Array(memory.accounts);
    for (const network of [
      [192, 168, 77],
      [77, 168, 192],
    ])
      expect(Buffer.from(octets).includes(Buffer.from(network))).toBe(false);
  });

  it('of many networks stay bounded, and those in debt stay longest', () => {
    const { limiter } = limiterOf({ responsesPerSecond: 100, networksMax: 1024 });
    ask(limiter, '192.0.2.1', 1000);
    let answers = 0;
    for (let network = 0; network < 60_000; network += 1)
      if (limiter.decide(Uint8Array.of(11, network >> 8, network, 1)) === 'answer') answers += 1;
    expect(answers).toBe(60_000);
    expect(ask(limiter, '192.0.2.1', 1).answer).toBe(0);
  });

  it.each([
    { responsesPerSecond: 0 },
    { responsesPerSecond: 100_001 },
    { responsesPerSecond: 1.5 },
    { responsesPerSecond: 1, slip: 101 },
    { responsesPerSecond: 1, slip: -1 },
    { responsesPerSecond: 1, networksMax: 7 },
  ])('cannot be made with %o', (settings) => {
    expect(() => createRateLimitMemory(settings, random)).toThrow('out of range');
  });
});
