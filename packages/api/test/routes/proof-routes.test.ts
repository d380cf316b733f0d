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

const people = ['tel:+4915123456789', 'tel:+34912345678', 'tel:+447700900001'];

it('proves several under one root, each as it would be alone', async () => {
  const member = await startMember();
  const { signed, challenge } = await passChallenge(member);
  await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  const answer = await member.call('POST', '/v1/proofs', { identifiers: people });
  expect(answer.status).toBe(200);
  const { root, logs, results } = answer.json as unknown as {
    root: string;
    logs: object[];
    results: object[];
  };
  for (const [place, identifier] of people.entries()) {
    const alone = await member.call('POST', '/v1/proof', { identifier });
    expect({ root, logs, ...results[place] }).toEqual(alone.json);
  }
});

it('answers as many numbers in as many bytes, whoever has them', async () => {
  const member = await startMember();
  const before = await member.call('POST', '/v1/proofs', { identifiers: people });
  const { signed, challenge } = await passChallenge(member);
  await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  const after = await member.call('POST', '/v1/proofs', { identifiers: people });
  expect(after.text).toHaveLength(before.text.length);
  expect(after.text.length % (3 * 4096)).toBe(0);
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
