/**
 * The commitment to a holder's e-mail address. A member tells it after a code to the address and the
 * signature of the authority key over this very challenge; the VRF proof shows that it is made of this
 * identifier and this address, and nothing of the address goes into an entry.
 */
import {
  emailOrder,
  encodeBase64Url,
  parseBase64Url,
  verifyEmailCommitment,
  type Identifier,
} from '@callbook/protocol';
import { readBytes, readFields, readInteger } from './answer-fields.ts';
import { answerChallenge, openChallenge, type CodeForm, type CodeSource } from './challenge.ts';
import { assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import { summariseFailures, survive, type MemberFailure } from './failover.ts';
import type { Holding } from './holding.ts';
import { callMember } from './member-call.ts';
import { orderMembers, type Member } from './member.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';
import { authorityOf } from './signers/authority-signer.ts';

/** The address to commit to, and how its code is read. */
export interface EmailOptions {
  /** In canonical form with its scheme: `mailto:user@domain`. */
  readonly email: Identifier;
  readonly form: CodeForm;
  readonly code: CodeSource;
  /** Names of members to ask first. */
  readonly members?: readonly string[];
  readonly onProgress?: OnProgress;
}

/** Returns the commitment, 32 bytes, of the first member that gives a good one. */
export async function commitEmail(
  context: DirectoryContext,
  holding: Holding,
  options: EmailOptions,
): Promise<Uint8Array> {
  assertIdentifier(options.email);
  const { onProgress = ignoreProgress } = options;
  const failures: MemberFailure[] = [];
  for (const member of orderMembers(context.members, options.members ?? [])) {
    try {
      return await commitEmailAt(context, member, { holding, options, onProgress });
    } catch (error) {
      const failure = survive(member, error);
      failures.push(failure);
      onProgress({ step: 'member_skipped', member: member.name, code: failure.error.code });
    }
  }
  throw summariseFailures(failures, 1);
}

async function commitEmailAt(
  context: DirectoryContext,
  member: Member,
  of: { holding: Holding; options: EmailOptions; onProgress: OnProgress },
): Promise<Uint8Array> {
  const { holding, options, onProgress } = of;
  const { email, form, code } = options;
  const authority = await authorityOf(context, holding);
  onProgress({ step: 'challenging', member: member.name });
  const target = { identifier: email, authorityKey: authority.publicKey, form };
  const opened = await openChallenge(context, member, target);
  const { expiresAtMs } = opened.answer;
  onProgress({ step: 'code_awaited', member: member.name, expiresAtMs });
  const { challengeId } = await answerChallenge(context, opened, code);
  onProgress({ step: 'control_proved', member: member.name });
  const signature = await authority.sign(emailOrder(challengeId, holding.ownershipId));
  const entryId = encodeBase64Url(holding.ownershipId);
  const fields = readFields(
    await callMember(context.fetch, member, {
      method: 'POST',
      path: '/v1/email-commitments',
      body: {
        emailChallenge: challengeId,
        ownership: { entryId, signature: encodeBase64Url(signature) },
      },
    }),
  );
  const commitment = readBytes(fields, 'email', 32);
  const vrfProof = readBytes(fields, 'vrfProof', 80);
  const vrfPublicKey = parseBase64Url(context.charter.vrfPublicKey);
  const { identifier } = holding;
  const proven =
    readInteger(fields, 'labelEpoch') === context.charter.labelEpoch &&
    vrfPublicKey !== undefined &&
    verifyEmailCommitment(
      { identifier, email, commitment, vrfProof, vrfPublicKey },
      context.crypto,
    );
  if (proven) return commitment;
  throw clientError(
    'email_proof_invalid',
    `member ${member.name} gave a commitment that the charter's key does not prove`,
    { details: { member: member.name } },
  );
}
