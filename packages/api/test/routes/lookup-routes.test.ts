import { expect, it } from 'vitest';
import { passChallenge, submissionOf } from '../claim-flow.ts';
import { base64url } from '../claimant.ts';
import { number, startMember } from '../harness.ts';

it('answers each identifier in order: published, absent, malformed', async () => {
  const member = await startMember();
  const { signed, challenge } = await passChallenge(member);
  const { json } = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  const identifiers = ['tel:+34912345678', number, '+4915123456789', 'tel:+0', '', number];
  const answer = await member.call('POST', '/v1/lookups', { identifiers });
  expect(answer.status).toBe(200);
  const published = {
    state: 'published',
    visibility: 'dns',
    routes: [{ service: 'sip', uri: 'sip:someone@provider.test', preference: 10 }],
    keys: [{ use: 'identity', algorithm: 'ed25519', key: base64url(new Uint8Array(32).fill(5)) }],
    labelEpoch: 0,
    label: base64url(member.directory.label('tel:+4915123456789').label),
    epoch: 0,
    seq: 0,
    ownershipId: json!.entryId,
    entryId: json!.entryId,
    origin: 'alpha.test/log',
    changedAtMs: 1_800_000_000_000,
    dormant: false,
    pending: [],
  };
  expect(answer.json!.results).toEqual([
    { state: 'absent' },
    published,
    { state: 'malformed' },
    { state: 'malformed' },
    { state: 'malformed' },
    published,
  ]);
});

it('shows a binding as dormant from 400 days on', async () => {
  const member = await startMember();
  const { signed, challenge } = await passChallenge(member);
  await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  const lookUp = async () => {
    const { json } = await member.call('POST', '/v1/lookups', { identifiers: [number] });
    return json!.results[0]!['dormant'];
  };
  member.clockMs = 1_800_000_000_000 + 400 * 86_400_000 - 1;
  expect(await lookUp()).toBe(false);
  member.clockMs += 1;
  expect(await lookUp()).toBe(true);
});

it('tells of requests to replace the holder', async () => {
  const member = await startMember();
  const { signed, challenge } = await passChallenge(member);
  await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  const published = member.directory.bindings.get(number)!;
  const [requestId, timeMs] = [new Uint8Array(32).fill(8), 1_800_000_000_000];
  const request = { requestId, requestClass: 'recovery', timeMs, commitFromMs: timeMs + 3_600_000 };
  const pending = [request] as const as typeof published.pending;
  member.directory.bindings.set(number, { ...published, pending });
  const answer = await member.call('POST', '/v1/lookups', { identifiers: [number] });
  expect(answer.json!.results[0]!['pending']).toEqual([
    {
      requestId: base64url(requestId),
      class: 'recovery',
      timeMs,
      commitFromMs: timeMs + 3_600_000,
    },
  ]);
});

it.each([
  [999, 200],
  [1000, 200],
  [1001, 400],
])('answers %i identifiers with %i', async (count, status) => {
  const member = await startMember();
  const identifiers = Array.from({ length: count }, (_, i) => `tel:+49151234${10000 + i}`);
  const answer = await member.call('POST', '/v1/lookups', { identifiers });
  expect(answer.status).toBe(status);
  if (status === 200) expect(answer.json!.results).toHaveLength(count);
  else expect(answer.json!.detail).toBe('body/identifiers has more than 1000 items');
});
