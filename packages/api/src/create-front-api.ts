/**
 * What a front end serves of the API: look-ups of what is public, DNS over HTTPS, and its health. Everything
 * else is the member's own, which alone holds labels, logs and tokens: a balancer sends it there. A request
 * that names a holder or brings a token is refused with `directory_unavailable` rather than answered as if
 * it had not.
 */
import type { SecureContextOptions } from 'node:tls';
import type { Clock, Cryptography, Random } from '@callbook/protocol';
import type { FastifyInstance } from 'fastify';
import type { ApiScope } from './api-scope.ts';
import { createApiServer, silentLogger } from './api-server.ts';
import { ApiError } from './errors.ts';
import { apiLimits } from './limits.ts';
import type { ApiLimits } from './limits.ts';
import { LookupAccess } from './lookups/lookup-access.ts';
import { collectSchemas } from './openapi.ts';
import type { DnsPort, EventLogger, LookupPort, Readiness } from './ports.ts';
import { addDnsRoutes } from './routes/dns-routes.ts';
import { addHealthRoutes } from './routes/health-routes.ts';
import { addLookupRoutes } from './routes/lookup-routes.ts';

export interface FrontApiOptions {
  readonly lookups: LookupPort;
  readonly dns: DnsPort;
  readonly readiness: () => Readiness;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Cryptography;
  readonly limits?: Partial<ApiLimits>;
  readonly logger?: EventLogger;
  readonly tls?: SecureContextOptions;
}

/** Returns the API, not yet listening. */
export function createFrontApi(options: FrontApiOptions): FastifyInstance {
  const { lookups, dns, readiness, clock } = options;
  const limits: ApiLimits = { ...apiLimits, ...options.limits };
  const logger = options.logger ?? silentLogger;
  const api = createApiServer({ limits, logger, tls: options.tls });
  const nobody = { holderOf: () => undefined, ownershipOf: () => undefined };
  const access = new LookupAccess(limits, { ...options, directory: nobody });
  api.register(async (scope: ApiScope) => {
    await collectSchemas(scope);
    scope.addHook('onRequest', async ({ headers }) => {
      if (headers.authorization !== undefined) throw new ApiError('directory_unavailable');
    });
    addLookupRoutes(scope, { lookups, access, clock });
    addDnsRoutes(scope, { dns });
    addHealthRoutes(scope, { directory: { readiness } });
  });
  return api;
}
