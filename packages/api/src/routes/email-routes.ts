/**
 * `POST /v1/email-commitments`: what an entry has to say to commit to an e-mail address. Told only to
 * somebody who has shown control of the address, and of the identifier: by a challenge, or by the
 * authority key of an ownership entry. So nobody learns by it what others commit to.
 */
import { bytesEqual, emailOrder, encodeBase64Url } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import type { Static } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import type { PassedChallenge } from '../challenges/challenge-store.ts';
import { isEmail } from '../entry-desk.ts';
import { ApiError } from '../errors.ts';
import { parseBytesField } from '../request-field.ts';
import { emailCommitment, emailCommitmentRequest } from '../schemas/email-schemas.ts';
import { bodyCodes, problems } from '../schemas/problem-schema.ts';

type RequestBody = Static<typeof emailCommitmentRequest>;

/** Registers the commitment to an e-mail address. */
export function addEmailRoutes(scope: ApiScope, context: ApiContext): void {
  const schema = {
    operationId: 'commitEmail',
    summary: 'Gives the commitment to an e-mail address beside an identifier',
    tags: ['challenges'],
    body: emailCommitmentRequest,
    response: {
      200: emailCommitment,
      ...problems(
        'challenge_unknown',
        'challenge_expired',
        'challenge_not_passed',
        'challenge_mismatch',
        'ownership_signature_invalid',
        'proof_rate_limited',
        'directory_unavailable',
        ...bodyCodes,
      ),
    },
  };
  scope.post('/v1/email-commitments', { schema }, async ({ body, ip }, reply) => {
    const { clock, desk, directory, proofs } = context;
    const passed = desk.passed(body.emailChallenge);
    const { identifier: email, authority } = passed;
    if (!isEmail(email)) throw new ApiError('challenge_mismatch');
    const identifier = identifierOf(body, authority, context);
    // Each is two VRFs, about as much as a proof; nothing above says how much is left of the budget.
    const waitMs = proofs.spend(ip, clock.nowMs());
    if (waitMs > 0) {
      throw new ApiError('proof_rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
    }
    const { labelEpoch, commitment, vrfProof } = directory.emailCommitment({ identifier, email });
    reply.header('cache-control', 'no-store');
    return {
      labelEpoch,
      email: encodeBase64Url(commitment),
      vrfProof: encodeBase64Url(vrfProof),
    };
  });
}

function identifierOf(
  body: RequestBody,
  authority: PassedChallenge['authority'],
  context: ApiContext,
): Identifier {
  const { challenge, ownership } = body;
  if ((challenge === undefined) === (ownership === undefined)) {
    throw new ApiError('request_malformed', {
      message: 'body has both or neither of challenge and ownership, and needs one',
    });
  }
  return challenge === undefined
    ? heldIdentifier(body, authority, context)
    : challengedIdentifier(challenge, authority, context);
}

function challengedIdentifier(
  challengeId: string,
  authority: Uint8Array,
  { desk }: ApiContext,
): Identifier {
  const passed = desk.passed(challengeId);
  if (!bytesEqual(passed.authority, authority)) throw new ApiError('challenge_mismatch');
  return passed.identifier;
}

/** One code whatever is wrong: entries stand in the logs for all to read, identifiers do not. */
function heldIdentifier(
  { emailChallenge, ownership }: RequestBody,
  authority: Uint8Array,
  { crypto, directory }: ApiContext,
): Identifier {
  const ownershipId = parseBytesField(ownership!.entryId, 'body/ownership/entryId');
  const signature = parseBytesField(ownership!.signature, 'body/ownership/signature');
  const isSigned = crypto.ed25519Verify(
    emailOrder(emailChallenge, ownershipId),
    signature,
    authority,
  );
  const held = isSigned ? directory.ownershipOf(ownershipId) : undefined;
  if (held === undefined || !bytesEqual(held.authority, authority)) {
    throw new ApiError('ownership_signature_invalid');
  }
  return held.identifier;
}
