/**
 * `POST /v1/proof` and `POST /v1/proofs`: what the directory says of one identifier or of some, so that
 * whoever has the charter can check it. Without a token that is what is published for everybody; of everything
 * else, held or not, there is one refusal. An answer is as long for a number that nobody has as for most
 * others, in steps of `proofAnswerStepBytes`, so that its length tells whoever sees it pass by next
 * to nothing.
 */
import { encodeBase64Url, parseIdentifier } from '@callbook/protocol';
import type { Identifier, IndexedState } from '@callbook/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { proofAnswerBytesMin, proofAnswerStepBytes } from '../limits.ts';
import { readerCodes } from '../lookups/lookup-access.ts';
import { mayBeShown } from '../lookups/reader.ts';
import type { Reader } from '../lookups/reader.ts';
import { isOblivious } from '../oblivious/inner-request.ts';
import type { DirectoryProof, IdentifierProof } from '../ports.ts';
import { bodyCodes, problems } from '../schemas/problem-schema.ts';
import {
  proofAnswer,
  proofRequest,
  proofsAnswer,
  proofsRequest,
} from '../schemas/proof-schemas.ts';

type ProofsJson = Static<typeof proofsAnswer>;
type IdentifierJson = NonNullable<ProofsJson['results'][number]>;

/** What an identifier's own part of an answer has, about. */
const identifierJsonBytes = 2500;

const codes = [
  'identifier_malformed',
  ...readerCodes,
  'proof_rate_limited',
  'proof_unavailable',
  'directory_unavailable',
  ...bodyCodes,
] as const;

/** Registers both routes. */
export function addProofRoutes(scope: ApiScope, context: ApiContext): void {
  const one = {
    operationId: 'prove',
    summary: 'Proves what the directory says of an identifier',
    tags: ['lookups'],
    body: proofRequest,
    response: { 200: proofAnswer, ...problems('token_missing', ...codes) },
  };
  scope.post('/v1/proof', { schema: one }, async (request, reply) => {
    const { proof, reader } = await proofFor([request.body.identifier], request, context);
    const [binding] = proof.bindings;
    if (!mayBeShown(binding!, reader)) throw withheld(proof, context);
    pad(reply, 1);
    return { ...sharedJson(proof), ...identifierJson(binding!) };
  });
  const several = {
    operationId: 'proveSeveral',
    summary: 'Proves what the directory says of some identifiers, under one root',
    tags: ['lookups'],
    body: proofsRequest,
    response: { 200: proofsAnswer, ...problems(...codes) },
  };
  scope.post('/v1/proofs', { schema: several }, async (request, reply) => {
    const { identifiers } = request.body;
    const { proof, reader } = await proofFor(identifiers, request, context);
    pad(reply, identifiers.length);
    const results = proof.bindings.map((binding) =>
      mayBeShown(binding, reader) ? identifierJson(binding) : null,
    );
    return { ...sharedJson(proof), results };
  });
}

/** Proves, whoever asks: what is not shown has cost as much. */
async function proofFor(
  texts: readonly string[],
  request: Pick<FastifyRequest, 'headers' | 'ip'>,
  { access, clock, directory, proofs }: ApiContext,
): Promise<{ readonly proof: DirectoryProof; readonly reader: Reader }> {
  const identifiers = texts.map(parsed);
  const waitMs = proofs.spend(
    isOblivious(request) ? undefined : request.ip,
    clock.nowMs(),
    identifiers.length,
  );
  if (waitMs > 0) {
    throw new ApiError('proof_rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }
  // After the budget: a token that is taken must not be spent for nothing.
  const reader = await access.read(request, identifiers.length);
  const proof = await directory.prove(identifiers);
  if (proof === undefined) throw new ApiError('proof_unavailable', { retryAfterSeconds: 2 });
  return { proof, reader };
}

/** As long as a proof of somebody who publishes little, whoever it is about: of that, nothing goes in. */
function withheld(proof: DirectoryProof, { access }: ApiContext): ApiError {
  const { challenge = '' } = access;
  const shownBytes = Buffer.byteLength(JSON.stringify(sharedJson(proof))) + identifierJsonBytes;
  return new ApiError('token_missing', {
    authenticate: challenge,
    bytesMin: paddedBytes(shownBytes, 1) - challenge.length,
  });
}

function parsed(text: string): Identifier {
  const identifier = parseIdentifier(text);
  if (identifier.verdict !== 'accept') throw new ApiError('identifier_malformed');
  return identifier.value;
}

/** Spaces after a JSON text belong to none of its values (RFC 8259 §2). */
function pad(reply: Pick<FastifyReply, 'header' | 'serializer' | 'type'>, count: number): void {
  reply.header('cache-control', 'no-store');
  reply.type('application/json; charset=utf-8');
  reply.serializer((json: unknown) => {
    const text = JSON.stringify(json);
    const bytes = Buffer.byteLength(text);
    return text + ' '.repeat(paddedBytes(bytes, count) - bytes);
  });
}

function paddedBytes(bytes: number, count: number): number {
  const stepBytes = proofAnswerStepBytes * count;
  return Math.max(proofAnswerBytesMin, Math.ceil(bytes / stepBytes) * stepBytes);
}

function sharedJson({ root, logs }: DirectoryProof): Pick<ProofsJson, 'logs' | 'root'> {
  return {
    root,
    logs: logs.map(({ checkpoint, consistency }) => {
      return { checkpoint, consistency: consistency.map((hash) => encodeBase64Url(hash)) };
    }),
  };
}

function identifierJson(proof: IdentifierProof): IdentifierJson {
  const { labelEpoch, state } = proof;
  return {
    labelEpoch,
    label: encodeBase64Url(proof.label),
    vrfProof: encodeBase64Url(proof.vrfProof),
    indexProof: encodeBase64Url(proof.indexProof),
    state: state && stateJson(state),
    ownership: textOrNull(proof.ownership),
    published: textOrNull(proof.published),
    payload: textOrNull(proof.opened?.payload ?? null),
    opening: textOrNull(proof.opened?.opening ?? null),
  };
}

function stateJson(state: IndexedState): NonNullable<IdentifierJson['state']> {
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
