/**
 * `POST /v1/bulk`: whether telephone numbers are published, and under which entry, 16 octets a number in
 * question and answer alike. Numbers are bytes from the socket to the store's key, and zeros afterwards.
 */
import {
  bulkMediaType,
  bulkSlotBytes,
  encodeBulkAnswers,
  lookupIdentifiersMax,
  obliviousBulkSlots,
  parseBulkRequest,
} from '@callbook/protocol';
import type { BulkAnswer, BulkSlot, LookupScope } from '@callbook/protocol';
import { Type } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { accessCodes } from '../lookups/lookup-access.ts';
import { isOblivious } from '../oblivious/inner-request.ts';
import { takeOctets, usedOnce } from '../octets-body.ts';
import type { OctetsAnswerer } from '../octets-body.ts';
import type { DirectoryPort } from '../ports.ts';
import { problems } from '../schemas/problem-schema.ts';

const bodyBytesMax = lookupIdentifiersMax * bulkSlotBytes;

/** Registers the route, in a scope of its own, where a body is octets of one media type. */
export function addBulkRoutes(scope: ApiScope, context: ApiContext): void {
  const slots = Type.Unsafe<Uint8Array>({ type: 'string', contentEncoding: 'binary' });
  const schema = {
    operationId: 'bulk',
    summary: 'Says which telephone numbers are published, 16 octets each',
    tags: ['lookups'],
    body: {
      content: { [bulkMediaType]: { schema: Type.Unknown({ description: 'Slots of 16 octets' }) } },
    },
    response: {
      200: {
        description: 'A slot of 16 octets for each',
        content: { [bulkMediaType]: { schema: slots } },
      },
      ...problems(
        'bulk_malformed',
        ...accessCodes,
        'directory_unavailable',
        'body_too_large',
        'media_type_unsupported',
      ),
    },
  };
  scope.register(async (octets: ApiScope) => {
    takeOctets(octets, bulkMediaType, bodyBytesMax);
    const answer = bulkAnswerer(context);
    octets.post('/v1/bulk', { schema }, async (request, reply) => {
      const answers = await answer(request);
      reply.header('cache-control', 'no-store').type(bulkMediaType);
      return answers;
    });
  });
}

/** Returns what answers a request, in a capsule or not. */
export function bulkAnswerer({
  access,
  directory,
}: Pick<ApiContext, 'access' | 'directory'>): OctetsAnswerer {
  return async (request) =>
    await usedOnce(request.body, async (asked) => {
      const slots = slotsIn(asked, isOblivious(request));
      try {
        const { hasToken } = await access.admit(request, slots.length);
        const scope = hasToken ? 'all' : 'public';
        return encodeBulkAnswers(slots.map((slot) => answerTo(slot, directory, scope)));
      } finally {
        for (const { digits } of slots) digits?.fill(0);
      }
    });
}

function slotsIn(body: Uint8Array, isInCapsule: boolean): readonly BulkSlot[] {
  const parsed = parseBulkRequest(body);
  if (parsed.verdict !== 'accept') throw new ApiError('bulk_malformed');
  // Every request in a capsule has one size, so that its size says nothing.
  if (isInCapsule && parsed.value.length !== obliviousBulkSlots) {
    throw new ApiError('bulk_malformed');
  }
  return parsed.value;
}

function answerTo(
  { asks, digits }: BulkSlot,
  directory: DirectoryPort,
  scope: LookupScope,
): BulkAnswer {
  if (asks !== 'number') return { status: asks };
  const entryId = directory.entryInForce(digits!, scope);
  return entryId === undefined ? { status: 'absent' } : { status: 'published', state: entryId };
}
