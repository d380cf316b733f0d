import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { EventLoopDelay } from '../../src/status/event-loop-delay.ts';

/** Keeps the thread busy. */
function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

it('sees a thread that was kept busy, and forgets it with the window', async () => {
  using delay = new EventLoopDelay(400);
  await sleep(50);
  block(300);
  await sleep(50);
  expect(delay.latest().maxMs).toBeGreaterThan(200);
  // Whatever else the machine does, a window comes in which nothing is as late.
  const givesUpAtMs = Date.now() + 20_000;
  while (delay.latest().maxMs > 200 && Date.now() < givesUpAtMs) await sleep(100);
  expect(delay.latest().maxMs).toBeLessThanOrEqual(200);
});
