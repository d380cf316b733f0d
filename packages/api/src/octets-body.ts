/**
 * A request's body as octets that are filled with zeros once they are used. The framework would copy what
 * the socket gave and leave both to the collector; here each piece is zeroed as soon as it is copied, and
 * whoever has used the whole does the same with it.
 */
import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import type { ApiScope } from './api-scope.ts';
import { ApiError } from './errors.ts';

/** Answers a question of octets, which came over a socket or out of a capsule. */
export type OctetsAnswerer = (
  question: Pick<FastifyRequest, 'body' | 'headers' | 'ip'>,
) => Promise<Uint8Array>;

/** Lets a scope take bodies of this media type and no other, at most `bytesMax` octets long. */
export function takeOctets(scope: ApiScope, mediaType: string, bytesMax: number): void {
  scope.removeAllContentTypeParsers();
  const parser = async ({ headers }: FastifyRequest, payload: IncomingMessage) => {
    const bytes = Number(headers['content-length'] ?? bytesMax);
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    return await readOctets(payload, bytes);
  };
  scope.addContentTypeParser(mediaType, parser);
}

/** Hands the body to `use`, and fills it with zeros whatever comes of that. */
export async function usedOnce<Result>(
  body: unknown,
  use: (octets: Uint8Array) => Promise<Result>,
): Promise<Result> {
  const octets = body instanceof Uint8Array ? body : new Uint8Array();
  try {
    return await use(octets);
  } finally {
    octets.fill(0);
  }
}

/** Reads a whole body, at most `bytesMax` octets, which whoever uses it fills with zeros. */
export async function readOctets(payload: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const whole = new Uint8Array(bytesMax);
  try {
    return whole.subarray(0, await readInto(whole, payload));
  } catch (error) {
    whole.fill(0);
    throw error;
  }
}

async function readInto(whole: Uint8Array, payload: IncomingMessage): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let size = 0;
  payload.on('data', (piece: Uint8Array) => {
    size += piece.length;
    if (size > whole.length) reject(tooLarge(whole.length));
    else whole.set(piece, size - piece.length);
    piece.fill(0);
  });
  payload.on('end', () => resolve(size));
  // A client that goes away is answered nothing that it could read.
  payload.on('error', () => reject(new ApiError('request_malformed')));
  payload.on('close', () => reject(new ApiError('request_malformed')));
  return await promise;
}

function tooLarge(bytesMax: number): ApiError {
  return new ApiError('body_too_large', { message: `the body is larger than ${bytesMax} bytes` });
}
