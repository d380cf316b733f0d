/**
 * The routes of Privacy Pass: the directory of this issuer (RFC 9578 §4), the statements of everybody's keys,
 * issuing (RFC 9578 §6), and where other members have a token marked as spent.
 */
import {
  tokenBytes,
  tokenDirectoryMediaType,
  tokenRequestBytes,
  tokenRequestMediaType,
  tokenRequestsMax,
  tokenResponseMediaType,
  tokenType,
} from '@callbook/protocol';
import { Type } from 'typebox';
import type { ApiScope } from '../api-scope.ts';
import { takeOctets } from '../octets-body.ts';
import { problems } from '../schemas/problem-schema.ts';
import { redemptionBytes } from '../tokens/limits.ts';
import { spentTokenMediaType } from '../tokens/redeemer.ts';
import type { TokenService } from '../tokens/token-service.ts';

const octets = Type.Unsafe<Uint8Array>({ type: 'string', contentEncoding: 'binary' });
const octetsOf = (mediaType: string, description: string) => ({
  content: { [mediaType]: { schema: Type.Unknown({ description }) } },
});
const answerOf = (mediaType: string, description: string) => ({
  200: { description, content: { [mediaType]: { schema: octets } } },
});

const tokenKey = Type.Object({
  'token-type': Type.Literal(tokenType),
  'token-key': Type.String({ description: 'RSASSA-PSS SubjectPublicKeyInfo, base64url' }),
  'not-before': Type.Integer({ description: 'When it begins to issue, seconds since 1970' }),
});
const directory = Type.Object({
  'issuer-request-uri': Type.String(),
  'token-keys': Type.Array(tokenKey),
});

/** Registers the routes. */
export function addTokenRoutes(scope: ApiScope, tokens: TokenService): void {
  addKeyRoutes(scope, tokens);
  addIssueRoute(scope, tokens);
  addSpentRoute(scope, tokens);
}

function addKeyRoutes(scope: ApiScope, tokens: TokenService): void {
  const own = {
    operationId: 'tokenIssuer',
    summary: 'Keys with which this member issues tokens',
    tags: ['tokens'],
    response: {
      200: {
        description: 'RFC 9578 §4, the key that issues first',
        content: { [tokenDirectoryMediaType]: { schema: directory } },
      },
      ...problems(),
    },
  };
  scope.get('/.well-known/private-token-issuer-directory', { schema: own }, async (_, reply) => {
    reply.header('cache-control', 'no-cache').type(tokenDirectoryMediaType);
    // The framework takes no other media type for JSON by itself.
    reply.serializer((json: unknown) => JSON.stringify(json));
    const listed = tokens.issuer.listed.map(({ issuerKey, fromMs }) => ({
      'token-type': tokenType as 2,
      'token-key': issuerKey.tokenKey.toBase64({ alphabet: 'base64url' }),
      'not-before': fromMs / 1000,
    }));
    return { 'issuer-request-uri': '/v1/tokens', 'token-keys': listed };
  });
  const all = {
    operationId: 'tokenKeys',
    summary: 'Statements of the keys of all issuers',
    tags: ['tokens'],
    response: { 200: Type.Object({ statements: Type.Array(Type.String()) }), ...problems() },
  };
  scope.get('/v1/token-keys', { schema: all }, async (_request, reply) => {
    reply.header('cache-control', 'no-cache').type('application/json; charset=utf-8');
    // The text is canonical already, and must stay so.
    reply.serializer((text: unknown) => text as string);
    return tokens.board.bundle() as unknown as { statements: string[] };
  });
}

function addIssueRoute(scope: ApiScope, tokens: TokenService): void {
  const schema = {
    operationId: 'issueTokens',
    summary: 'Signs blinded tokens for the holder of a number',
    tags: ['tokens'],
    body: octetsOf(tokenRequestMediaType, 'RFC 9578 §6.1, 1 to 16 of them'),
    response: {
      ...answerOf(tokenResponseMediaType, '256 octets for each'),
      ...problems(
        'token_request_malformed',
        'token_key_unknown',
        'token_order_invalid',
        'tokens_exhausted',
        'tokens_unavailable',
        'directory_unavailable',
        'body_too_large',
        'media_type_unsupported',
      ),
    },
  };
  scope.register(async (sealed: ApiScope) => {
    takeOctets(sealed, tokenRequestMediaType, tokenRequestsMax * tokenRequestBytes);
    sealed.post('/v1/tokens', { schema }, async ({ body, headers }, reply) => {
      const asked = body instanceof Uint8Array ? body : new Uint8Array();
      const signed = await tokens.issue(asked, headers.authorization);
      reply.header('cache-control', 'no-store').type(tokenResponseMediaType);
      return signed;
    });
  });
}

function addSpentRoute(scope: ApiScope, tokens: TokenService): void {
  const schema = {
    operationId: 'spendToken',
    summary: 'Marks a token that another member was given',
    tags: ['tokens'],
    body: octetsOf(spentTokenMediaType, 'The token and 8 octets that name the redemption'),
    response: {
      ...answerOf(spentTokenMediaType, 'One octet: 1 when it was not spent before, else 0'),
      ...problems(
        'token_invalid',
        'token_unchecked',
        'directory_unavailable',
        'body_too_large',
        'media_type_unsupported',
      ),
    },
  };
  scope.register(async (sealed: ApiScope) => {
    takeOctets(sealed, spentTokenMediaType, tokenBytes + redemptionBytes);
    sealed.post('/v1/spent-tokens', { schema }, async ({ body }, reply) => {
      const shown = body instanceof Uint8Array ? body : new Uint8Array();
      const isFirst = await tokens.redeemer.spendFor(shown);
      reply.header('cache-control', 'no-store').type(spentTokenMediaType);
      return Uint8Array.of(isFirst ? 1 : 0);
    });
  });
}
