import { expect, it } from 'vitest';
import { passChallenge, submissionOf } from '../claim-flow.ts';
import { base64url } from '../claimant.ts';
import { number, startMember } from '../harness.ts';

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

it('answers a number that nobody has in as many bytes, with the label and no state', async () => {
  const member = await startMember();
  const { signed, challenge } = await passChallenge(member);
  await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  const held = await member.call('POST', '/v1/proof', { identifier: number });
  const absent = await member.call('POST', '/v1/proof', { identifier: 'tel:+34912345678' });
  const nothing = { state: null, ownership: null, published: null, payload: null, opening: null };
  expect(absent).toMatchObject({ status: 200, json: nothing });
  expect(absent.json!.vrfProof).toHaveLength(107);
  expect(absent.text).toHaveLength(held.text.length);
});

it('refuses what is no identifier before it spends anything', async () => {
  const member = await startMember({ proofsBurstMax: 1 });
  const malformed = await member.call('POST', '/v1/proof', { identifier: '+4915123456789' });
  expect(malformed).toMatchObject({ status: 400, json: { code: 'identifier_malformed' } });
  expect((await member.call('POST', '/v1/proof', { identifier: number })).status).toBe(200);
});

it('makes proofs again once the bucket has filled', async () => {
  const member = await startMember({ proofsBurstMax: 1, proofsPerSecondMax: 1 });
  expect((await member.call('POST', '/v1/proof', { identifier: number })).status).toBe(200);
  const refused = await member.call('POST', '/v1/proof', { identifier: number });
  expect(refused).toMatchObject({ status: 429, json: { code: 'proof_rate_limited' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  member.clockMs += 1000;
  expect((await member.call('POST', '/v1/proof', { identifier: number })).status).toBe(200);
});
