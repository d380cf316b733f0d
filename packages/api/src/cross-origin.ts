/**
 * What lets an app in a browser ask any member from any page (the Fetch standard's CORS). Everything
 * here is public or proven in the request itself, and nothing depends on cookies or on the page's
 * origin: so every answer says `*`, errors too, and there is no list of origins to keep. Who asks with
 * credentials gets nothing: `*` does not cover them.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { preflightSecondsMax } from './limits.ts';

/** Fetch §3.3.3: methods and fields for which a browser asks first; others it sends without asking. */
const allowed = {
  'access-control-allow-methods': 'GET, POST',
  // `*` would not cover `authorization`: it has to be named.
  'access-control-allow-headers': 'authorization, content-type',
  'access-control-max-age': String(preflightSecondsMax),
} as const;

/** Of an answer's fields, those that a page may read beside the media type and the like. */
const exposed = 'date, retry-after, www-authenticate';

/** Allows every origin, and answers what browsers ask before a request. */
export function allowEveryOrigin(api: FastifyInstance): void {
  api.addHook('onRequest', (request, reply, done) => {
    shareAnswer(reply);
    if (request.method === 'OPTIONS') void reply.code(204).headers(allowed).send();
    else done();
  });
}

/** Lets pages of every origin read this answer. */
export function shareAnswer(reply: FastifyReply): void {
  reply.headers({
    'access-control-allow-origin': '*',
    'access-control-expose-headers': exposed,
  });
}
