import { describe, expect, it } from 'vitest';
import { verifyLabel } from '@callbook/protocol';
import { askForCode, passChallenge, proofOf, sendAnswer, submissionOf } from '../claim-flow.ts';
import { base64url, fromBase64url } from '../claimant.ts';
import { crypto, number, startMember } from '../harness.ts';

const minuteMs = 60_000;
const wrongProof = base64url(new Uint8Array(32));

describe('opening a challenge', () => {
  it.each([
    ['tel:+4915123456789', 'sms'],
    ['mailto:someone@mail.test', 'email'],
    ['sip:someone@provider.test', 'sip'],
  ])('sends a code to %s by %s', async (identifier, channel) => {
    const member = await startMember();
    const { answer } = await askForCode(member, { identifier });
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({ channel, expiresAtMs: member.clockMs + 10 * minuteMs });
    expect(member.sent).toHaveLength(1);
    expect(member.sent[0]!.to).toBe(identifier);
    expect(member.sent[0]!.text.split('\n').at(-1)).toBe(`@alpha.test #${member.sent[0]!.code}`);
  });

  it('sends 43 characters to an app and eight digits to a person', async () => {
    const member = await startMember();
    await askForCode(member, { form: 'app' });
    await askForCode(member, { form: 'digits' });
    expect(member.sent[0]!.code).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(member.sent[1]!.code).toMatch(/^[0-9]{8}$/);
  });

  it('names an app that asks for it in an SMS, and in no mail', async () => {
    const member = await startMember();
    const appHash = 'FA+9qCX9VSu';
    await askForCode(member, { appHash });
    await askForCode(member, { appHash, identifier: 'mailto:someone@mail.test' });
    expect(member.sent[0]!.text).toMatch(/^[^\n]+\nFA\+9qCX9VSu\n\n@alpha\.test #/);
    expect(member.sent[1]!.text).not.toContain(appHash);
    for (const wrong of ['FA+9qCX9VS', 'FA+9qCX9VSu1', 'FA+9qCX9VS ', 'FA+9qCX9V\nu']) {
      const { answer } = await askForCode(member, { appHash: wrong });
      expect(answer.json).toMatchObject({ code: 'request_malformed' });
    }
    expect(member.sent).toHaveLength(2);
  });

  it('does not ask the directory anything', async () => {
    const member = await startMember();
    await askForCode(member);
    await sendAnswer(member, await askForCode(member), wrongProof);
    expect(member.directory.asked).toEqual([]);
  });

  it('answers alike for a held and a free identifier', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    const held = await askForCode(member);
    const free = await askForCode(member, { identifier: 'tel:+4915123456780' });
    const shape = ({ answer }: typeof held) => [
      answer.status,
      Object.keys(answer.json!),
      answer.text.length,
      [...answer.headers.keys()],
    ];
    expect(shape(held)).toEqual(shape(free));
    expect(member.sent.at(-1)!.text.length).toBe(member.sent.at(-2)!.text.length);
  });

  it('sends three codes an hour and six a day to an identifier, and says when the next may go', async () => {
    const member = await startMember();
    for (let i = 0; i < 3; i++) expect((await askForCode(member)).answer.status).toBe(201);
    const fourth = (await askForCode(member)).answer;
    expect(fourth).toMatchObject({ status: 429, json: { code: 'challenge_rate_limited' } });
    expect(fourth.headers.get('retry-after')).toBe('3600');
    expect((await askForCode(member, { identifier: 'tel:+34912345678' })).answer.status).toBe(201);

    member.clockMs += 60 * minuteMs;
    for (let i = 0; i < 3; i++) expect((await askForCode(member)).answer.status).toBe(201);
    member.clockMs += 60 * minuteMs;
    const seventh = (await askForCode(member)).answer;
    expect(seventh.status).toBe(429);
    expect(seventh.headers.get('retry-after')).toBe(String(22 * 3600));
    member.clockMs += 22 * 60 * minuteMs;
    expect((await askForCode(member)).answer.status).toBe(201);
  });

  it('does not let requests at the same time share what is left', async () => {
    const member = await startMember();
    const claims = await Promise.all(Array.from({ length: 10 }, () => askForCode(member)));
    const statuses = claims.map(({ answer }) => answer.status).sort((a, b) => a - b);
    expect(statuses).toEqual([...Array(3).fill(201), ...Array(7).fill(429)]);
    expect(member.sent).toHaveLength(3);
  });

  it('forgets a challenge whose code could not be sent, and counts the code', async () => {
    const member = await startMember({ challengesMax: 1 });
    member.channelFails = true;
    for (let i = 0; i < 3; i++) {
      expect((await askForCode(member)).answer.json).toMatchObject({ code: 'channel_unavailable' });
    }
    member.channelFails = false;
    expect((await askForCode(member)).answer.json).toMatchObject({
      code: 'challenge_rate_limited',
    });
  });

  it('refuses more challenges than it can hold, and holds again when they are forgotten', async () => {
    const member = await startMember({ challengesMax: 2 });
    await askForCode(member, { identifier: 'tel:+4915123456781' });
    await askForCode(member, { identifier: 'tel:+4915123456782' });
    const third = (await askForCode(member, { identifier: 'tel:+4915123456783' })).answer;
    expect(third.json).toMatchObject({ code: 'challenge_rate_limited' });
    expect(third.headers.get('retry-after')).toBe('1200');
    member.clockMs += 20 * minuteMs;
    expect((await askForCode(member)).answer.status).toBe(201);
  });
});

describe('answering a challenge', () => {
  it('tells the claimant whose request waits what to commit, and nobody else', async () => {
    const member = await startMember();
    const [request, fromMs] = [new Uint8Array(32).fill(9), member.clockMs + 3_600_000];
    const mine = crypto.ed25519Signer(new Uint8Array(32).fill(1)).publicKey;
    const next = { kind: 'commit', epoch: 1, prev: null, request, fromMs } as const;
    member.directory.requests.set(number, { authority: mine, next });
    expect((await passChallenge(member)).answer.json!.next).toEqual({
      ...next,
      request: base64url(request),
    });
    const other = await passChallenge(member, { secretKey: new Uint8Array(32).fill(2) });
    expect(other.answer.json!.next).toMatchObject({ kind: 'register' });
  });

  it.each(['app', 'digits'] as const)(
    'gives label and next claim for the right proof (%s)',
    async (form) => {
      const member = await startMember();
      const { answer } = await passChallenge(member, { form });
      expect(answer.status).toBe(200);
      const { label, vrfProof, usableUntilMs, next } = answer.json!;
      expect(next).toEqual({ kind: 'register', epoch: 0, prev: null });
      expect(usableUntilMs).toBe(member.clockMs + 10 * minuteMs);
      const claim = {
        identifier: number as `tel:${string}`,
        label: fromBase64url(label),
        vrfProof: fromBase64url(vrfProof),
        vrfPublicKey: member.directory.vrfPublicKey,
      };
      expect(verifyLabel(claim, crypto)).toBe(true);
    },
  );

  it('gives the same answer to the right proof again', async () => {
    const member = await startMember();
    const claim = await askForCode(member);
    const proof = await proofOf(member, claim);
    const first = await sendAnswer(member, claim, proof);
    member.clockMs += minuteMs;
    expect((await sendAnswer(member, claim, proof)).text).toBe(first.text);
  });

  it('allows five attempts', async () => {
    const member = await startMember();
    const claim = await askForCode(member);
    for (const attemptsLeft of [4, 3, 2, 1, 0]) {
      const answer = await sendAnswer(member, claim, wrongProof);
      expect(answer).toMatchObject({
        status: 403,
        json: { code: 'challenge_answer_wrong', attemptsLeft },
      });
    }
    const right = await sendAnswer(member, claim, await proofOf(member, claim));
    expect(right).toMatchObject({ status: 429, json: { code: 'challenge_exhausted' } });
  });

  it('takes the right proof at the fifth attempt', async () => {
    const member = await startMember();
    const claim = await askForCode(member);
    for (let i = 0; i < 4; i++) await sendAnswer(member, claim, wrongProof);
    expect((await sendAnswer(member, claim, await proofOf(member, claim))).status).toBe(200);
  });

  it('takes an answer until the last millisecond, then calls it expired, then unknown', async () => {
    const member = await startMember();
    const claim = await askForCode(member);
    const late = await askForCode(member);
    const lateProof = await proofOf(member, late);
    member.clockMs += 10 * minuteMs - 1;
    expect((await sendAnswer(member, late, lateProof)).status).toBe(200);
    member.clockMs += 1;
    const expired = await sendAnswer(member, claim, wrongProof);
    expect(expired).toMatchObject({ status: 410, json: { code: 'challenge_expired' } });
    member.clockMs += 10 * minuteMs;
    const unknown = await sendAnswer(member, claim, wrongProof);
    expect(unknown).toMatchObject({ status: 404, json: { code: 'challenge_unknown' } });
  });

  it('does not take the code of another session, identifier or authority key', async () => {
    const member = await startMember();
    const claim = await askForCode(member, { form: 'digits' });
    const other = await askForCode(member, { form: 'digits' });
    const otherKey = new Uint8Array(32).fill(2);
    const thieves = [
      { ...claim, session: other.session },
      { ...claim, identifier: 'tel:+4915123456780' as const },
      { ...claim, authority: crypto.ed25519Signer(otherKey).publicKey },
    ];
    member.sent.pop();
    for (const thief of thieves) {
      const answer = await sendAnswer(member, claim, await proofOf(member, thief));
      expect(answer.json).toMatchObject({ code: 'challenge_answer_wrong' });
    }
    expect((await sendAnswer(member, claim, await proofOf(member, claim))).status).toBe(200);
  });

  it('says that a held identifier is held only to who controls it', async () => {
    const member = await startMember();
    const first = await passChallenge(member);
    await member.call('POST', '/v1/entries', submissionOf(first.signed, first.challenge));
    const { answer } = await passChallenge(member, { secretKey: new Uint8Array(32).fill(2) });
    expect(answer.json!.next).toEqual({ kind: 'request', epoch: 0, prev: null });
  });
});
