import { describe, expect, it } from 'vitest';

import {
  peerPointsHalfLifeMs,
  peerPointsMax,
  peerPointsRefused,
  peerPointsSlow,
} from '../../src/limits.ts';
import { MessageBudgets } from '../../src/peers/message-budgets.ts';
import { PeerScores } from '../../src/peers/peer-scores.ts';
import { TestClock } from '../support/federation.ts';

describe('a score', () => {
  const open = (points: number) => {
    const clock = new TestClock();
    const scores = new PeerScores(clock);
    for (let n = 0; n < points; n++) scores.add('beta', 'batch_malformed');
    return { clock, scores };
  };

  it('says nothing of a member that broke one rule', () => {
    const { scores } = open(1);
    expect(scores.points('beta')).toBe(1);
    expect(scores.isSlowed('beta') || scores.isRefused('beta')).toBe(false);
    expect(scores.points('gamma')).toBe(0);
  });

  it.each([
    [peerPointsSlow - 1, false, false],
    [peerPointsSlow, true, false],
    [peerPointsRefused - 1, true, false],
    [peerPointsRefused, true, true],
    [1000, true, true],
  ])('of %i points: slowed %s, refused %s', (points, slowed, refused) => {
    const { scores } = open(points);
    expect(scores.isSlowed('beta')).toBe(slowed);
    expect(scores.isRefused('beta')).toBe(refused);
  });

  it('halves in a minute, so that the worst is served again after one', () => {
    const { clock, scores } = open(1000);
    expect(scores.points('beta')).toBe(peerPointsMax);
    clock.advance(peerPointsHalfLifeMs + 1);
    expect(scores.isRefused('beta')).toBe(false);
    clock.advance(peerPointsHalfLifeMs);
    expect(scores.isSlowed('beta')).toBe(false);
    clock.advance(20 * peerPointsHalfLifeMs);
    expect(scores.add('beta', 'batch_malformed')).toBe(1);
  });

  it('does not grow when the clock is set back', () => {
    const { clock, scores } = open(3);
    clock.advance(-3_600_000);
    expect(scores.points('beta')).toBe(3);
  });

  it('is not touched by what a log did, or two members between them', () => {
    const { scores } = open(0);
    for (let n = 0; n < 100; n++) scores.add('beta', 'log_forked');
    expect(scores.add('beta', 'index_root_differs')).toBe(0);
  });
});

describe('a budget of messages', () => {
  it('gives a burst, then so many a second', () => {
    const clock = new TestClock();
    const budgets = new MessageBudgets(clock, { burst: 3, perSecond: 2 });
    const taken = () =>
      Array.from({ length: 5 }, () => budgets.take('beta')).filter(Boolean).length;
    expect(taken()).toBe(3);
    expect(taken()).toBe(0);
    clock.advance(1000);
    expect(taken()).toBe(2);
    clock.advance(-1000);
    expect(taken()).toBe(0);
    clock.advance(60_000);
    expect(taken()).toBe(3);
    expect(budgets.take('gamma')).toBe(true);
  });
});
