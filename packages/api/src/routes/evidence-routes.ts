/**
 * Evidence of broken rules, as this member holds it: a list, and each piece as the bytes that anybody
 * can check against the charters. Nothing in it is private: leaves and checkpoints are public anyway.
 */
import { Type } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { evidenceHeldMax } from '../limits.ts';
import { timeMs } from '../schemas/bytes.ts';
import { problems } from '../schemas/problem-schema.ts';

const evidenceId = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256 of the evidence, in hexadecimal',
});
const origins = (description: string) => Type.Array(Type.String(), { description });

const evidenceList = Type.Object(
  {
    evidence: Type.Array(
      Type.Object(
        {
          id: evidenceId,
          kind: Type.String({ description: 'What it proves', examples: ['two_roots'] }),
          origins: origins('Logs whose members cannot be honest'),
          disputed: origins('Logs of two members of which one is wrong'),
          firstSeenMs: timeMs('When this member first had it'),
        },
        { additionalProperties: false },
      ),
      { maxItems: evidenceHeldMax },
    ),
  },
  { additionalProperties: false },
);

/** Registers the list and the pieces. */
export function addEvidenceRoutes(scope: ApiScope, context: ApiContext): void {
  addListRoute(scope, context);
  addPieceRoute(scope, context);
}

function addListRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'evidenceList',
    summary: 'Evidence that this member holds, the oldest first',
    tags: ['logs'],
    response: { 200: evidenceList, ...problems('directory_unavailable') },
  };
  scope.get('/v1/evidence', { schema }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache');
    const evidence = directory.evidence().map((held) => ({
      id: held.evidenceId,
      kind: held.kind,
      origins: [...held.origins],
      disputed: [...held.disputed],
      firstSeenMs: held.firstSeenMs,
    }));
    return { evidence };
  });
}

function addPieceRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'evidence',
    summary: 'A piece of evidence',
    tags: ['logs'],
    params: Type.Object({ id: Type.String({ description: 'Its id, 64 hexadecimal digits' }) }),
    response: {
      200: {
        description: 'Deterministic CBOR',
        content: {
          'application/cbor': {
            schema: Type.Unsafe<Uint8Array>({ type: 'string', contentEncoding: 'binary' }),
          },
        },
      },
      ...problems('evidence_unknown', 'directory_unavailable'),
    },
  };
  scope.get('/v1/evidence/:id', { schema }, async ({ params }, reply) => {
    const held = directory.evidence().find((piece) => piece.evidenceId === params.id);
    if (held === undefined) throw new ApiError('evidence_unknown');
    // Named by its hash, it never changes.
    reply.header('cache-control', 'public, max-age=31536000, immutable').type('application/cbor');
    return held.bytes;
  });
}
