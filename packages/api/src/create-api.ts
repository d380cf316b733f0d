/**
 * Builds a member's API over its ports. What a front end serves is in
 * `create-front-api.ts`.
 */
import type { Clock, Cryptography, Random } from '@callbook/protocol';
import type { FastifyInstance } from 'fastify';
import type { SecureContextOptions } from 'node:tls';
import type { ApiContext, ApiScope } from './api-scope.ts';
import { createApiServer, silentLogger } from './api-server.ts';
import { ChallengeDesk } from './challenges/challenge-desk.ts';
import type { SendGuard } from './challenges/send-guard.ts';
import { apiLimits } from './limits.ts';
import type { ApiLimits } from './limits.ts';
import { LookupAccess } from './lookups/lookup-access.ts';
import { addOpenapiRoute, collectSchemas } from './openapi.ts';
import { innerAsk } from './oblivious/inner-ask.ts';
import { addObliviousRoutes } from './oblivious/oblivious-routes.ts';
import type { ObliviousService } from './oblivious/oblivious-service.ts';
import { RelayBudget } from './oblivious/relay-budget.ts';
import type { CodeSender, DirectoryPort, DnsPort, EventLogger, LookupPort } from './ports.ts';
import { addPageRoutes } from './page/page-routes.ts';
import type { PageService } from './page/page-routes.ts';
import { ProofBudget } from './proofs/proof-budget.ts';
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

/**
 * Returns the API, not yet listening: `await api.listen({host, port})`, `await api.close()`.
 *
 * Throws `host_malformed` or `host_too_long`.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const limits: ApiLimits = { ...apiLimits, ...options.limits };
  const logger = options.logger ?? silentLogger;
  const desk = new ChallengeDesk(options.host, limits, options);
  const proofs = new ProofBudget(limits, options);
  const access = new LookupAccess(limits, options);
  const { directory, crypto, clock, dns } = options;
  const context: ApiContext = { directory, crypto, clock, desk, proofs, access, dns };

  const api = createApiServer({ limits, logger, tls: options.tls });
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
  addLookupRoutes(scope, { ...context, lookups: lookupsOf(context.directory) });
  addProofRoutes(scope, context);
  addLogRoutes(scope, context);
  addWitnessRoutes(scope, context);
  addAgreementRoutes(scope, context);
  addEvidenceRoutes(scope, context);
  addHealthRoutes(scope, context);
  addOpenapiRoute(scope);
}

/** One store read each, at once. */
function lookupsOf(directory: DirectoryPort): LookupPort {
  return {
    lookUp: (asked) => asked.map(({ identifier, scope }) => directory.lookup(identifier, scope)),
  };
}

/** A member that nobody asks anything still forgets in time. */
function forgetWhileOpen(api: ApiScope, desk: ChallengeDesk): void {
  const timer = setInterval(() => desk.forget(), forgetEveryMs);
  timer.unref();
  api.addHook('onClose', async () => clearInterval(timer));
}
