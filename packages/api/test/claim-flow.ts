/** The whole way of a claim through the API, step by step, for tests that begin further on. */
import type { Identifier } from '@callbook/protocol';
import { answerOf, base64url, fromBase64url, newSession, signRegister } from './claimant.ts';
import type { Session, SignedEntry } from './claimant.ts';
import { crypto, number } from './harness.ts';
import type { Answer, TestMember } from './harness.ts';

export interface Claim {
  readonly identifier: Identifier;
  readonly secretKey: Uint8Array;
  readonly authority: Uint8Array;
  readonly session: Session;
  readonly form: 'app' | 'digits';
  readonly answer: Answer;
}

export interface ClaimChoices {
  readonly identifier?: string;
  readonly form?: 'app' | 'digits';
  readonly secretKey?: Uint8Array;
  readonly appHash?: string;
}

/** Asks for a code. */
export async function askForCode(member: TestMember, choices: ClaimChoices = {}): Promise<Claim> {
  const { form = 'app', secretKey = new Uint8Array(32).fill(1) } = choices;
  const identifier = (choices.identifier ?? number) as Identifier;
  const session = await newSession();
  const authority = crypto.ed25519Signer(secretKey).publicKey;
  const answer = await member.call('POST', '/v1/challenges', {
    identifier,
    authority: base64url(authority),
    session: base64url(session.publicKey),
    form,
    ...(choices.appHash !== undefined && { appHash: choices.appHash }),
  });
  return { identifier, secretKey, authority, session, form, answer };
}

/** Returns the right proof for the code that was sent last. */
export async function proofOf(member: TestMember, claim: Claim): Promise<string> {
  const { code } = member.sent.at(-1)!;
  const enc = fromBase64url(claim.answer.json!.enc);
  return base64url(await answerOf({ ...claim, enc, code }));
}

/** Sends an answer. */
export function sendAnswer(member: TestMember, claim: Claim, proof: string): Promise<Answer> {
  return member.call('POST', `/v1/challenges/${claim.answer.json!.id}/answer`, { proof });
}

export interface Passed {
  readonly claim: Claim;
  readonly answer: Answer;
  readonly challenge: string;
  readonly signed: SignedEntry;
}

/** Asks, answers and signs the register that the challenge was for. */
export async function passChallenge(
  member: TestMember,
  choices: ClaimChoices = {},
): Promise<Passed> {
  const claim = await askForCode(member, choices);
  const answer = await sendAnswer(member, claim, await proofOf(member, claim));
  const { label, vrfProof } = answer.json!;
  const signed = await signRegister({
    identifier: claim.identifier,
    label: fromBase64url(label),
    vrfProof: fromBase64url(vrfProof),
    secretKey: claim.secretKey,
    crypto,
  });
  return { claim, answer, challenge: claim.answer.json!.id, signed };
}

/** Returns the body that submits an entry. */
export function submissionOf({ entry, payload, opening }: SignedEntry, challenge?: string) {
  return {
    entry: base64url(entry),
    payload: base64url(payload),
    opening: base64url(opening),
    ...(challenge === undefined ? {} : { challenge }),
  };
}
