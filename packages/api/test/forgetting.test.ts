import { pino } from 'pino';
import { fastify } from 'fastify';
import { Writable } from 'node:stream';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ChallengeDesk } from '../src/challenges/challenge-desk.ts';
import { askForCode, passChallenge, sendAnswer, submissionOf } from './claim-flow.ts';
import { base64url } from './claimant.ts';
import { number, startMember } from './harness.ts';
import type { TestMember } from './harness.ts';

const digits = '4915123456789';
const reversed = digits.split('').reverse().join('');

/** Everything that must never come back or be written down, for one claim. */
function secretsOf(
  member: TestMember,
  passed: Awaited<ReturnType<typeof passChallenge>>,
): string[] {
  const { claim, signed } = passed;
  return [
    digits,
    reversed,
    '127.0.0.1',
    base64url(claim.authority),
    claim.authority.toHex(),
    base64url(claim.session.publicKey),
    base64url(signed.entry),
    base64url(signed.payload),
    base64url(signed.opening),
    ...member.sent.map(({ code }) => code),
  ];
}

it('logs failures of its own without anything from the request', async () => {
  const member = await startMember();
  const passed = await passChallenge(member);
  const body = submissionOf(passed.signed, passed.challenge);
  member.directory.bugMessage = `cannot read ${number}\n    at ${number} (${base64url(passed.claim.authority)})`;
  for (const failure of ['bug', 'operating'] as const) {
    member.directory.failure = failure;
    await member.call('POST', '/v1/entries', body);
    await member.call('POST', '/v1/lookups', { identifiers: [number] });
  }
  member.channelFails = true;
  await askForCode(member);

  const log = member.logged();
  const events = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.map(({ msg, route, code }) => [msg, route, code])).toEqual([
    ['request_failed', '/v1/entries', 'internal_error'],
    ['request_failed', '/v1/lookups', 'internal_error'],
    ['request_failed', '/v1/entries', 'directory_unavailable'],
    ['request_failed', '/v1/lookups', 'directory_unavailable'],
    ['request_failed', '/v1/challenges', 'channel_unavailable'],
  ]);
  expect(log).toContain('memory-directory.ts');
  for (const secret of secretsOf(member, passed)) expect(log).not.toContain(secret);
});

it('logs nothing of requests that succeed or are refused', async () => {
  const member = await startMember();
  const passed = await passChallenge(member);
  await member.call('POST', '/v1/entries', submissionOf(passed.signed, passed.challenge));
  await member.call('POST', '/v1/lookups', { identifiers: [number, `${number}x`] });
  await member.call('POST', '/v1/lookups', `{"identifiers":["${number}"`);
  await member.call('GET', `/v1/lookups/${number}`);
  await member.call('GET', `/v1/entries/%zz${number}`);
  await sendAnswer(member, passed.claim, base64url(new Uint8Array(32)));
  expect(member.logged()).toBe('');
});

it('never says in an error what was asked', async () => {
  const member = await startMember();
  const passed = await passChallenge(member);
  const entry = base64url(passed.signed.entry);
  const bodies: readonly unknown[] = [
    `{"identifiers":["${number}"`,
    `{"${number}":1}`,
    `{"__proto__":{"${number}":1}}`,
    number,
    { identifiers: number },
    { identifiers: [{ [number]: number }] },
    { identifier: `${number}x`, authority: number, session: number, form: number },
    { entry, [number]: 1 },
    { entry: `${entry}=` },
    { entry, payload: number },
    { entry: base64url(new TextEncoder().encode(number)) },
    { proof: number },
    { emailChallenge: number, challenge: number },
    { emailChallenge: number, ownership: { entryId: number, signature: number } },
  ];
  const paths = [
    '/v1/challenges',
    '/v1/lookups',
    '/v1/entries',
    '/v1/email-commitments',
    `/v1/challenges/${number}/answer`,
  ];
  for (const path of [...paths, `/${number}`, `/v1/entries/${number}`]) {
    for (const body of bodies) {
      const answer = await member.call('POST', path, body);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      const written = answer.text + JSON.stringify([...answer.headers]);
      for (const secret of secretsOf(member, passed)) expect(written).not.toContain(secret);
    }
  }
});

it('would find the number if the framework logged for itself', async () => {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
  const careless = fastify({ loggerInstance: pino(stream) });
  careless.get('/lookups/:identifier', async () => ({}));
  const url = await careless.listen({ host: '127.0.0.1', port: 0 });
  await fetch(`${url}/lookups/${number}`);
  await careless.close();
  expect(lines.join('')).toContain(digits);
});

it('drops what is over while nobody asks, until it is closed', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const forget = vi.spyOn(ChallengeDesk.prototype, 'forget');
  const member = await startMember();
  vi.advanceTimersByTime(120_000);
  expect(forget).toHaveBeenCalledTimes(2);
  await member.api.close();
  vi.advanceTimersByTime(120_000);
  expect(forget).toHaveBeenCalledTimes(2);
});
