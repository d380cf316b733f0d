import { emailOrder, verifyEmailCommitment } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { passChallenge, submissionOf } from '../claim-flow.ts';
import { base64url, fromBase64url } from '../claimant.ts';
import { address, commitTo, passed, signRequest } from '../email-flow.ts';
import { crypto, number, startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const stranger = { secretKey: new Uint8Array(32).fill(2) };

const commitment = (member: TestMember, body: object) =>
  member.call('POST', '/v1/email-commitments', body);
const submit = (member: TestMember, body: object) => member.call('POST', '/v1/entries', body);

describe('a commitment to an e-mail address', () => {
  it('is given after both challenges, with a proof that the holder can check', async () => {
    const member = await startMember();
    const challenge = await passed(member);
    const emailChallenge = await passed(member, { identifier: address });
    const { status, json } = await commitment(member, { challenge, emailChallenge });
    expect(status).toBe(200);
    const claim = {
      identifier: number,
      email: address,
      commitment: fromBase64url(json!['email'] as string),
      vrfProof: fromBase64url(json!.vrfProof),
      vrfPublicKey: member.directory.vrfPublicKey,
    } as const;
    expect(verifyEmailCommitment(claim, crypto)).toBe(true);
  });

  it('is given to the key of an ownership entry without a code to the number', async () => {
    const member = await startMember();
    const { signed, challenge } = await passChallenge(member);
    const { json } = await submit(member, submissionOf(signed, challenge));
    const emailChallenge = await passed(member, { identifier: address });
    const entryId = fromBase64url(json!.entryId);
    const signedBy = (secretKey: Uint8Array, over = emailChallenge) => ({
      entryId: json!.entryId,
      signature: base64url(crypto.ed25519Signer(secretKey).sign(emailOrder(over, entryId))),
    });
    const mine = new Uint8Array(32).fill(1);
    const given = await commitment(member, { emailChallenge, ownership: signedBy(mine) });
    expect(given.json!['email']).toBe(base64url(commitTo(member)));
    const refusals = [
      { emailChallenge, ownership: signedBy(stranger.secretKey) },
      { emailChallenge, ownership: signedBy(mine, 'another') },
      { emailChallenge, ownership: { ...signedBy(mine), entryId: base64url(new Uint8Array(32)) } },
    ];
    const theirs = await passed(member, { identifier: address, ...stranger });
    refusals.push({
      emailChallenge: theirs,
      ownership: signedBy(stranger.secretKey, theirs),
    });
    for (const body of refusals) {
      expect((await commitment(member, body)).json!.code).toBe('ownership_signature_invalid');
    }
  });

  it('is refused where one of the two is not shown, and nothing is asked for before', async () => {
    const member = await startMember();
    const challenge = await passed(member);
    const emailChallenge = await passed(member, { identifier: address });
    const theirs = await passed(member, { identifier: address, ...stranger });
    member.directory.asked.length = 0;
    const cases = [
      [{ challenge: 'unknown', emailChallenge }, 'challenge_unknown'],
      [{ challenge, emailChallenge: 'unknown' }, 'challenge_unknown'],
      [{ challenge, emailChallenge: challenge }, 'challenge_mismatch'],
      [{ challenge, emailChallenge: theirs }, 'challenge_mismatch'],
      [{ emailChallenge }, 'request_malformed'],
    ] as const;
    for (const [body, code] of cases) {
      expect((await commitment(member, body)).json!.code, code).toBe(code);
    }
    member.clockMs += 10 * 60_000;
    const late = await commitment(member, { challenge, emailChallenge });
    expect(late.json!.code).toBe('challenge_expired');
    expect(member.directory.asked).toEqual([]);
  });
});

describe('a request of class email', () => {
  it('is logged as challenged behind both challenges', async () => {
    const member = await startMember();
    commitTo(member);
    const [challenge, emailChallenge] = [
      await passed(member),
      await passed(member, { identifier: address }),
    ];
    const request = await signRequest(member, 'email');
    const answer = await submit(member, { ...request, challenge, emailChallenge });
    expect(answer.status).toBe(200);
    expect(member.directory.roles).toEqual(['challenged']);
    const other = await signRequest(member, 'possession');
    expect((await submit(member, { ...other, challenge })).json!.code).toBe('challenge_used');
  });

  it('is refused without the second challenge, or with that of another address or key', async () => {
    const member = await startMember();
    commitTo(member);
    const challenge = await passed(member);
    const request = await signRequest(member, 'email');
    const refused = async (emailChallenge?: string) =>
      (await submit(member, { ...request, challenge, emailChallenge })).json!.code;
    expect(await refused()).toBe('email_challenge_required');
    expect(await refused(challenge)).toBe('challenge_mismatch');
    expect(await refused(await passed(member, { identifier: 'mailto:eve@mail.test' }))).toBe(
      'email_mismatch',
    );
    expect(await refused(await passed(member, { identifier: address, ...stranger }))).toBe(
      'challenge_mismatch',
    );
    expect(member.directory.roles).toEqual([]);
    const right = await passed(member, { identifier: address });
    const answer = await submit(member, { ...request, challenge, emailChallenge: right });
    expect(answer.status).toBe(200);
  });

  it('binds both challenges or none', async () => {
    const member = await startMember();
    commitTo(member);
    const [first, second] = [await passed(member), await passed(member)];
    const emailChallenge = await passed(member, { identifier: address });
    const [request, next] = [
      await signRequest(member, 'email'),
      await signRequest(member, 'email', 1),
    ];
    await submit(member, { ...request, challenge: first, emailChallenge });
    const mixed = await submit(member, { ...next, challenge: second, emailChallenge });
    expect(mixed.json!.code).toBe('challenge_used');
    const other = await signRequest(member, 'possession');
    expect((await submit(member, { ...other, challenge: second })).status).toBe(200);
  });
});
