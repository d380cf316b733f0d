import { describe, expect, it } from 'vitest';
import { entryId, parseReceiptJson, signEntry } from '@callbook/protocol';
import type { EntryDraft } from '@callbook/protocol';
import { askForCode, passChallenge, submissionOf } from '../claim-flow.ts';
import { base64url, fromBase64url, signRegister } from '../claimant.ts';
import { crypto, startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';
import { memoryOrigins } from '../memory-directory.ts';

const minuteMs = 60_000;

async function signUpdate(member: TestMember, ownershipId: Uint8Array): Promise<Uint8Array> {
  const authority = crypto.ed25519Signer(new Uint8Array(32).fill(1));
  const draft: EntryDraft = {
    v: 1,
    kind: 'update',
    labelEpoch: 0,
    label: member.directory.label('tel:+4915123456789').label,
    epoch: 0,
    seq: 1,
    prev: ownershipId,
    authority: authority.publicKey,
    commitment: null,
    recovery: null,
    lock: false,
    email: null,
  };
  return signEntry(draft, { authority });
}

describe('submitting an entry', () => {
  it('logs a register behind a passed challenge and returns the receipts', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    const answer = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      entryId: base64url(entryId(signed.entry, crypto)),
      state: 'complete',
      quorum: 2,
      timeMs: 1_800_000_000_000,
    });
    const receipts = (answer.json!['receipts'] as unknown[]).map((json) => parseReceiptJson(json));
    expect(receipts.map((parsed) => parsed.verdict === 'accept' && parsed.value.origin)).toEqual([
      ...memoryOrigins,
    ]);
    expect(member.directory.roles).toEqual(['challenged']);
  });

  it('gives the same answer to the same entry again, with the challenge over or left out', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    const first = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    const again = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    member.clockMs += 60 * minuteMs;
    const late = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    const bare = await member.call('POST', '/v1/entries', submissionOf(signed));
    expect([again.text, late.text, bare.text]).toEqual([first.text, first.text, first.text]);
  });

  it('tells that the challenge is lost where too few others have challenged the entry', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    member.directory.isElsewhere = true;
    const forgotten = submissionOf(signed, base64url(new Uint8Array(16)));
    const answer = await member.call('POST', '/v1/entries', forgotten);
    expect(answer).toMatchObject({ status: 404, json: { code: 'challenge_unknown' } });
  });

  it('hands receipts of other members to the directory', async () => {
    const member = await startMember();
    const first = await passChallenge(member);
    const body = submissionOf(first.signed, first.challenge);
    const { receipts } = (await member.call('POST', '/v1/entries', body)).json!;
    const answer = await member.call('POST', '/v1/entries', { ...body, receipts });
    expect(answer.status).toBe(200);
  });

  it('lets the directory judge a register that other members have challenged', async () => {
    const [elsewhere, here] = [await startMember(), await startMember()];
    const { signed, challenge } = await passChallenge(elsewhere);
    const body = submissionOf(signed, challenge);
    const { receipts } = (await elsewhere.call('POST', '/v1/entries', body)).json!;
    await here.call('POST', '/v1/entries', { ...submissionOf(signed), receipts });
    expect(here.directory.roles).toEqual(['received']);
  });

  it('takes an update without a challenge, and leaves one that is given alone', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    const body = submissionOf(signed, challenge);
    const { json } = await member.call('POST', '/v1/entries', body);
    const update = await signUpdate(member, fromBase64url(json!.entryId));
    const answer = await member.call('POST', '/v1/entries', {
      entry: base64url(update),
      challenge: 'whatever',
    });
    expect(answer).toMatchObject({ status: 200, json: { quorum: 1, timeMs: null } });
    expect(member.directory.roles).toEqual(['challenged', 'received']);
  });

  it('lets a passed challenge serve one entry only', async () => {
    const member = await startMember();
    const { signed, challenge, claim } = await passChallenge(member);
    await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    const { label, vrfProof } = member.directory.label(claim.identifier);
    const { identifier, secretKey } = claim;
    const change = { lock: true };
    const other = await signRegister({ identifier, label, vrfProof, secretKey, crypto, change });
    const answer = await member.call('POST', '/v1/entries', submissionOf(other, challenge));
    expect(answer).toMatchObject({ status: 409, json: { code: 'challenge_used' } });
  });

  it('frees the challenge when the entry was refused, so that it can be mended', async () => {
    const member = await startMember();
    const { signed, challenge, claim } = await passChallenge(member);
    member.directory.failure = 'refuse';
    const refused = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    expect(refused).toMatchObject({ status: 422, json: { code: 'commitment_mismatch' } });
    member.directory.failure = 'none';
    const { label, vrfProof } = member.directory.label(claim.identifier);
    const { identifier, secretKey } = claim;
    const change = { lock: true };
    const mended = await signRegister({ identifier, label, vrfProof, secretKey, crypto, change });
    const answer = await member.call('POST', '/v1/entries', submissionOf(mended, challenge));
    expect(answer.status).toBe(200);
  });

  it('keeps the challenge with its entry when the outcome is not known', async () => {
    const member = await startMember();
    const { signed, challenge, claim } = await passChallenge(member);
    member.directory.failure = 'operating';
    const failed = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    expect(failed).toMatchObject({ status: 503, json: { code: 'directory_unavailable' } });
    member.directory.failure = 'none';
    const { label, vrfProof } = member.directory.label(claim.identifier);
    const { identifier, secretKey } = claim;
    const change = { lock: true };
    const other = await signRegister({ identifier, label, vrfProof, secretKey, crypto, change });
    expect(
      (await member.call('POST', '/v1/entries', submissionOf(other, challenge))).json,
    ).toMatchObject({ code: 'challenge_used' });
    expect((await member.call('POST', '/v1/entries', submissionOf(signed, challenge))).status).toBe(
      200,
    );
  });

  it('uses a passed challenge until the last millisecond of its ten minutes', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    member.clockMs += 10 * minuteMs;
    const late = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    expect(late).toMatchObject({ status: 410, json: { code: 'challenge_expired' } });
    member.clockMs -= 1;
    const inTime = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    expect(inTime.status).toBe(200);
  });

  it('refuses a register without a challenge, or with one that is not passed or not known', async () => {
    const member = await startMember();
    const { signed } = await passChallenge(member);
    const open = (await askForCode(member)).answer.json!.id;
    const codes = [];
    for (const challenge of [undefined, open, 'AAAAAAAAAAAAAAAAAAAAAA']) {
      const answer = await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
      codes.push(answer.json!.code);
    }
    expect(codes).toEqual(['challenge_required', 'challenge_not_passed', 'challenge_unknown']);
    expect(member.directory.roles).toEqual([]);
  });

  it.each(['identifier', 'authority', 'label epoch'])('refuses another %s', async (difference) => {
    const member = await startMember();
    const { challenge, claim } = await passChallenge(member);
    const identifier = difference === 'identifier' ? 'tel:+34912345678' : claim.identifier;
    const secretKey = new Uint8Array(32).fill(difference === 'authority' ? 2 : 1);
    const change = difference === 'label epoch' ? { labelEpoch: 1 } : {};
    const { label, vrfProof } = member.directory.label(identifier);
    const foreign = await signRegister({ identifier, label, vrfProof, secretKey, crypto, change });
    const answer = await member.call('POST', '/v1/entries', submissionOf(foreign, challenge));
    expect(answer).toMatchObject({ status: 403, json: { code: 'challenge_mismatch' } });
  });

  it('answers 422 to an entry that breaks a rule and 409 to one that came second', async () => {
    const member = await startMember();
    const first = await passChallenge(member);
    const broken = first.signed.entry.slice();
    broken[broken.length - 1]! ^= 1;
    const submission = { ...submissionOf(first.signed), entry: base64url(broken) };
    expect(await member.call('POST', '/v1/entries', submission)).toMatchObject({
      status: 422,
      json: { code: 'entry_signature_invalid' },
    });
    await member.call('POST', '/v1/entries', submissionOf(first.signed, first.challenge));
    const second = await passChallenge(member, { secretKey: new Uint8Array(32).fill(2) });
    const taken = submissionOf(second.signed, second.challenge);
    expect(await member.call('POST', '/v1/entries', taken)).toMatchObject({
      status: 409,
      json: { code: 'slot_taken' },
    });
  });

  it('wants payload and opening together', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    const { opening: _, ...half } = submissionOf(signed, challenge);
    const answer = await member.call('POST', '/v1/entries', half);
    expect(answer).toMatchObject({ status: 400, json: { code: 'request_malformed' } });
  });

  it('takes one text for the same bytes', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    const body = submissionOf(signed, challenge);
    // 32 bytes leave four bits of the last character unused.
    const answer = await member.call('POST', '/v1/entries', {
      ...body,
      opening: `${body.opening.slice(0, -1)}Z`,
    });
    expect(answer.json).toMatchObject({
      code: 'request_malformed',
      detail: 'body/opening is not canonical base64url',
    });
  });
});

describe('the state of an entry', () => {
  it('names the leaves that were seen', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    const id = entryId(signed.entry, crypto).toHex();
    const { status, json } = await member.call('GET', `/v1/entries/${id}`);
    expect(status).toBe(200);
    expect(json).toEqual({
      entryId: base64url(Uint8Array.fromHex(id)),
      state: 'complete',
      inForce: true,
      timeMs: 1_800_000_000_000,
      erasedAtMs: null,
      epoch: 0,
      pending: [],
      leaves: [
        { origin: memoryOrigins[0], index: 0, at: 1_800_000_000_000, role: 'challenged' },
        { origin: memoryOrigins[1], index: 0, at: 1_800_000_000_000, role: 'witnessed' },
      ],
    });
  });

  it.each(['00'.repeat(32), 'AB'.repeat(32), 'short', '%2e%2e%2f'])(
    'does not know %s',
    async (id) => {
      const member = await startMember();
      const answer = await member.call('GET', `/v1/entries/${id}`);
      expect(answer).toMatchObject({ status: 404, json: { code: 'entry_unknown' } });
    },
  );
});
