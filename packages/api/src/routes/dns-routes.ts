/**
 * `POST /dns-query`: DNS over HTTPS (RFC 8484) of this member's own zone, for clients that validate by
 * themselves. It resolves nothing else. There is no GET: the question would be in the URL, which every
 * proxy on the way writes down.
 */
import { Type } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { dnsQueryBytesMax } from '../limits.ts';
import { takeOctets, usedOnce } from '../octets-body.ts';
import type { OctetsAnswerer } from '../octets-body.ts';
import { bodyCodes, problems } from '../schemas/problem-schema.ts';

/** RFC 8484 §6. */
export const dnsMessageType = 'application/dns-message';

/** Returns what answers a query. */
export function dnsAnswerer({ dns }: Pick<ApiContext, 'dns'>): OctetsAnswerer {
  return async ({ body }) => {
    const answer = await usedOnce(body, async (query) => dns?.answer(query));
    // What is no query at all gets no answer over UDP; here something has to be said.
    if (answer === undefined) throw new ApiError('request_malformed');
    return answer;
  };
}

/** Registers the route, in a scope of its own, where a body is octets of one media type. */
export function addDnsRoutes(scope: ApiScope, context: Pick<ApiContext, 'dns'>): void {
  const message = Type.Unsafe<Uint8Array>({ type: 'string', contentEncoding: 'binary' });
  const content = { [dnsMessageType]: { schema: message } };
  const schema = {
    operationId: 'dnsQuery',
    summary: "Answers a DNS query about this member's zone",
    tags: ['lookups'],
    body: { content: { [dnsMessageType]: { schema: Type.Unknown({ description: 'The query' }) } } },
    response: {
      200: { description: 'The answer, whatever its RCODE', content },
      ...problems('directory_unavailable', ...bodyCodes),
    },
  };
  scope.register(async (octets: ApiScope) => {
    takeOctets(octets, dnsMessageType, dnsQueryBytesMax);
    const answer = dnsAnswerer(context);
    octets.post('/dns-query', { schema }, async (request, reply) => {
      const octets = await answer(request);
      // RFC 8484 §5.1 wants a lifetime said: that of an answer to one person is none.
      reply.header('cache-control', 'no-store').type(dnsMessageType);
      return octets;
    });
  });
}
