/** Requests of class `email` through the API: both challenges, the commitment, the signed request. */
import { signEntry } from '@callbook/protocol';
import type { Identifier, RequestClass } from '@callbook/protocol';
import { askForCode, proofOf, sendAnswer } from './claim-flow.ts';
import type { ClaimChoices } from './claim-flow.ts';
import { base64url } from './claimant.ts';
import { crypto, number } from './harness.ts';
import type { TestMember } from './harness.ts';

export const address: Identifier = 'mailto:anna@mail.test';

/** Passes a challenge and returns its id. */
export async function passed(member: TestMember, choices: ClaimChoices = {}): Promise<string> {
  const claim = await askForCode(member, choices);
  const { status } = await sendAnswer(member, claim, await proofOf(member, claim));
  if (status !== 200) throw new Error(`answered with ${status}`);
  return claim.answer.json!.id;
}

/** The commitment that the directory's binding of `number` is to have. */
export function commitTo(member: TestMember, email: Identifier = address): Uint8Array {
  const { commitment } = member.directory.emailCommitment({ identifier: number, email });
  member.directory.emails.set(number, commitment);
  return commitment;
}

/** Signs a request to replace the holder of `number`. */
export async function signRequest(
  member: TestMember,
  as: RequestClass,
  seq = 0,
): Promise<{ entry: string }> {
  const authority = crypto.ed25519Signer(new Uint8Array(32).fill(1));
  const entry = await signEntry(
    {
      v: 1,
      kind: 'request',
      class: as,
      labelEpoch: 0,
      label: member.directory.label(number).label,
      epoch: 0,
      seq,
      prev: null,
      authority: authority.publicKey,
      commitment: null,
      recovery: null,
      lock: false,
      email: null,
    },
    { authority },
  );
  return { entry: base64url(entry) };
}
