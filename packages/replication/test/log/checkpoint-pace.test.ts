import { describe, expect, it } from 'vitest';

import { CheckpointPace } from '../../src/log/checkpoint-pace.ts';

function paceAt(startMs: number) {
  const clock = { atMs: startMs, nowMs: () => clock.atMs };
  return { clock, pace: new CheckpointPace(clock) };
}

describe('the pace of checkpoints', () => {
  it('adds no wait while no log grows', () => {
    const { pace } = paceAt(1000);
    expect([pace.checkpointMs, pace.cosignMs]).toEqual([0, 250]);
    pace.grown('a');
    pace.grown('a');
    expect([pace.checkpointMs, pace.cosignMs]).toEqual([50, 250]);
  });

  it('slows with each log that grows, to a limit', () => {
    const { pace } = paceAt(1000);
    for (const origin of ['a', 'b', 'c']) pace.grown(origin);
    expect([pace.checkpointMs, pace.cosignMs]).toEqual([100, 750]);
    for (const origin of ['d', 'e', 'f']) pace.grown(origin);
    expect([pace.checkpointMs, pace.cosignMs]).toEqual([100, 750]);
  });

  it('forgets a log that has not grown for half a second', () => {
    const { clock, pace } = paceAt(1000);
    pace.grown('a');
    clock.atMs += 300;
    pace.grown('b');
    expect(pace.checkpointMs).toBe(100);
    clock.atMs += 200;
    expect(pace.checkpointMs).toBe(50);
  });

  it('counts nothing from the future when the clock is set back', () => {
    const { clock, pace } = paceAt(10_000);
    pace.grown('a');
    pace.grown('b');
    clock.atMs -= 5000;
    expect(pace.checkpointMs).toBe(0);
  });

  it('waits as long as writing takes, where that is longer, to a limit', () => {
    const { pace } = paceAt(1000);
    pace.grown('a');
    for (const [tookMs, waitsMs] of [
      [49, 50],
      [180, 180],
      [2000, 500],
      [-5, 50],
    ] as const) {
      pace.wrote(tookMs);
      expect(pace.checkpointMs).toBe(waitsMs);
    }
  });

  it('waits as long as a round of cosigning takes, where that is longer, to a limit', () => {
    const { pace } = paceAt(1000);
    for (const [tookMs, waitsMs] of [
      [249, 250],
      [300, 300],
      [2000, 750],
      [-5, 250],
    ] as const) {
      pace.cosigned(tookMs);
      expect(pace.cosignMs).toBe(waitsMs);
    }
  });
});
