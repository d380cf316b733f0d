/**
 * `POST /v1/bulk`: whether telephone numbers are published, and under which entry, 16 octets a number in
 * question and answer alike. Numbers are bytes from the socket to the store's key, and zeros afterwards.
 */
import {
  bulkMediaType,
  bulkSlotBytes,
  encodeBulkAnswers,
  lookupIdentifiersMax,
  parseBulkRequest,
} from '@callbook/protocol';
import type { BulkAnswer, BulkSlot } from '@callbook/protocol';
import { Type } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { takeOctets, usedOnce } from '../octets-body.ts';
import type { DirectoryPort } from '../ports.ts';
import { problems } from '../schemas/problem-schema.ts';

const bodyBytesMax = lookupIdentifiersMax * bulkSlotBytes;

/** Registers the route, in a scope of its own, where a body is octets of one media type. */
export function addBulkRoutes(scope: ApiScope, { directory }: ApiContext): void {
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
        'directory_unavailable',
        'body_too_large',
        'media_type_unsupported',
      ),
    },
  };
  scope.register(async (octets: ApiScope) => {
    takeOctets(octets, bulkMediaType, bodyBytesMax);
    octets.post('/v1/bulk', { schema }, async ({ body }, reply) => {
      const answers = usedOnce(body, (slotsAsked) => answersTo(slotsAsked, directory));
      reply.header('cache-control', 'no-store').type(bulkMediaType);
      return answers;
    });
  });
}

function answersTo(body: Uint8Array, directory: DirectoryPort): Uint8Array {
  const parsed = parseBulkRequest(body);
  if (parsed.verdict !== 'accept') throw new ApiError('bulk_malformed');
  try {
    return encodeBulkAnswers(parsed.value.map((slot) => answerTo(slot, directory)));
  } finally {
    for (const { digits } of parsed.value) digits?.fill(0);
  }
}

function answerTo({ asks, digits }: BulkSlot, directory: DirectoryPort): BulkAnswer {
  if (asks !== 'number') return { status: asks };
  const entryId = directory.entryInForce(digits!);
  return entryId === undefined ? { status: 'absent' } : { status: 'published', state: entryId };
}
