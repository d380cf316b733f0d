import { expect, it } from 'vitest';
import { passChallenge, submissionOf } from '../claim-flow.ts';
import { base64url } from '../claimant.ts';
import type { ApiLimits } from '../../src/index.ts';
import { number, startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

/** A member at which one number is held, and published for everybody. */
async function startHeld(limits: Partial<ApiLimits> = {}): Promise<TestMember> {
  const member = await startMember(limits);
  const { signed, challenge } = await passChallenge(member);
  await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  return member;
}

it('answers a held number with its entry, payload and opening', async () => {
  const member = await startMember();
  const { signed, challenge } = await passChallenge(member);
  const { json } = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  const answer = await member.call('POST', '/v1/proof', { identifier: number });
  expect(answer).toMatchObject({
    status: 200,
    json: {
      label: base64url(member.directory.label('tel:+4915123456789').label),
      state: { ownershipId: json!.entryId, entryId: json!.entryId, seq: 0, endsAtMs: null },
      ownership: base64url(signed.entry),
      published: null,
      payload: base64url(signed.payload),
      opening: base64url(signed.opening),
    },
  });
});

it('refuses to prove of a number that nobody has, in as many octets as a proof takes', async () => {
  const member = await startHeld();
  const held = await member.call('POST', '/v1/proof', { identifier: number });
  const absent = await member.call('POST', '/v1/proof', { identifier: 'tel:+34912345678' });
  expect(absent).toMatchObject({ status: 401, json: { code: 'token_missing' } });
  expect(Buffer.byteLength(absent.text)).toBe(Buffer.byteLength(held.text));
});

it('refuses what is no identifier before it spends anything', async () => {
  const member = await startMember({ proofsBurstMax: 1 });
  const malformed = await member.call('POST', '/v1/proof', { identifier: '+4915123456789' });
  expect(malformed).toMatchObject({ status: 400, json: { code: 'identifier_malformed' } });
  expect((await member.call('POST', '/v1/proof', { identifier: number })).status).toBe(401);
});

it('makes proofs again once the bucket has filled', async () => {
  const member = await startHeld({ proofsBurstMax: 1, proofsPerSecondMax: 1 });
  expect((await member.call('POST', '/v1/proof', { identifier: number })).status).toBe(200);
  const refused = await member.call('POST', '/v1/proof', { identifier: number });
  expect(refused).toMatchObject({ status: 429, json: { code: 'proof_rate_limited' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  member.clockMs += 1000;
  expect((await member.call('POST', '/v1/proof', { identifier: number })).status).toBe(200);
});

const people = ['tel:+4915123456789', 'tel:+34912345678', 'tel:+447700900001'];

it('proves several under one root, each as it would be alone, or not', async () => {
  const member = await startHeld();
  const answer = await member.call('POST', '/v1/proofs', { identifiers: people });
  expect(answer.status).toBe(200);
  const { root, logs, results } = answer.json as unknown as {
    root: string;
    logs: object[];
    results: (object | null)[];
  };
  const alone = await member.call('POST', '/v1/proof', { identifier: people[0] });
  expect({ root, logs, ...results[0] }).toEqual(alone.json);
  expect(results.slice(1)).toEqual([null, null]);
});

it('answers as many numbers in as many bytes, whoever has them', async () => {
  const [nobodys, held] = [await startMember(), await startHeld()];
  const before = await nobodys.call('POST', '/v1/proofs', { identifiers: people });
  const after = await held.call('POST', '/v1/proofs', { identifiers: people });
  expect(Buffer.byteLength(after.text)).toBe(Buffer.byteLength(before.text));
  expect(Buffer.byteLength(after.text) % (3 * 4096)).toBe(0);
});

it('spends as many proofs as identifiers, all or none', async () => {
  const member = await startMember({ proofsBurstMax: 4, proofsPerSecondMax: 1 });
  const ask = async () => await member.call('POST', '/v1/proofs', { identifiers: people });
  expect((await ask()).status).toBe(200);
  const refused = await ask();
  expect(refused).toMatchObject({ status: 429, json: { code: 'proof_rate_limited' } });
  expect(refused.headers.get('retry-after')).toBe('2');
  member.clockMs += 2000;
  expect((await ask()).status).toBe(200);
});

it.each([0, 51])('refuses a list of %i', async (length) => {
  const member = await startMember();
  const identifiers = Array.from({ length }, () => number);
  const answer = await member.call('POST', '/v1/proofs', { identifiers });
  expect(answer).toMatchObject({ status: 400, json: { code: 'request_malformed' } });
});

it('refuses a list with something that is no identifier', async () => {
  const member = await startMember({ proofsBurstMax: 1 });
  const answer = await member.call('POST', '/v1/proofs', { identifiers: [number, '0151'] });
  expect(answer).toMatchObject({ status: 400, json: { code: 'identifier_malformed' } });
});

it('takes fifty, which is less than a network may have at once', async () => {
  const member = await startMember();
  const identifiers = Array.from({ length: 50 }, () => number);
  expect((await member.call('POST', '/v1/proofs', { identifiers })).status).toBe(200);
});
