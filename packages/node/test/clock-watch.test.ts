import { expect, it, vi } from 'vitest';
import { watchClock } from '../src/clock-watch.ts';

it('tells of a clock that was set, once and by how much, and not of one that drifts', async () => {
  let [wallMs, monotonicMs] = [1_760_000_000_000, 0];
  const pass = (ms: number, setMs = 0): void => {
    wallMs += ms + setMs;
    monotonicMs += ms;
  };
  const jumps: number[] = [];
  const looks = vi.fn(() => monotonicMs);
  const options = { nowMs: () => wallMs, monotonicMs: looks, everyMs: 1 };
  const looked = async (): Promise<void> => {
    const before = looks.mock.calls.length;
    await expect.poll(() => looks.mock.calls.length).toBeGreaterThan(before + 1);
  };
  const watch = watchClock((byMs) => jumps.push(byMs), options);
  pass(5000, 3);
  await looked();
  expect(jumps).toEqual([]);
  pass(5000, 3_600_000);
  await looked();
  expect(jumps).toEqual([3_600_003]);
  pass(5000, -7_200_000);
  await looked();
  expect(jumps).toEqual([3_600_003, -7_200_000]);
  watch[Symbol.dispose]();
});
