/**
 * Whether a number is registered cannot be told from how long a member takes to ask for a code, or to
 * refuse a wrong one. The measure is the rank sum of interleaved requests, so that a busy machine changes
 * both sides alike; that it finds a difference where there is one is shown by planting one.
 */
import { expect, it } from 'vitest';
import { passChallenge, submissionOf } from '../claim-flow.ts';
import { base64url, newSession } from '../claimant.ts';
import { crypto, number as held, startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const free = 'tel:+4915123456780';
const roundCount = 150;
/** Of the normal distribution: chance is beyond it once in 16 000 measures, and hardly in all of some. */
const scoreMax = 4;
const measuresMax = 3;
const plantedMs = 3;

const many = {
  sendsPerHourMax: 10_000,
  sendsPerDayMax: 10_000,
  totalSendsPerHourMax: 10_000,
  wrongAnswersPerHourMax: 10_000,
};

async function memberWithHolder(isPlanted: boolean): Promise<{
  readonly member: TestMember;
  /** What the directory has been asked since. */
  readonly asked: () => string[];
}> {
  const codeSender = {
    async send({ to }: { readonly to: string }): Promise<void> {
      const untilMs = performance.now() + (isPlanted && to === held ? plantedMs : 0);
      while (performance.now() < untilMs);
    },
  };
  const registering = await startMember(many);
  const { signed, challenge } = await passChallenge(registering);
  await registering.call('POST', '/v1/entries', submissionOf(signed, challenge));
  const { directory } = registering;
  const askedCount = directory.asked.length;
  const member = await startMember(many, { directory, codeSender });
  return { member, asked: () => directory.asked.slice(askedCount) };
}

interface Timed {
  readonly side: string;
  readonly ms: number;
}

/** Asks for codes to both in random order; how long each step took. */
async function measure(member: TestMember): Promise<{ asked: Timed[]; answered: Timed[] }> {
  const session = base64url((await newSession()).publicKey);
  const authority = base64url(crypto.ed25519Signer(new Uint8Array(32).fill(3)).publicKey);
  const proof = base64url(new Uint8Array(32));
  const post = async (
    path: string,
    body: object,
  ): Promise<{ ms: number; json: { id: string } }> => {
    const fromMs = performance.now();
    const response = await fetch(`${member.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const json = (await response.json()) as { id: string };
    return { ms: performance.now() - fromMs, json };
  };
  const [asked, answered]: [Timed[], Timed[]] = [[], []];
  for (let round = 0; round < roundCount; round++) {
    for (const side of Math.random() < 0.5 ? [held, free] : [free, held]) {
      const challenge = { identifier: side, authority, session, form: 'digits' };
      const opened = await post('/v1/challenges', challenge);
      const refused = await post(`/v1/challenges/${opened.json.id}/answer`, { proof });
      asked.push({ side, ms: opened.ms });
      answered.push({ side, ms: refused.ms });
    }
  }
  return { asked, answered };
}

/** How far the ranks of the held number's requests are from chance (Mann and Whitney). */
function score(timed: readonly Timed[]): number {
  const sorted = timed.toSorted((a, b) => a.ms - b.ms);
  const rankSum = sorted.reduce((sum, { side }, at) => sum + (side === held ? at + 1 : 0), 0);
  const mean = (roundCount * (2 * roundCount + 1)) / 2;
  return Math.abs(rankSum - mean) / Math.sqrt((mean * roundCount) / 6);
}

/** The least of some measures, of both steps; no more are taken than it needs to be below the limit. */
async function leastScores(member: TestMember): Promise<{ asked: number; answered: number }> {
  const least = { asked: Number.POSITIVE_INFINITY, answered: Number.POSITIVE_INFINITY };
  for (let taken = 0; taken < measuresMax; taken++) {
    const { asked, answered } = await measure(member);
    least.asked = Math.min(least.asked, score(asked));
    least.answered = Math.min(least.answered, score(answered));
    if (least.asked < scoreMax && least.answered < scoreMax) break;
  }
  return least;
}

it('a held number and a free one take as long, and a difference of 3 ms would be seen', async () => {
  const honest = await memberWithHolder(false);
  const { asked, answered } = await leastScores(honest.member);
  expect(asked).toBeLessThan(scoreMax);
  expect(answered).toBeLessThan(scoreMax);
  // Nothing that could take longer was even asked.
  expect(honest.asked()).toEqual([]);
  const leaking = await measure((await memberWithHolder(true)).member);
  expect(score(leaking.asked)).toBeGreaterThan(scoreMax);
}, 180_000);
