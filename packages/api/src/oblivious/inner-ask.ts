/**
 * How a gateway asks its own member what was in a capsule. Routes of octets are asked as the functions that
 * they are: an address book is nothing else, and the framework would make a request, an answer and two streams
 * of each capsule. Those of JSON go through the framework, which holds them against their schemas. Either way
 * the question comes from a place that no socket has.
 */
import { bulkMediaType } from '@callbook/protocol';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { dnsQueryBytesMax } from '../limits.ts';
import type { OctetsAnswerer } from '../octets-body.ts';
import type { EventLogger } from '../ports.ts';
import { problemBytes, problemFor } from '../problem.ts';
import { bulkAnswerer } from '../routes/bulk-routes.ts';
import { dnsAnswerer, dnsMessageType } from '../routes/dns-routes.ts';
import { problemMediaType } from '../schemas/problem-schema.ts';
import type { InnerAnswer, InnerAsk, InnerQuestion } from './gateway.ts';
import { insideCapsule } from './inner-request.ts';
import { capsuleRequestBytesMax } from './limits.ts';

interface OctetsRoute {
  readonly mediaType: string;
  readonly bytesMax: number;
  readonly answer: OctetsAnswerer;
}

/** Returns what asks the routes of this scope. */
export function innerAsk(
  scope: ApiScope,
  context: ApiContext & { readonly logger: EventLogger },
): InnerAsk {
  const octetsRoutes: Readonly<Record<string, OctetsRoute>> = {
    '/dns-query': {
      mediaType: dnsMessageType,
      bytesMax: dnsQueryBytesMax,
      answer: dnsAnswerer(context),
    },
    // It takes 256 octets in a capsule, no more and no fewer.
    '/v1/bulk': {
      mediaType: bulkMediaType,
      bytesMax: capsuleRequestBytesMax,
      answer: bulkAnswerer(context),
    },
  };
  return async (question) => {
    const route = octetsRoutes[question.path];
    if (route === undefined) return await askFramework(scope, question);
    try {
      return await askOctets(route, question);
    } catch (error) {
      const problem = problemFor(error, { logger: context.logger, route: question.path });
      return {
        status: problem.status,
        headers: {
          'content-type': problemMediaType,
          'retry-after': problem.retryAfterSeconds,
          'www-authenticate': problem.authenticate,
        },
        body: problemBytes(problem),
      };
    }
  };
}

async function askOctets(
  { mediaType, bytesMax, answer }: OctetsRoute,
  { headers, body }: InnerQuestion,
): Promise<InnerAnswer> {
  if (headers['content-type'] !== mediaType) throw new ApiError('media_type_unsupported');
  if (body.length > bytesMax) throw new ApiError('body_too_large');
  const octets = await answer({ headers: { ...headers }, ip: insideCapsule, body });
  return { status: 200, headers: { 'content-type': mediaType }, body: octets };
}

async function askFramework(scope: ApiScope, question: InnerQuestion): Promise<InnerAnswer> {
  const { path, headers, body } = question;
  const answer = await scope.inject({
    method: 'POST',
    url: path,
    headers: { ...headers },
    payload: Buffer.from(body.buffer, body.byteOffset, body.length),
    remoteAddress: insideCapsule,
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.rawPayload };
}
