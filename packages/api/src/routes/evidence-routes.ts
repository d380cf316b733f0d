/**
 * Evidence of broken rules, as this member holds it: a list, and each piece as the bytes that anybody
 * can check against the charters. Whoever has evidence may submit it: it is verified before it is kept,
 * and nobody has to be trusted for it.
 */
import { evidenceBytesMax } from '@callbook/protocol';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { evidenceHeldMax } from '../limits.ts';
import type { EvidencePiece } from '../ports.ts';
import { timeMs } from '../schemas/bytes.ts';
import { bodyCodes, problems } from '../schemas/problem-schema.ts';

const evidenceId = Type.String({
  pattern: '^[0-9a-f]{64}$',
  description: 'SHA-256 of the evidence, in hexadecimal',
});
const origins = (description: string) => Type.Array(Type.String(), { description });

const evidencePiece = Type.Object(
  {
    id: evidenceId,
    kind: Type.String({ description: 'What it proves', examples: ['two_roots'] }),
    origins: origins('Logs whose members cannot be honest'),
    disputed: origins('Logs of two members of which one is wrong'),
    firstSeenMs: timeMs('When this member first had it'),
  },
  { additionalProperties: false },
);

const evidenceList = Type.Object(
  { evidence: Type.Array(evidencePiece, { maxItems: evidenceHeldMax }) },
  { additionalProperties: false },
);

/** Registers the list, the pieces, and where they are submitted. */
export function addEvidenceRoutes(scope: ApiScope, context: ApiContext): void {
  addListRoute(scope, context);
  addPieceRoute(scope, context);
  addSubmitRoute(scope, context);
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
    return { evidence: directory.evidence().map(pieceJson) };
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

/** In a scope of its own, where a body is octets of any media type. */
function addSubmitRoute(scope: ApiScope, { clock, directory, proofs }: ApiContext): void {
  const schema = {
    operationId: 'submitEvidence',
    summary: 'Verifies evidence, and keeps it when it proves something new',
    tags: ['logs'],
    body: {
      content: { 'application/cbor': { schema: Type.Unknown({ description: 'The evidence' }) } },
    },
    response: {
      200: evidencePiece,
      ...problems('evidence_refused', 'proof_rate_limited', 'directory_unavailable', ...bodyCodes),
    },
  };
  scope.register(async (octets: ApiScope) => {
    octets.removeAllContentTypeParsers();
    octets.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
    const options = { schema, bodyLimit: evidenceBytesMax };
    octets.post('/v1/evidence', options, async ({ body, ip }, reply) => {
      // To verify a piece costs about what a proof costs to make, so it comes out of the same budget.
      const waitMs = proofs.spend(ip, clock.nowMs());
      if (waitMs > 0) {
        throw new ApiError('proof_rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
      }
      const bytes = body instanceof Uint8Array ? new Uint8Array(body) : new Uint8Array();
      const noted = await directory.noteEvidence(bytes);
      if (noted.verdict !== 'accept') {
        throw new ApiError('evidence_refused', { message: `${noted.code}: ${noted.message}` });
      }
      reply.header('cache-control', 'no-store');
      return pieceJson(noted.value);
    });
  });
}

function pieceJson(held: EvidencePiece): Static<typeof evidencePiece> {
  return {
    id: held.evidenceId,
    kind: held.kind,
    origins: [...held.origins],
    disputed: [...held.disputed],
    firstSeenMs: held.firstSeenMs,
  };
}
