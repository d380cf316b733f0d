/**
 * `POST /v1/lookups`: what the directory says of one identifier or a thousand. Identifiers are in
 * the body because a URL is written down by every proxy on the way.
 */
import { encodeBase64Url, isDormant, parseIdentifier } from '@callbook/protocol';
import type { Identifier, PublishedBinding } from '@callbook/protocol';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { accessCodes } from '../lookups/lookup-access.ts';
import { scopeFor } from '../lookups/reader.ts';
import { isOblivious, obliviousLookupsMax } from '../oblivious/inner-request.ts';
import type { LookupPort } from '../ports.ts';
import { lookupAnswer, lookupRequest } from '../schemas/lookup-schemas.ts';
import { bodyCodes, problems } from '../schemas/problem-schema.ts';
import { pendingJson } from './pending-json.ts';

export interface LookupContext extends Pick<ApiContext, 'access' | 'clock'> {
  readonly lookups: LookupPort;
}

/** Registers the look-up. */
export function addLookupRoutes(scope: ApiScope, context: LookupContext): void {
  const { access, clock, lookups } = context;
  const schema = {
    operationId: 'lookUp',
    summary: 'Looks up identifiers',
    tags: ['lookups'],
    body: lookupRequest,
    response: {
      200: lookupAnswer,
      ...problems(...accessCodes, 'directory_unavailable', ...bodyCodes),
    },
  };
  scope.post('/v1/lookups', { schema }, async (request, reply) => {
    const { body } = request;
    if (isOblivious(request) && body.identifiers.length > obliviousLookupsMax) throw tooMany();
    const reader = await access.admit(request, body.identifiers.length);
    reply.header('cache-control', 'no-store');
    const parsed = body.identifiers.map(parseIdentifier);
    const identifiers = parsed.flatMap((one): Identifier[] =>
      one.verdict === 'accept' ? [one.value] : [],
    );
    const bindings = await lookups.lookUp(
      identifiers.map((identifier) => ({ identifier, scope: scopeFor(reader, identifier) })),
    );
    const nowMs = clock.nowMs();
    let place = 0;
    const results = parsed.map(({ verdict }) => {
      if (verdict !== 'accept') return { state: 'malformed' as const };
      const binding = bindings[place++];
      return binding === undefined ? { state: 'absent' as const } : publishedJson(binding, nowMs);
    });
    return { results };
  });
}

/** Many identifiers together name who has them all, even where nobody sees who asks. */
function tooMany(): ApiError {
  const message = `body/identifiers has more than ${obliviousLookupsMax} items in a capsule`;
  return new ApiError('request_malformed', { message });
}

function publishedJson(binding: PublishedBinding, nowMs: number) {
  const { visibility, routes, keys, labelEpoch, epoch, seq, origin, changedAtMs } = binding;
  return {
    state: 'published' as const,
    visibility,
    routes: routes.map(({ service, uri, preference }) => ({ service, uri, preference })),
    keys: keys.map(({ use, algorithm, key }) => ({ use, algorithm, key: encodeBase64Url(key) })),
    labelEpoch,
    label: encodeBase64Url(binding.label),
    epoch,
    seq,
    ownershipId: encodeBase64Url(binding.ownershipId),
    entryId: encodeBase64Url(binding.entryId),
    origin,
    changedAtMs,
    dormant: isDormant(binding, nowMs),
    pending: binding.pending.map(pendingJson),
  };
}
