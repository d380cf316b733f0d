/**
 * `POST /v1/proof`: what the directory says of one identifier, so that whoever has the charter can
 * check it. An answer is as long for a number that nobody has as for most others, in steps of
 * `proofAnswerStepBytes`, so that its length tells whoever sees it pass by next to nothing.
 */
import { encodeBase64Url, parseIdentifier } from '@callbook/protocol';
import type { IndexedState } from '@callbook/protocol';
import type { Static } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { proofAnswerStepBytes } from '../limits.ts';
import type { IdentifierProof } from '../ports.ts';
import { bodyCodes, problems } from '../schemas/problem-schema.ts';
import { proofAnswer, proofRequest } from '../schemas/proof-schemas.ts';

type ProofJson = Static<typeof proofAnswer>;

/** Registers the proof. */
export function addProofRoutes(scope: ApiScope, context: ApiContext): void {
  const { clock, directory, proofs } = context;
  const schema = {
    operationId: 'prove',
    summary: 'Proves what the directory says of an identifier',
    tags: ['lookups'],
    body: proofRequest,
    response: {
      200: proofAnswer,
      ...problems(
        'identifier_malformed',
        'proof_rate_limited',
        'proof_unavailable',
        'directory_unavailable',
        ...bodyCodes,
      ),
    },
  };
  scope.post('/v1/proof', { schema }, async (request, reply) => {
    const identifier = parseIdentifier(request.body.identifier);
    if (identifier.verdict !== 'accept') throw new ApiError('identifier_malformed');
    const waitMs = proofs.spend(request.ip, clock.nowMs());
    if (waitMs > 0) {
      throw new ApiError('proof_rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
    }
    const proof = await directory.prove(identifier.value);
    if (proof === undefined) throw new ApiError('proof_unavailable', { retryAfterSeconds: 2 });
    reply
      .header('cache-control', 'no-store')
      .type('application/json; charset=utf-8')
      .serializer((json) => padded(JSON.stringify(json)));
    return proofJson(proof);
  });
}

/** Spaces after a JSON text belong to none of its values (RFC 8259 §2). */
function padded(json: string): string {
  return json.padEnd(Math.ceil(json.length / proofAnswerStepBytes) * proofAnswerStepBytes);
}

function proofJson(proof: IdentifierProof): ProofJson {
  const { labelEpoch, root, logs, state } = proof;
  return {
    labelEpoch,
    label: encodeBase64Url(proof.label),
    vrfProof: encodeBase64Url(proof.vrfProof),
    root,
    indexProof: encodeBase64Url(proof.indexProof),
    logs: logs.map(({ checkpoint, consistency }) => {
      return { checkpoint, consistency: consistency.map((hash) => encodeBase64Url(hash)) };
    }),
    state: state && stateJson(state),
    ownership: textOrNull(proof.ownership),
    published: textOrNull(proof.published),
    payload: textOrNull(proof.opened?.payload ?? null),
    opening: textOrNull(proof.opened?.opening ?? null),
  };
}

function stateJson(state: IndexedState): NonNullable<ProofJson['state']> {
  const { epoch, status, ownershipAtMs, endsAtMs, lock, seq } = state;
  return {
    epoch,
    status,
    ownershipId: encodeBase64Url(state.ownershipId),
    ownershipAtMs,
    endsAtMs,
    authority: encodeBase64Url(state.authority),
    recovery: textOrNull(state.recovery),
    lock,
    email: textOrNull(state.email),
    seq,
    entryId: encodeBase64Url(state.entryId),
    commitment: textOrNull(state.commitment),
  };
}

function textOrNull(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : encodeBase64Url(bytes);
}
