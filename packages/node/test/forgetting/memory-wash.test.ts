import { describe, expect, it, vi } from 'vitest';
import { startMemoryWash } from '../../src/forgetting/memory-wash.ts';
import { washParser } from '../../src/forgetting/wash-parser.ts';
import { washQuery } from '../../src/forgetting/wash-query.ts';
import { washThread } from '../../src/forgetting/wash-thread.ts';
import { parseMessage } from '@callbook/dns/wire';

function createBench() {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const bench = { asked: 0, washes: 0 };
  const running = startMemoryWash({
    asked: () => bench.asked,
    wash: async () => {
      bench.washes += 1;
    },
    pollMs: 1000,
    atLatestMs: 10_000,
  });
  const pass = (seconds: number, askedEachSecond = 0): number => {
    for (let second = 0; second < seconds; second += 1) {
      bench.asked += askedEachSecond;
      vi.advanceTimersByTime(1000);
    }
    return bench.washes;
  };
  return {
    pass,
    [Symbol.dispose]: () => {
      running[Symbol.dispose]();
      vi.useRealTimers();
    },
  };
}

describe('the wash of a member’s memory', () => {
  it('comes once nobody has asked for a while, and once only', () => {
    using bench = createBench();
    expect(bench.pass(3, 1)).toBe(0);
    expect(bench.pass(1)).toBe(1);
    expect(bench.pass(20)).toBe(1);
  });

  it('comes once after the start, and no more where nobody asks', () => {
    using bench = createBench();
    expect(bench.pass(60)).toBe(1);
  });

  it('comes in time where somebody always asks', () => {
    using bench = createBench();
    expect(bench.pass(9, 5)).toBe(0);
    expect(bench.pass(1, 5)).toBe(1);
    expect(bench.pass(10, 5)).toBe(2);
  });

  it('ends with the member', () => {
    const bench = createBench();
    bench.pass(1, 1);
    bench[Symbol.dispose]();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    expect(bench.pass(5)).toBe(0);
    vi.useRealTimers();
  });

  it('can be had in a thread as often as wanted', async () => {
    washThread();
    await washParser();
    washThread();
    expect(globalThis.gc).toBeUndefined();
  });

  it('asks for a name that is longer than that of any number', () => {
    const query = parseMessage(washQuery('e164.alpha.test'));
    const name = query.verdict === 'accept' ? query.value.questions[0]!.name : undefined;
    expect(name!.labelCount).toBe(48 + 3);
  });
});
