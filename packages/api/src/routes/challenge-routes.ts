/** `POST /v1/challenges` and its answer: the only routes that reach for somebody's telephone. */
import { encodeBase64Url, parseIdentifier } from '@callbook/protocol';
import type { NextClaim } from '@callbook/protocol';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { parseBytesField } from '../request-field.ts';
import { ApiError } from '../errors.ts';
import {
  challengeAnswer,
  challengePath,
  challengeRequest,
  openedChallenge,
  passedChallenge,
} from '../schemas/challenge-schemas.ts';
import { bodyCodes, problems } from '../schemas/problem-schema.ts';

/** Registers both steps of a challenge. */
export function addChallengeRoutes(scope: ApiScope, context: ApiContext): void {
  addOpenRoute(scope, context);
  addAnswerRoute(scope, context);
}

function addOpenRoute(scope: ApiScope, { desk }: ApiContext): void {
  const schema = {
    operationId: 'openChallenge',
    summary: 'Sends a sealed code to an identifier',
    tags: ['challenges'],
    body: challengeRequest,
    response: {
      201: openedChallenge,
      ...problems(
        'identifier_malformed',
        'session_key_invalid',
        'identifier_not_served',
        'challenge_rate_limited',
        'channel_unavailable',
        ...bodyCodes,
      ),
    },
  };
  scope.post('/v1/challenges', { schema }, async ({ body }, reply) => {
    const parsed = parseIdentifier(body.identifier);
    if (parsed.verdict !== 'accept') throw new ApiError('identifier_malformed');
    const { challengeId, expiresAtMs, enc, channel, form } = await desk.open({
      identifier: parsed.value,
      authority: parseBytesField(body.authority, 'body/authority'),
      session: parseBytesField(body.session, 'body/session'),
      form: body.form,
      appHash: body.appHash,
    });
    reply.code(201).header('cache-control', 'no-store');
    return { id: challengeId, expiresAtMs, enc: encodeBase64Url(enc), channel, form };
  });
}

function addAnswerRoute(scope: ApiScope, { desk, directory }: ApiContext): void {
  const schema = {
    operationId: 'answerChallenge',
    summary: 'Answers a challenge and learns what may be claimed',
    tags: ['challenges'],
    params: challengePath,
    body: challengeAnswer,
    response: {
      200: passedChallenge,
      ...problems(
        'challenge_unknown',
        'challenge_expired',
        'challenge_answer_wrong',
        'challenge_exhausted',
        'challenge_rate_limited',
        'directory_unavailable',
        ...bodyCodes,
      ),
    },
  };
  scope.post('/v1/challenges/:id/answer', { schema }, async ({ params, body }, reply) => {
    const proof = parseBytesField(body.proof, 'body/proof');
    // The directory is asked only from here on: before, nothing depends on what it holds.
    const { identifier, authority, usableUntilMs } = desk.answer(params.id, proof);
    const told = directory.label(identifier);
    desk.tell(params.id, told);
    const { labelEpoch, label, vrfProof } = told;
    const next = directory.nextClaim(label, authority);
    reply.header('cache-control', 'no-store');
    return {
      labelEpoch,
      label: encodeBase64Url(label),
      vrfProof: encodeBase64Url(vrfProof),
      usableUntilMs,
      next: nextJson(next),
    };
  });
}

function nextJson(next: NextClaim) {
  const { epoch } = next;
  if (next.kind === 'commit') {
    const { kind, prev, request, fromMs } = next;
    return { kind, epoch, prev, request: encodeBase64Url(request), fromMs };
  }
  const { kind, prev } = next;
  return { kind, epoch, prev: prev === null ? null : encodeBase64Url(prev) };
}
