/**
 * Builds a member's API over its ports. fastify's own logger stays off: it writes URLs, addresses
 * and the messages of parsers, which quote what they were given. The few events worth a line go to
 * the `logger` port, with a route's pattern and a code.
 */
import { logOriginCharactersMax } from '@callbook/protocol';
import type { Clock, Cryptography, Random } from '@callbook/protocol';
import { fastify } from 'fastify';
import type { FastifyInstance, FastifyServerFactory, FastifyServerOptions } from 'fastify';
import type { SecureContextOptions } from 'node:tls';
import type { ApiContext, ApiScope } from './api-scope.ts';
import { ChallengeDesk } from './challenges/challenge-desk.ts';
import type { SendGuard } from './challenges/send-guard.ts';
import { allowEveryOrigin, shareAnswer } from './cross-origin.ts';
import { takeJson } from './json-body.ts';
import { apiLimits } from './limits.ts';
import type { ApiLimits } from './limits.ts';
import { LookupAccess } from './lookups/lookup-access.ts';
import { addOpenapiRoute, collectSchemas } from './openapi.ts';
import { innerAsk } from './oblivious/inner-ask.ts';
import { addObliviousRoutes } from './oblivious/oblivious-routes.ts';
import type { ObliviousService } from './oblivious/oblivious-service.ts';
import { RelayBudget } from './oblivious/relay-budget.ts';
import type { CodeSender, DirectoryPort, DnsPort, EventLogger } from './ports.ts';
import { addPageRoutes } from './page/page-routes.ts';
import type { PageService } from './page/page-routes.ts';
import { ProofBudget } from './proofs/proof-budget.ts';
import { answerClientError, errorHandler, problemOf, schemaError, sendProblem } from './problem.ts';
import { addAgreementRoutes } from './routes/agreement-routes.ts';
import { addBulkRoutes } from './routes/bulk-routes.ts';
import { addChallengeRoutes } from './routes/challenge-routes.ts';
import { addDnsRoutes } from './routes/dns-routes.ts';
import { addEmailRoutes } from './routes/email-routes.ts';
import { addEntryRoutes } from './routes/entry-routes.ts';
import { addEvidenceRoutes } from './routes/evidence-routes.ts';
import { addHealthRoutes } from './routes/health-routes.ts';
import { addLogRoutes } from './routes/log-routes.ts';
import { addLookupRoutes } from './routes/lookup-routes.ts';
import { addProofRoutes } from './routes/proof-routes.ts';
import { addTokenRoutes } from './routes/token-routes.ts';
import { addWitnessRoutes } from './routes/witness-routes.ts';
import { problemSchema } from './schemas/problem-schema.ts';
import { createTlsServer } from './tls-server.ts';
import type { TlsServerOptions } from './tls-server.ts';
import type { TokenService } from './tokens/token-service.ts';

export interface ApiOptions {
  readonly directory: DirectoryPort;
  readonly codeSender: CodeSender;
  /** The zone, for DNS over HTTPS; without it there is none. */
  readonly dns?: DnsPort;
  /** Gateway and relay of Oblivious HTTP; without it there are none. */
  readonly oblivious?: ObliviousService | undefined;
  /** Issues tokens and takes them; without it there are none. */
  readonly tokens?: TokenService | undefined;
  /** The web page on the same origin; without it there is none. */
  readonly page?: PageService | undefined;
  /** Where codes to numbers cost money. */
  readonly sendGuard?: SendGuard | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Cryptography;
  /** Domain of this member's web page, which messages with a code name. */
  readonly host: string;
  readonly limits?: Partial<ApiLimits>;
  readonly logger?: EventLogger;
  /** Key and certificate: HTTPS. Without them plain HTTP, for a proxy on the same machine. */
  readonly tls?: SecureContextOptions;
}

/** How often what is over leaves memory while nobody asks. */
const forgetEveryMs = 60_000;
/** Longest value of a path parameter: the host of an origin. */
const pathParameterCharactersMax = logOriginCharactersMax;
/** How often node looks for requests that take too long. */
const slowRequestCheckMsMax = 30_000;

/**
 * Returns the API, not yet listening: `await api.listen({host, port})`, `await api.close()`.
 *
 * Throws `host_malformed` or `host_too_long`.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const limits: ApiLimits = { ...apiLimits, ...options.limits };
  const logger = options.logger ?? silent;
  const desk = new ChallengeDesk(options.host, limits, options);
  const proofs = new ProofBudget(limits, options);
  const access = new LookupAccess(limits, options);
  const { directory, crypto, clock, dns } = options;
  const context: ApiContext = { directory, crypto, clock, desk, proofs, access, dns };

  const api = fastify(serverOptions({ limits, logger, tls: options.tls })) as ApiScope;
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
  forgetWhileOpen(api, desk);
  if (options.page !== undefined) addPageRoutes(api, { ...options, page: options.page });
  api.register(async (scope: ApiScope) => {
    await addRoutes(scope, context);
    const { oblivious, tokens } = options;
    if (tokens !== undefined) addTokenRoutes(scope, tokens);
    if (oblivious !== undefined) {
      const asksOwnRoutes = innerAsk(scope, { ...context, logger });
      const budget = new RelayBudget(limits, options);
      addObliviousRoutes(scope, { ...options, oblivious, ask: asksOwnRoutes, budget });
    }
  });
  return api;
}

async function addRoutes(scope: ApiScope, context: ApiContext): Promise<void> {
  await collectSchemas(scope);
  addBulkRoutes(scope, context);
  addChallengeRoutes(scope, context);
  addDnsRoutes(scope, context);
  addEmailRoutes(scope, context);
  addEntryRoutes(scope, context);
  addLookupRoutes(scope, context);
  addProofRoutes(scope, context);
  addLogRoutes(scope, context);
  addWitnessRoutes(scope, context);
  addAgreementRoutes(scope, context);
  addEvidenceRoutes(scope, context);
  addHealthRoutes(scope, context);
  addOpenapiRoute(scope);
}

function serverOptions(options: {
  readonly limits: ApiLimits;
  readonly logger: EventLogger;
  readonly tls: SecureContextOptions | undefined;
}): FastifyServerOptions {
  const { limits, logger, tls } = options;
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

/** A member that nobody asks anything still forgets in time. */
function forgetWhileOpen(api: ApiScope, desk: ChallengeDesk): void {
  const timer = setInterval(() => desk.forget(), forgetEveryMs);
  timer.unref();
  api.addHook('onClose', async () => clearInterval(timer));
}

const silent: EventLogger = { error: () => {} };
