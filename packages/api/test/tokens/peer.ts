/** Cloudflare's implementation of Privacy Pass as the client: nothing of it is ours. */
import {
  AuthorizationHeader,
  publicVerif,
  TOKEN_TYPES,
  TokenChallenge,
  type Token,
} from '@cloudflare/privacypass-ts';
import { ask, orderFor } from './token-members.ts';
import type { RawAnswer, TokenFederation, TokenMember } from './token-members.ts';

const { BlindRSAMode, Client } = publicVerif;
export const requestType = 'application/private-token-request';

interface Directory {
  readonly 'issuer-request-uri': string;
  readonly 'token-keys': readonly {
    readonly 'token-type': number;
    readonly 'token-key': string;
    readonly 'not-before': number;
  }[];
}

export async function directoryOf(member: TokenMember): Promise<Directory> {
  const { octets } = await ask(member, '/.well-known/private-token-issuer-directory');
  return JSON.parse(Buffer.from(octets).toString()) as Directory;
}

export interface AskedTokens {
  readonly answer: RawAnswer;
  /** Values of `Authorization`, one for each token; none where the member refused. */
  readonly authorizations: readonly string[];
}

/** Asks a member for tokens, as its directory says. */
export async function askTokens(
  member: TokenMember,
  federation: TokenFederation,
  count = 1,
): Promise<AskedTokens> {
  const directory = await directoryOf(member);
  const tokenKey = Buffer.from(directory['token-keys'][0]!['token-key'], 'base64url');
  const challenge = new TokenChallenge(
    TOKEN_TYPES.BLIND_RSA.value,
    member.issuerName,
    new Uint8Array(),
  );
  const clients = Array.from({ length: count }, () => new Client(BlindRSAMode.PSS));
  const requests: Uint8Array[] = [];
  for (const client of clients) {
    requests.push((await client.createTokenRequest(challenge, tokenKey)).serialize());
  }
  const body = Buffer.concat(requests);
  const answer = await ask(member, directory['issuer-request-uri'], {
    headers: {
      'content-type': requestType,
      authorization: orderFor(member.issuerName, body, { atMs: federation.clockMs }),
    },
    body,
  });
  if (answer.status !== 200) return { answer, authorizations: [] };
  const tokens: Token[] = [];
  for (const [place, client] of clients.entries()) {
    const signed = new Uint8Array(answer.octets.subarray(place * 256, (place + 1) * 256));
    tokens.push(await client.finalize(client.deserializeTokenResponse(signed)));
  }
  return {
    answer,
    authorizations: tokens.map((token) => new AuthorizationHeader(token).toString(true)),
  };
}

export async function lookUp(
  member: TokenMember,
  authorization: string,
  count = 1,
): Promise<RawAnswer> {
  const identifiers = Array<string>(count).fill('tel:+34912345678');
  return await ask(member, '/v1/lookups', {
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ identifiers }),
  });
}
