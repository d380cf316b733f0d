/**
 * What may be asked inside a capsule, and how long the answer is: reads only, a few identifiers at a time,
 * each answer as long for somebody whom nobody knows as for somebody who is found.
 */
import type { FastifyRequest } from 'fastify';

export interface InnerRoute {
  /** The answer's shortest length as a binary message; it is this plus a multiple of the step. */
  readonly bytesMin: number;
  readonly stepBytes: number;
}

/** Routes that change nothing; each takes `POST` alone. */
const innerRoutes: Readonly<Record<string, InnerRoute>> = {
  '/dns-query': { bytesMin: 1536, stepBytes: 1536 },
  '/v1/bulk': { bytesMin: 320, stepBytes: 64 },
  '/v1/lookups': { bytesMin: 4096, stepBytes: 4096 },
  // The text is padded already, to multiples of 4 096 and at least 8 192.
  '/v1/proof': { bytesMin: 8704, stepBytes: 512 },
};

const refused: InnerRoute = { bytesMin: 320, stepBytes: 64 };

/** Returns the route that a request inside names; undefined when it is answered nothing. */
export function innerRouteOf(method: string, path: string): InnerRoute | undefined {
  return method === 'POST' && Object.hasOwn(innerRoutes, path) ? innerRoutes[path] : undefined;
}

/** Returns how long an answer of this length is made. */
export function paddedAnswerBytes(route: InnerRoute | undefined, bytes: number): number {
  const { bytesMin, stepBytes } = route ?? refused;
  return bytesMin + Math.ceil(Math.max(0, bytes - bytesMin) / stepBytes) * stepBytes;
}

/** Identifiers in one look-up inside a capsule. */
export const obliviousLookupsMax = 16;

/** Where requests from inside a capsule come from, for the routes: no address that a socket can have. */
export const insideCapsule = 'capsule';

/** Whether a request came inside a capsule: then nobody knows who asks. */
export function isOblivious({ ip }: Pick<FastifyRequest, 'ip'>): boolean {
  return ip === insideCapsule;
}
