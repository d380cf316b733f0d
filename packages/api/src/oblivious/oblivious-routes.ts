/**
 * The routes of Oblivious HTTP: this member's gateway and its key configurations (RFC 9458, RFC 9540), the
 * relay to the other members, and the statements of everybody's keys. They lie in a scope of their own, where a
 * body is octets of one media type.
 */
import { Type } from 'typebox';
import type { ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import type { ApiErrorCode } from '../errors.ts';
import { takeOctets, usedOnce } from '../octets-body.ts';
import { problemBytes, problemOf } from '../problem.ts';
import { problemMediaType, problems } from '../schemas/problem-schema.ts';
import { ObliviousGateway } from './gateway.ts';
import type { GatewayParts } from './gateway.ts';
import { capsuleProblemBytes, capsuleRequestBytesMax } from './limits.ts';
import type { ObliviousService } from './oblivious-service.ts';
import type { RelayBudget } from './relay-budget.ts';
import { sealedRequestType, sealedResponseType } from './relay.ts';

const keysType = 'application/ohttp-keys';
const octets = Type.Unsafe<Uint8Array>({ type: 'string', contentEncoding: 'binary' });
const sealedAnswer = {
  200: {
    description: 'The sealed answer, whatever is in it',
    content: { [sealedResponseType]: { schema: octets } },
  },
};
const sealedBody = {
  content: { [sealedRequestType]: { schema: Type.Unknown({ description: 'A capsule' }) } },
};
const capsuleCodes = [
  'capsule_malformed',
  'capsule_key_unknown',
  'capsule_replayed',
  'gateway_busy',
  'body_too_large',
  'media_type_unsupported',
] as const satisfies readonly ApiErrorCode[];

export interface ObliviousRoutesParts extends Pick<GatewayParts, 'ask' | 'clock' | 'random'> {
  readonly oblivious: ObliviousService;
  readonly budget: RelayBudget;
}

/** Registers the routes. */
export function addObliviousRoutes(scope: ApiScope, parts: ObliviousRoutesParts): void {
  const { oblivious } = parts;
  addKeyRoutes(scope, oblivious);
  const { ask, clock, random } = parts;
  const gateway = new ObliviousGateway({
    keys: oblivious.keys,
    authority: () => oblivious.authority(),
    clock,
    random,
    ask,
  });
  scope.register(async (sealed: ApiScope) => {
    takeOctets(sealed, sealedRequestType, capsuleRequestBytesMax);
    addGatewayRoute(sealed, gateway);
    addRelayRoute(sealed, parts);
  });
}

function addKeyRoutes(scope: ApiScope, { keys, board }: ObliviousService): void {
  const own = {
    operationId: 'gatewayKeys',
    summary: "Key configurations of this member's oblivious gateway",
    tags: ['lookups'],
    response: {
      200: {
        description: 'RFC 9458 §3, the current one first',
        content: { [keysType]: { schema: octets } },
      },
      ...problems(),
    },
  };
  scope.get('/.well-known/ohttp-gateway', { schema: own }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache').type(keysType);
    return Buffer.from(keys.encoded);
  });
  const all = {
    operationId: 'obliviousKeys',
    summary: 'Statements of the keys of all gateways',
    tags: ['lookups'],
    response: { 200: Type.Object({ statements: Type.Array(Type.String()) }), ...problems() },
  };
  scope.get('/v1/oblivious-keys', { schema: all }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache').type('application/json; charset=utf-8');
    // The text is canonical already, and must stay so.
    reply.serializer((text: unknown) => text as string);
    return board.bundle() as unknown as { statements: string[] };
  });
}

function addGatewayRoute(scope: ApiScope, gateway: ObliviousGateway): void {
  const schema = {
    operationId: 'gateway',
    summary: 'Answers a look-up without knowing whose it is',
    tags: ['lookups'],
    body: sealedBody,
    response: { ...sealedAnswer, ...problems(...capsuleCodes) },
  };
  scope.post('/.well-known/ohttp-gateway', { schema }, async ({ body }, reply) => {
    reply.header('cache-control', 'no-store');
    try {
      // Whoever had them, and the gateway's key, could read what was asked.
      const answer = await usedOnce(body, async (capsule) => await gateway.exchange(capsule));
      reply.type(sealedResponseType);
      return Buffer.from(answer.buffer, answer.byteOffset, answer.length);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const problem = problemOf(error.code);
      return reply
        .code(problem.status as 200)
        .type(problemMediaType)
        .send(problemBytes(problem, capsuleProblemBytes));
    }
  });
}

function addRelayRoute(
  scope: ApiScope,
  { budget, oblivious }: Pick<ObliviousRoutesParts, 'budget' | 'oblivious'>,
): void {
  const schema = {
    operationId: 'relay',
    summary: 'Forwards a sealed look-up to another member',
    tags: ['lookups'],
    params: Type.Object({ member: Type.String({ description: 'Name of an active member' }) }),
    body: sealedBody,
    response: {
      ...sealedAnswer,
      ...problems(
        'relay_target_unknown',
        'relay_busy',
        'relay_rate_limited',
        'relay_failed',
        ...capsuleCodes,
      ),
    },
  };
  scope.post('/v1/relay/:member', { schema }, async ({ body, ip, params }, reply) => {
    budget.spend(ip);
    const answer = await usedOnce(
      body,
      async (capsule) => await oblivious.relay.forward(params.member, capsule),
    );
    reply
      .code(answer.status as 200)
      .type(answer.mediaType)
      .header('cache-control', 'no-store');
    const { octets } = answer;
    return Buffer.from(octets.buffer, octets.byteOffset, octets.length);
  });
}
