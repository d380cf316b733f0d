/** Guessing digits over a whole member: at the limit, beyond it, and for whom it counts. */
import { describe, expect, it } from 'vitest';
import { WrongAnswers } from '../../src/challenges/wrong-answers.ts';
import { askForCode, proofOf, sendAnswer } from '../claim-flow.ts';
import type { Claim } from '../claim-flow.ts';
import { base64url } from '../claimant.ts';
import { startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const hourMs = 3_600_000;
const nowMs = 1_800_000_000_000;
const number = 'tel:+4915123456789';
const address = 'mailto:ada@mail.example';

describe('the breaker', () => {
  it.each([
    ['below its limit', 998, 0],
    ['with one left', 999, 0],
    ['at its limit', 1000, 3600],
    ['beyond it', 1001, 7200],
  ])('makes nobody wait, or until one has leaked away: %s', (_, wrong, waitMs) => {
    const breaker = new WrongAnswers(1000);
    for (let at = 0; at < wrong; at++) breaker.count(number, nowMs);
    expect(breaker.waitMs(number, nowMs)).toBe(waitMs);
    if (waitMs === 0) return;
    expect(breaker.waitMs(number, nowMs + waitMs - 1)).toBeGreaterThan(0);
    expect(breaker.waitMs(number, nowMs + waitMs)).toBe(0);
  });

  it('judges at most 25 000 wrong answers in a first day, and 24 000 in any other', () => {
    const breaker = new WrongAnswers(1000);
    const judgedUntil = (fromMs: number, untilMs: number): number => {
      let judged = 0;
      // Whoever guesses tries again as soon as it may.
      for (let ms = fromMs; ms < untilMs; ms += Math.max(1, breaker.waitMs(number, ms))) {
        if (breaker.waitMs(number, ms) > 0) continue;
        breaker.count(number, ms);
        judged += 1;
      }
      return judged;
    };
    const dayMs = 24 * hourMs;
    expect(judgedUntil(nowMs, nowMs + dayMs)).toBeLessThanOrEqual(25_000);
    expect(judgedUntil(nowMs + dayMs, nowMs + 2 * dayMs)).toBeLessThanOrEqual(24_000);
  });

  it('counts each scheme for itself, and stays when the clock is put back', () => {
    const breaker = new WrongAnswers(2);
    for (let at = 0; at < 3; at++) breaker.count(address, nowMs);
    expect(breaker.waitMs(number, nowMs)).toBe(0);
    expect(breaker.waitMs(address, nowMs)).toBe(hourMs);
    expect(breaker.waitMs(address, nowMs - 24 * hourMs)).toBe(hourMs);
  });
});

const wrongProof = base64url(new Uint8Array(32));
const limits = { wrongAnswersPerHourMax: 3 };

/** Spends the member's wrong answers at as many challenges, and returns one that is open. */
async function breakOpen(member: TestMember): Promise<Claim> {
  for (let at = 0; at < 3; at++) {
    const claim = await askForCode(member, {
      form: 'digits',
      identifier: `${number.slice(0, -1)}${at}`,
    });
    expect((await sendAnswer(member, claim, wrongProof)).json).toMatchObject({
      code: 'challenge_answer_wrong',
      attemptsLeft: 4,
    });
  }
  return await askForCode(member, { form: 'app' });
}

describe('a member with too many wrong answers', () => {
  it('refuses digits, right ones too, sends none, and takes them when it is over', async () => {
    const member = await startMember(limits);
    const claim = await askForCode(member, { form: 'digits' });
    const right = await proofOf(member, claim);
    const { form } = await breakOpen(member);
    expect(form).toBe('app');
    const sentCount = member.sent.length;
    const broken = { status: 429, json: { code: 'challenge_rate_limited' } };
    for (const proof of [right, wrongProof]) {
      const answer = await sendAnswer(member, claim, proof);
      expect(answer).toMatchObject(broken);
      // 20 min: one of three an hour leaks away.
      expect(answer.headers.get('retry-after')).toBe('1200');
    }
    expect((await askForCode(member, { form: 'digits' })).answer).toMatchObject(broken);
    expect(member.sent).toHaveLength(sentCount);
    // Refused answers cost no attempt: five are left when the challenge can be answered again.
    member.clockMs += 1200_000;
    const late = await askForCode(member, { form: 'digits' });
    expect((await sendAnswer(member, late, await proofOf(member, late))).status).toBe(200);
  });

  it('goes on with apps and with other schemes', async () => {
    const member = await startMember(limits);
    const claim = await breakOpen(member);
    expect((await sendAnswer(member, claim, await proofOf(member, claim))).status).toBe(200);
    const mail = await askForCode(member, { form: 'digits', identifier: address });
    expect((await sendAnswer(member, mail, await proofOf(member, mail))).status).toBe(200);
  });

  it('does not count what cannot be guessed', async () => {
    const member = await startMember(limits);
    const claim = await askForCode(member, { form: 'app' });
    for (let at = 0; at < 5; at++) await sendAnswer(member, claim, wrongProof);
    expect((await askForCode(member, { form: 'digits' })).answer.status).toBe(201);
  });
});
