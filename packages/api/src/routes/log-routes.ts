/**
 * The logs as static files: the charter, checkpoints and tiles with the paths and types of C2SP
 * tlog-tiles. A log's origin is `<host>/log`, so its prefix here is `/log/<host>/log`.
 */
import { parseTilePath, tileWidthMax } from '@callbook/protocol';
import { Type } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { problems } from '../schemas/problem-schema.ts';

const host = Type.String({ description: 'Host of the origin', examples: ['alpha.test'] });
const name = Type.String({ description: 'Name of the origin, "log"', examples: ['log'] });
const version = Type.String({
  description: 'Version of the charter, from 1',
  pattern: '^[1-9][0-9]{0,6}$',
  examples: ['1'],
});
const level = Type.String({ description: 'Level of the tile, 0 to 63, or "entries"' });
/** fastify's name for the rest of a path; the document calls it `tile`. */
const rest = Type.String({ description: 'Index and, for a partial tile, width: x001/234.p/5' });

/** Registers the charter, the checkpoints and the tiles. */
export function addLogRoutes(scope: ApiScope, context: ApiContext): void {
  addCharterRoute(scope, context);
  addCharterVersionRoute(scope, context);
  addCheckpointRoute(scope, context);
  addTileRoute(scope, context);
}

function addCharterRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'charter',
    summary: 'The charter in force',
    tags: ['logs'],
    response: {
      200: textResponse('A signed note'),
      ...problems('directory_unavailable'),
    },
  };
  scope.get('/v1/charter', { schema }, async (_request, reply) => {
    setNoteHeaders(reply);
    return directory.charterNote();
  });
}

function addCharterVersionRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'charterVersion',
    summary: 'A charter of the chain, for whoever walks it forward from version 1',
    tags: ['logs'],
    params: Type.Object({ version }),
    response: {
      200: textResponse('A signed note'),
      ...problems('charter_version_unknown', 'directory_unavailable'),
    },
  };
  scope.get('/v1/charter/:version', { schema }, async ({ params }, reply) => {
    const note = directory.charterNote(Number(params.version));
    if (note === undefined) throw new ApiError('charter_version_unknown');
    setNoteHeaders(reply);
    return note;
  });
}

function addCheckpointRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'checkpoint',
    summary: 'The latest checkpoint of a log',
    tags: ['logs'],
    params: Type.Object({ host, name }),
    response: {
      200: textResponse('A signed note'),
      ...problems('log_unknown', 'directory_unavailable'),
    },
  };
  scope.get('/log/:host/:name/checkpoint', { schema }, async ({ params }, reply) => {
    const checkpoint = directory.checkpoint(`${params.host}/${params.name}`);
    if (checkpoint === undefined) throw new ApiError('log_unknown');
    setNoteHeaders(reply);
    return checkpoint;
  });
}

function addTileRoute(scope: ApiScope, { directory }: ApiContext): void {
  const schema = {
    operationId: 'tile',
    summary: 'A tile of hashes or a bundle of leaves',
    tags: ['logs'],
    params: Type.Object({ host, name, level, '*': rest }),
    response: {
      200: {
        description: 'Hashes of 32 bytes, or leaves with 16-bit lengths',
        content: {
          'application/octet-stream': {
            schema: Type.Unsafe<Uint8Array>({ type: 'string', contentEncoding: 'binary' }),
          },
        },
      },
      ...problems('tile_unknown', 'directory_unavailable'),
    },
  };
  scope.get('/log/:host/:name/tile/:level/*', { schema }, async ({ params }, reply) => {
    const coordinates = parseTilePath(`tile/${params.level}/${params['*']}`);
    if (coordinates.verdict !== 'accept') throw new ApiError('tile_unknown');
    const origin = `${params.host}/${params.name}`;
    const tile = directory.tile({ origin, ...coordinates.value });
    if (tile === undefined) throw new ApiError('tile_unknown');
    reply
      .header('cache-control', cacheControl(coordinates.value.width))
      .type('application/octet-stream');
    return tile;
  });
}

/** A full tile never changes. A partial one does not either, but is soon of no use. */
function cacheControl(width: number): string {
  return width === tileWidthMax ? 'public, max-age=31536000, immutable' : 'public, max-age=60';
}

function setNoteHeaders(reply: ReplyHeaders): void {
  reply.header('cache-control', 'no-cache').header('content-type', 'text/plain; charset=utf-8');
}

interface ReplyHeaders {
  header(name: string, value: string): ReplyHeaders;
}

function textResponse(description: string) {
  return { description, content: { 'text/plain': { schema: Type.String() } } };
}
