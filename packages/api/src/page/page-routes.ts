/**
 * The web page on the member's own origin: `/`, its files under names with their content's hash, and what
 * the member says of itself to the page. Outside the versioned interface, and not in its document: what
 * is under `/` changes with the page.
 */
import { parseCharter } from '@callbook/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pageAssetSeconds, strictTransportSeconds } from '../limits.ts';
import type { DirectoryPort } from '../ports.ts';
import { problemOf, sendProblem } from '../problem.ts';
import type { PageFile, PageFiles } from './page-files.ts';
import { pageHeaders, pagePolicy } from './page-policy.ts';

export interface PageService {
  readonly files: PageFiles;
  /** Name of this member in the charter. */
  readonly member: string;
  /**
   * Origins of members' APIs, and who stands in for them on this machine: for a testnet, whose certification
   * authority no browser knows.
   */
  readonly loopbackMembers: Readonly<Record<string, string>>;
}

interface PageOptions {
  readonly page: PageService;
  readonly directory: DirectoryPort;
  readonly host: string;
}

/** Registers `/`, `/assets/:name` and `/page.json`. */
export function addPageRoutes(api: FastifyInstance, options: PageOptions): void {
  const { page, directory, host } = options;
  const policyNow = followPolicy(options);
  api.get('/', async (request, reply) => {
    reply.headers(pageHeaders);
    reply.header('content-security-policy', policyNow());
    // Browsers remember it for all ports of a name: not for this machine's own.
    if (request.protocol === 'https' && host !== 'localhost') {
      reply.header('strict-transport-security', `max-age=${strictTransportSeconds}`);
    }
    // Always asked for again, so that a page that was mended is the one that is shown.
    reply.header('cache-control', 'no-cache');
    return sendFile(request, reply, page.files.index);
  });
  api.get<{ Params: { name: string } }>('/assets/:name', async (request, reply) => {
    const file = page.files.assets.get(request.params.name);
    if (file === undefined) return sendProblem(reply, problemOf('route_unknown'));
    reply.header('cache-control', `public, max-age=${pageAssetSeconds}, immutable`);
    return sendFile(request, reply, file);
  });
  api.get('/page.json', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    reply.header('content-type', 'application/json; charset=utf-8');
    const { member, loopbackMembers } = page;
    return { member, charterNote: directory.charterNote(1), loopbackMembers };
  });
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): FastifyReply {
  const { contentType, bytes, gzip, etag } = file;
  reply.header('content-type', contentType);
  reply.header('etag', etag);
  reply.header('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return reply.send(bytes);
  return reply.header('content-encoding', 'gzip').send(gzip);
}

/** The policy for the members of the charter in force, made once for each charter. */
function followPolicy({ page, directory }: PageOptions): () => string {
  let note: string | undefined;
  let policy = '';
  return () => {
    const noteNow = directory.charterNote();
    if (noteNow === note) return policy;
    note = noteNow;
    const { loopbackMembers, files } = page;
    const askable = memberOrigins(noteNow).flatMap((origin) => {
      const standIn = loopbackMembers[origin];
      return standIn === undefined ? [origin] : [origin, standIn];
    });
    policy = pagePolicy({ scriptHashes: files.scriptHashes, askable });
    return policy;
  };
}

function memberOrigins(charterNote: string): readonly string[] {
  const charter = parseCharter(charterNote);
  if (charter.verdict !== 'accept') return [];
  return charter.value.members.map((member) => new URL(member.api).origin);
}
