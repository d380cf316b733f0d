/**
 * The server under a member's API and a front end's: limits, problems, headers. fastify's own logger stays
 * off: it writes URLs, addresses and the messages of parsers, which quote what they were given. The few
 * events worth a line go to the `logger` port, with a route's pattern and a code.
 */
import type { SecureContextOptions } from 'node:tls';
import { logOriginCharactersMax } from '@callbook/protocol';
import { fastify } from 'fastify';
import type { FastifyServerFactory, FastifyServerOptions } from 'fastify';
import type { ApiScope } from './api-scope.ts';
import { allowEveryOrigin, shareAnswer } from './cross-origin.ts';
import { takeJson } from './json-body.ts';
import type { ApiLimits } from './limits.ts';
import type { EventLogger } from './ports.ts';
import { answerClientError, errorHandler, problemOf, schemaError, sendProblem } from './problem.ts';
import { problemSchema } from './schemas/problem-schema.ts';
import { createTlsServer } from './tls-server.ts';
import type { TlsServerOptions } from './tls-server.ts';

/** Longest value of a path parameter: the host of an origin. */
const pathParameterCharactersMax = logOriginCharactersMax;
/** How often node looks for requests that take too long. */
const slowRequestCheckMsMax = 30_000;

export interface ServerSettings {
  readonly limits: ApiLimits;
  readonly logger: EventLogger;
  readonly tls: SecureContextOptions | undefined;
}

/** Returns a server without routes, not yet listening. */
export function createApiServer(settings: ServerSettings): ApiScope {
  const { limits, logger } = settings;
  const api = fastify(serverOptions(settings)) as ApiScope;
  api.server.maxConnections = limits.connectionsMax;
  api.removeContentTypeParser('text/plain');
  takeJson(api);
  // Here and not in the scope below, where it would bring the framework's own serializer back.
  api.addSchema(problemSchema);
  // Answers are built field by field, and tests hold every one against its schema.
  api.setSerializerCompiler(() => (value) => JSON.stringify(value));
  api.setErrorHandler(errorHandler(logger));
  api.setNotFoundHandler((_request, reply) => sendProblem(reply, problemOf('route_unknown')));
  allowEveryOrigin(api);
  api.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  return api;
}

function serverOptions({ limits, logger, tls }: ServerSettings): FastifyServerOptions {
  const onFrameworkError = errorHandler(logger);
  const checkEveryMs = Math.min(limits.requestMsMax, slowRequestCheckMsMax);
  return {
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMsMax,
    return503OnClosing: false,
    routerOptions: { maxParamLength: pathParameterCharactersMax },
    // Requests are taken as they are: nothing is converted, and unknown fields are refused.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    schemaErrorFormatter: schemaError,
    clientErrorHandler: answerClientError,
    // Comes before every hook.
    frameworkErrors: (error, request, reply) => {
      shareAnswer(reply);
      onFrameworkError(error, request, reply);
    },
    ...(tls === undefined
      ? { http: { connectionsCheckingInterval: checkEveryMs } }
      : { https: {}, serverFactory: tlsServerFactory({ tls, limits, checkEveryMs }) }),
  };
}

/** HTTP/2's requests and responses have the methods of HTTP/1.1's (node's compatibility API). */
function tlsServerFactory(options: TlsServerOptions): FastifyServerFactory {
  return (onRequest) =>
    createTlsServer(
      options,
      onRequest as unknown as Parameters<typeof createTlsServer>[1],
    ) as unknown as ReturnType<FastifyServerFactory>;
}

export const silentLogger: EventLogger = { error: () => {} };
