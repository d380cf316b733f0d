import { describe, expect, test } from 'vitest';
import type { Charter } from '../../src/charter/charter.ts';
import { noticeOf } from '../../src/charter/notice.ts';
import { dayMs, foundingCharter, memberCalled } from '../make-vectors/charter-base.ts';

const before = foundingCharter(5, 1);
const weekMs = 7 * dayMs;

function holdsWith(change: Partial<Charter['holds']>): Partial<Charter> {
  return { holds: { ...before.holds, ...change } };
}

function betaWith(change: object): Partial<Charter> {
  const members = before.members.map((member) =>
    member.name === 'beta' ? { ...member, ...change } : member,
  );
  return { members };
}

describe('notice is asked for by', () => {
  test.each<[string, Partial<Charter>, string]>([
    ['a new member', { members: [...before.members, memberCalled('zeta')] }, 'member zeta joins'],
    ['a hold shorter by 1 ms', holdsWith({ lockedMs: weekMs - 1 }), 'lockedMs falls from'],
    ['a shorter notice', holdsWith({ noticeMs: 0 }), 'noticeMs falls from'],
    ['fewer faults', { faults: 0 }, 'faults fall from 1 to 0'],
    ['another ruleset', { ruleset: { number: 2, activatesAtMs: 0 } }, 'ruleset 2 replaces 1'],
  ])('%s', (_what, change, reason) => {
    const { noticeMs, reasons } = noticeOf(before, { ...before, ...change });
    expect(noticeMs).toBe(weekMs);
    expect(reasons).toHaveLength(1);
    expect(reasons[0]).toContain(reason);
  });

  test('a read-only member that becomes active again', () => {
    const readonly: Charter = { ...before, ...betaWith({ state: 'readonly' }) };
    expect(noticeOf(readonly, before)).toEqual({
      isUrgent: false,
      noticeMs: weekMs,
      reasons: ['member beta becomes active again'],
    });
  });

  test('each of several changes, once', () => {
    const members = [...before.members, memberCalled('zeta')];
    const change = { members, ...holdsWith({ emailMs: 0, theftMs: 0 }) };
    expect(noticeOf(before, { ...before, ...change }).reasons).toHaveLength(3);
  });
});

describe('what acts at once:', () => {
  test.each<[string, Partial<Charter>]>([
    ['an expulsion', betaWith({ state: 'expelled', cutoff: { size: 0, root: '' } })],
    ['a member made read-only', betaWith({ state: 'readonly' })],
    ['longer holds', holdsWith({ recoveryMs: weekMs, noticeMs: 2 * weekMs })],
    ['more faults', { faults: 2 }],
    ['a stolen key replaced', betaWith({ governanceKeys: ['other'], logKey: 'other' })],
    ['another address', betaWith({ addresses: [], api: 'https://elsewhere.example' })],
  ])('%s', (_what, change) => {
    expect(noticeOf(before, { ...before, ...change })).toMatchObject({
      noticeMs: 0,
      reasons: [],
    });
  });

  test('the notice is that of the charter in force, not of the next', () => {
    const next = { ...before, members: [...before.members, memberCalled('zeta')] };
    const hasty = { ...next, holds: { ...before.holds, noticeMs: 0 } };
    expect(noticeOf(before, hasty).noticeMs).toBe(weekMs);
  });

  test.each<[string, Partial<Charter>, boolean]>([
    ['an expulsion', betaWith({ state: 'expelled', cutoff: { size: 0, root: '' } }), true],
    ['a member made read-only', betaWith({ state: 'readonly' }), true],
    ['more faults', { faults: 2 }, false],
    ['nothing', {}, false],
  ])('%s: urgent or not', (_what, change, isUrgent) => {
    expect(noticeOf(before, { ...before, ...change }).isUrgent).toBe(isUrgent);
  });
});
