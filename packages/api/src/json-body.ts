/**
 * JSON bodies, read as octets that are filled with zeros once they are a text. The framework would put
 * together what came in pieces in a pool that Node shares out: there it stays for as long as anybody
 * else's few octets beside it. The text itself is V8's, and goes when its heap is washed.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { ApiScope } from './api-scope.ts';
import { ApiError } from './errors.ts';
import { readOctets } from './octets-body.ts';

const mediaType = 'application/json';
const decoder = new TextDecoder();

/** Replaces the framework's own reader of JSON; limits, rules and refusals stay the same. */
export function takeJson(scope: ApiScope): void {
  const parse = scope.getDefaultJsonParser('error', 'error');
  const parser = async (request: FastifyRequest, payload: IncomingMessage): Promise<unknown> => {
    const { bodyLimit } = request.routeOptions;
    const announced = Number(request.headers['content-length'] ?? bodyLimit);
    if (!(announced <= bodyLimit)) throw new ApiError('body_too_large');
    const octets = await readOctets(payload, announced);
    const text = decoder.decode(octets);
    octets.fill(0);
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    void parse(request, text, (error, value) => {
      if (error === null) resolve(value);
      else reject(error);
    });
    return await promise;
  };
  scope.removeContentTypeParser(mediaType);
  scope.addContentTypeParser(mediaType, parser);
}
