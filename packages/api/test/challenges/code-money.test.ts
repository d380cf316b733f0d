/** What a code costs, through the API and with the guard that members have: nothing twice. */
import { randomBytes } from 'node:crypto';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SendGuard } from '../../src/index.ts';
import type { ApiOptions, CodeMessage, SendGuardOptions } from '../../src/index.ts';
import { askForCode, proofOf, sendAnswer } from '../claim-flow.ts';
import type { ClaimChoices } from '../claim-flow.ts';
import { startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const random = { bytes: (size: number) => new Uint8Array(randomBytes(size)) };
const minuteMs = 60_000;
const german = (last: number): string => `tel:+49151234567${String(last).padStart(2, '0')}`;

async function memberThatPays(
  guard: SendGuardOptions = {},
  options: Partial<ApiOptions> = {},
): Promise<TestMember> {
  const sendGuard = await SendGuard.open(guard, { crypto, random });
  return await startMember({}, { sendGuard, ...options });
}

const rateLimited = { status: 429, json: { code: 'challenge_rate_limited' } };
const ask = async (member: TestMember, choices?: ClaimChoices) =>
  (await askForCode(member, choices)).answer;

describe('nothing is sent, and nothing spent, for a number that', () => {
  it.each([
    ['is a satellite', 'tel:+881612345678', {}],
    ['is premium rate', 'tel:+4990012345678', {}],
    ['nobody can have', 'tel:+447700900001', {}],
    ['is outside the served countries', 'tel:+34912345678', { served: ['49'] }],
    ['is in a refused range', german(1), { refused: ['491512'] }],
  ])('%s', async (_, identifier, options) => {
    const member = await memberThatPays({ sendsPerDayMax: 1, ...options });
    for (let at = 0; at < 3; at++) {
      const answer = await ask(member, { identifier });
      expect(answer).toMatchObject({ status: 403, json: { code: 'identifier_not_served' } });
    }
    expect(member.sent).toEqual([]);
    // The one code of the day is still there.
    const served = await ask(member, { identifier: 'tel:+4917612345678' });
    expect(served.status).toBe(201);
  });
});

it('a malformed or refused request takes nothing out of the budgets', async () => {
  const member = await memberThatPays({ sendsPerDayMax: 1 });
  const authority = Buffer.alloc(32).toString('base64url');
  const asked = { identifier: german(1), authority, session: authority, form: 'app' };
  const refused = await member.call('POST', '/v1/challenges', asked);
  expect(refused.json).toMatchObject({ code: 'session_key_invalid' });
  const malformed = await member.call('POST', '/v1/challenges', { ...asked, form: 'both' });
  expect(malformed.json).toMatchObject({ code: 'request_malformed' });
  expect((await ask(member, { identifier: german(1) })).status).toBe(201);
  expect(await ask(member, { identifier: german(2) })).toMatchObject(rateLimited);
});

describe('asking again', () => {
  it('while the first code is on its way, or within 30 s, sends no second one', async () => {
    const sent: CodeMessage[] = [];
    const taken = Promise.withResolvers<void>();
    const codeSender = {
      send: async (message: CodeMessage) => {
        sent.push(message);
        await taken.promise;
      },
    };
    const member = await memberThatPays({}, { codeSender });
    onTestFinished(() => taken.resolve());
    const first = ask(member);
    // A client that lost the connection and tries again, at once and later.
    while (sent.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    for (const ms of [0, 1, 29_998]) {
      member.clockMs += ms;
      const again = await ask(member);
      expect(again).toMatchObject(rateLimited);
    }
    expect(Number((await ask(member)).headers.get('retry-after'))).toBe(1);
    expect(sent).toHaveLength(1);
    taken.resolve();
    expect((await first).status).toBe(201);
    member.clockMs += 1;
    expect((await ask(member)).status).toBe(201);
    expect(sent).toHaveLength(2);
    expect(sent[0]!.sendId).not.toBe(sent[1]!.sendId);
  });

  it('with many requests at once sends one', async () => {
    const member = await memberThatPays();
    const answers = await Promise.all(Array.from({ length: 10 }, async () => await ask(member)));
    const statuses = answers.map(({ status }) => status).sort((a, b) => a - b);
    expect(statuses).toEqual([201, ...Array(9).fill(429)]);
    expect(member.sent).toHaveLength(1);
  });

  it('after a refusal of the channel has the same pause: a gateway may charge for it', async () => {
    const member = await memberThatPays();
    member.channelFails = true;
    expect((await ask(member)).json).toMatchObject({ code: 'channel_unavailable' });
    member.channelFails = false;
    expect(await ask(member)).toMatchObject(rateLimited);
    member.clockMs += 30_000;
    const claim = await askForCode(member);
    expect((await sendAnswer(member, claim, await proofOf(member, claim))).status).toBe(200);
  });
});

describe('a gateway that takes codes and drops them', () => {
  it('costs three codes an hour for a number; each challenge ends by itself', async () => {
    const member = await memberThatPays();
    const claim = await askForCode(member);
    expect(claim.answer.status).toBe(201);
    const proof = await proofOf(member, claim);
    for (let at = 0; at < 2; at++) {
      member.clockMs += 30_000;
      expect((await ask(member)).status).toBe(201);
    }
    member.clockMs += 30_000;
    expect(await ask(member)).toMatchObject(rateLimited);
    member.clockMs += 10 * minuteMs;
    const late = await sendAnswer(member, claim, proof);
    expect(late.json).toMatchObject({ code: 'challenge_expired' });
    expect(member.sent).toHaveLength(3);
  });

  it('costs 20 codes to a range, which is then left alone; other ranges are served', async () => {
    const member = await memberThatPays();
    for (let at = 0; at < 20; at++) {
      expect((await ask(member, { identifier: german(at) })).status).toBe(201);
    }
    member.clockMs += 10 * minuteMs;
    const refused = await ask(member, { identifier: german(50) });
    expect(refused).toMatchObject(rateLimited);
    expect(refused.headers.get('retry-after')).toBe(String(6 * 3600));
    expect((await ask(member, { identifier: 'tel:+4917612345678' })).status).toBe(201);
    expect(member.sent).toHaveLength(21);
  });

  it('is told from people who answer one code in five', async () => {
    const member = await memberThatPays();
    for (let at = 0; at < 20; at++) {
      const claim = await askForCode(member, { identifier: german(at) });
      if (at % 5 > 0) continue;
      expect((await sendAnswer(member, claim, await proofOf(member, claim))).status).toBe(200);
    }
    member.clockMs += 10 * minuteMs;
    expect((await ask(member, { identifier: german(50) })).status).toBe(201);
  });
});

it('receipts of failure suspend a range at once; receipts of delivery say nothing', async () => {
  for (const isDelivered of [true, false]) {
    let tell: (receipt: { sendId: string; isDelivered: boolean }) => void = () => {};
    const sent: CodeMessage[] = [];
    const codeSender = {
      send: async (message: CodeMessage) => void sent.push(message),
      onReceipt: (listener: typeof tell) => void (tell = listener),
    };
    const member = await memberThatPays({}, { codeSender });
    for (let at = 0; at < 20; at++) await ask(member, { identifier: german(at) });
    for (const { sendId } of sent) tell({ sendId, isDelivered });
    const { status } = await ask(member, { identifier: german(50) });
    expect(status).toBe(isDelivered ? 201 : 429);
  }
});
