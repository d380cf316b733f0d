/**
 * `GET /v1/agreement`: how far each log is stored and agreed here, and with whom this member last had
 * the same index root. For operators and auditors; nothing in it has to be trusted, since agreed
 * checkpoints and signed roots prove the same. `GET /v1/index-root` is this member's signed root.
 */
import { encodeBase64Url, logOriginCharactersMax, membersMax } from '@callbook/protocol';
import { Type } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { bytesOf, count, timeMs } from '../schemas/bytes.ts';
import { problems } from '../schemas/problem-schema.ts';

const closed = { additionalProperties: false } as const;
const origin = Type.String({ maxLength: logOriginCharactersMax, description: 'Origin of a log' });

const agreement = Type.Object(
  {
    logs: Type.Array(
      Type.Object(
        {
          origin,
          size: count('Leaves stored here'),
          agreedSize: count('Leaves of the newest agreed checkpoint; 0 while there is none'),
          agreedAtMs: timeMs('When a quorum had cosigned it; 0 while none has'),
        },
        closed,
      ),
      { maxItems: membersMax },
    ),
    roots: Type.Array(
      Type.Object(
        {
          member: Type.String({ maxLength: 32, description: 'Name of another member' }),
          root: bytesOf(32, 'Root of the index that both had'),
          atMs: timeMs('When this member saw it'),
          logs: Type.Array(Type.Object({ origin, size: count('Leaves folded') }, closed), {
            maxItems: membersMax,
          }),
        },
        closed,
      ),
      { maxItems: membersMax },
    ),
  },
  { ...closed, description: 'How far the members agree, as this one sees it' },
);

/** Registers both routes. */
export function addAgreementRoutes(scope: ApiScope, context: ApiContext): void {
  addAgreementRoute(scope, context);
  addIndexRootRoute(scope, context);
}

function addIndexRootRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'indexRoot',
    summary: 'The newest index root that this member has signed',
    tags: ['logs'],
    response: {
      200: { description: 'A signed note', content: { 'text/plain': { schema: Type.String() } } },
      ...problems('directory_unavailable'),
    },
  };
  scope.get('/v1/index-root', { schema }, async (_request, reply) => {
    const note = directory.indexRoot();
    // While the index is being built, or the own log is not confirmed, there is nothing to sign.
    if (note === undefined) throw new ApiError('directory_unavailable');
    reply.header('cache-control', 'no-cache').header('content-type', 'text/plain; charset=utf-8');
    return note;
  });
}

function addAgreementRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'agreement',
    summary: 'How far the logs are agreed, and who has the same index',
    tags: ['logs'],
    response: { 200: agreement, ...problems('directory_unavailable') },
  };
  scope.get('/v1/agreement', { schema }, async (_request, reply) => {
    const { logs, roots } = directory.agreement();
    reply.header('cache-control', 'no-store');
    return {
      logs: logs.map((log) => ({ ...log })),
      roots: roots.map(({ member, root, atMs, logs: folded }) => ({
        member,
        root: encodeBase64Url(root),
        atMs,
        logs: folded.map((log) => ({ ...log })),
      })),
    };
  });
}
