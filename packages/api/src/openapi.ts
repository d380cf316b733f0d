/** The OpenAPI 3.1 document, generated from the schemas of the routes, and the route that serves it. */
import { readFileSync } from 'node:fs';
import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { Type } from 'typebox';
import type { ApiScope } from './api-scope.ts';
import { problems } from './schemas/problem-schema.ts';

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string };

/** Collects the schemas of the routes that `scope` gets from here on. */
export async function collectSchemas(scope: ApiScope): Promise<void> {
  await scope.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Callbook',
        description: 'The interface of a member of a federated directory of telephone numbers.',
        version,
        license: { name: 'EUPL-1.2', identifier: 'EUPL-1.2' },
      },
      tags: [
        { name: 'challenges', description: 'Showing control of an identifier' },
        { name: 'entries', description: 'Signed statements about a binding' },
        { name: 'lookups', description: 'What the directory says' },
        { name: 'tokens', description: 'Budgets without identity (Privacy Pass)' },
        { name: 'logs', description: 'What anybody can check' },
        { name: 'health', description: 'For the operator' },
      ],
    },
    convertConstToEnum: false,
    // Only schemas that were added by their name are referred to.
    refResolver: { buildLocalReference: ({ $id }) => $id as string },
    transform: ({ schema, url }) => ({ schema: renameWildcard(schema), url: documentedPath(url) }),
  });
}

/** Registers `GET /v1/openapi.json`. */
export function addOpenapiRoute(scope: ApiScope): void {
  const schema = {
    operationId: 'openapi',
    summary: 'This document',
    tags: ['health'],
    response: {
      200: {
        description: 'OpenAPI 3.1',
        content: { 'application/json': { schema: Type.Object({}) } },
      },
      ...problems(),
    },
  };
  scope.get('/v1/openapi.json', { schema }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache');
    return scope.swagger();
  });
}

/** Returns a route's path as the document has it, but for the braces that fastify's colons become. */
export function documentedPath(url: string): string {
  return url.replace('*', ':tile');
}

function renameWildcard(schema: FastifySchema | undefined): FastifySchema {
  const params = schema?.params as { properties?: Record<string, unknown> } | undefined;
  const { '*': tile, ...named } = params?.properties ?? {};
  if (schema === undefined || tile === undefined) return schema ?? {};
  const required = [...Object.keys(named), 'tile'];
  return { ...schema, params: { type: 'object', properties: { ...named, tile }, required } };
}
