/** Whoever computes and rests when it is due computes half of the time at most, however long that takes. */
import { expect, it } from 'vitest';
import { Rests } from '../../src/backup/rests.ts';

const pieceMs = 0.1;
const enoughMs = 100;

it('leaves half of the time to others', () => {
  const rests = new Rests();
  const startedAtMs = performance.now();
  const before = process.cpuUsage();
  while (performance.now() - startedAtMs < enoughMs) {
    const pieceEndMs = performance.now() + pieceMs;
    while (performance.now() < pieceEndMs);
    rests.ifDue();
  }
  const { user, system } = process.cpuUsage(before);
  const share = (user + system) / 1000 / (performance.now() - startedAtMs);
  expect(share).toBeGreaterThan(0);
  // What the rests themselves cost comes on top.
  expect(share).toBeLessThan(0.65);
});
