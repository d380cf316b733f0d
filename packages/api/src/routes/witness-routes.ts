/**
 * C2SP tlog-witness: `POST /log/witness/add-checkpoint`. Anybody may submit a checkpoint of a log of
 * the charter with a consistency proof and gets this member's cosignature. The submission prefix is
 * `<api>/log/witness`. Requests and good answers are the text of that specification, so software that
 * nobody here wrote can ask; errors are problem documents like everywhere else.
 */
import { parseWitnessRequest } from '@callbook/protocol';
import type { Refusal, VerdictCode } from '@callbook/protocol';
import { Type } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import type { ApiErrorCode } from '../errors.ts';
import { witnessBodyBytesMax } from '../limits.ts';
import { problemMediaType, problems } from '../schemas/problem-schema.ts';

const sizeMediaType = 'text/x.tlog.size';
/** Leaves arrive within a second or two, or this member is cut off. */
const notStoredRetrySeconds = 2;

/** Registers `add-checkpoint` in a scope of its own, where a body is text of any media type. */
export function addWitnessRoutes(scope: ApiScope, { directory }: ApiContext): void {
  scope.register(async (texts: ApiScope) => {
    texts.removeAllContentTypeParsers();
    // The specification names no media type for the request, and clients send what they like.
    texts.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body),
    );
    const options = { schema: addCheckpointSchema(), bodyLimit: witnessBodyBytesMax };
    texts.post('/log/witness/add-checkpoint', options, async ({ body }, reply) => {
      const request = parseWitnessRequest(typeof body === 'string' ? body : '');
      if (request.verdict !== 'accept') throw refused(request);
      const cosigned = await directory.cosign(request.value);
      if (cosigned.verdict !== 'accept') throw refused(cosigned);
      reply.header('cache-control', 'no-store');
      if (cosigned.value.line !== undefined) {
        return reply.type('text/plain; charset=utf-8').send(cosigned.value.line);
      }
      // "the witness MUST respond with a "409 Conflict" […] The response body MUST consist of the
      // tree size of the latest cosigned checkpoint in decimal, followed by a newline". Octets,
      // because the framework adds a charset to text.
      const size = Buffer.from(`${cosigned.value.lastSize}\n`);
      return reply.code(409).type(sizeMediaType).send(size);
    });
  });
}

function addCheckpointSchema() {
  const documented = problems(
    'witness_request_malformed',
    'checkpoint_unsigned',
    'log_unknown',
    'checkpoint_proof_invalid',
    'checkpoint_forked',
    'checkpoint_not_stored',
    'body_too_large',
    'directory_unavailable',
  ) as Record<number, { description: string; content: object }>;
  const conflict = documented[409]!;
  return {
    operationId: 'addCheckpoint',
    summary: 'Cosigns a checkpoint of a log (C2SP tlog-witness)',
    tags: ['logs'],
    body: {
      content: {
        'text/plain': { schema: Type.String({ description: 'Old size, proof lines, checkpoint' }) },
      },
    },
    response: {
      ...documented,
      200: {
        description: 'Signature lines to add to the checkpoint',
        content: { 'text/plain': { schema: Type.String() } },
      },
      409: {
        description: `The size of the tree that was cosigned last, from where the proof must begin; or\n\n${conflict.description}`,
        content: {
          [sizeMediaType]: { schema: Type.String() },
          [problemMediaType]: { schema: { $ref: 'Problem#' } },
        },
      },
    },
  };
}

/** What each verdict is called here, with its status of C2SP tlog-witness. */
const codes: Partial<Record<VerdictCode, ApiErrorCode>> = {
  witness_request_malformed: 'witness_request_malformed',
  note_malformed: 'witness_request_malformed',
  note_too_large: 'witness_request_malformed',
  checkpoint_malformed: 'witness_request_malformed',
  log_unknown: 'log_unknown',
  note_signature_missing: 'checkpoint_unsigned',
  note_signature_invalid: 'checkpoint_unsigned',
  checkpoint_origin_mismatch: 'checkpoint_unsigned',
  checkpoint_proof_invalid: 'checkpoint_proof_invalid',
  log_forked: 'checkpoint_forked',
  log_frozen: 'checkpoint_forked',
  checkpoint_not_stored: 'checkpoint_not_stored',
};

function refused({ code }: Refusal): ApiError {
  const known = codes[code] ?? 'directory_unavailable';
  return known === 'checkpoint_not_stored'
    ? new ApiError(known, { retryAfterSeconds: notStoredRetrySeconds })
    : new ApiError(known);
}
