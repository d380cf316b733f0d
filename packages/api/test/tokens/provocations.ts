/** The way to every code of tokens, for the test that wants each to be met. */
import type { ApiErrorCode } from '../../src/index.ts';
import { number, startMember } from '../harness.ts';
import { askTokens, directoryOf, lookUp, requestType } from './peer.ts';
import { ask, orderFor, startTokenMembers } from './token-members.ts';
import type { TokenFederation, TokenMember } from './token-members.ts';

type Provocation = () => Promise<{ json: unknown }>;
type TokenCode = Extract<
  ApiErrorCode,
  | 'holder_unproven'
  | 'lookups_rate_limited'
  | 'token_insufficient'
  | 'token_invalid'
  | 'token_key_unknown'
  | 'token_missing'
  | 'token_order_invalid'
  | 'token_request_malformed'
  | 'token_spent'
  | 'token_unchecked'
  | 'tokens_exhausted'
  | 'tokens_unavailable'
>;

interface Alone {
  readonly alpha: TokenMember;
  readonly federation: TokenFederation;
}

async function alone(): Promise<Alone> {
  const federation = await startTokenMembers(['alpha']);
  return { federation, alpha: federation.members[0]! };
}

async function post({ alpha, federation }: Alone, body: Uint8Array): Promise<{ json: unknown }> {
  const authorization = orderFor(alpha.issuerName, body, { atMs: federation.clockMs });
  const headers = { 'content-type': requestType, authorization };
  return jsonOf(await ask(alpha, '/v1/tokens', { headers, body }));
}

function jsonOf({ octets }: { readonly octets: Uint8Array }): { json: unknown } {
  return { json: JSON.parse(Buffer.from(octets).toString()) as unknown };
}

async function withToken(use: (at: Alone, token: string) => Promise<{ octets: Uint8Array }>) {
  const at = await alone();
  const { authorizations } = await askTokens(at.alpha, at.federation);
  return jsonOf(await use(at, authorizations[0]!));
}

export const tokenProvocations: Record<TokenCode, Provocation> = {
  token_invalid: async () => jsonOf(await lookUp((await alone()).alpha, 'Bearer x')),
  token_missing: async () =>
    await (await startMember()).call('POST', '/v1/proof', { identifier: number }),
  holder_unproven: async () => jsonOf(await lookUp((await alone()).alpha, 'CallbookHolder x')),
  token_spent: async () =>
    await withToken(async ({ alpha }, token) => {
      await lookUp(alpha, token);
      return await lookUp(alpha, token);
    }),
  token_insufficient: async () =>
    await withToken(async ({ alpha }, token) => await lookUp(alpha, token, 17)),
  token_unchecked: async () =>
    await withToken(async ({ alpha, federation }, token) => {
      // The one member that keeps marks is another now, and away.
      Object.assign(federation.charter.members[0]!, { name: 'beta' });
      Object.assign(federation.charter.members[0]!, { api: 'https://localhost:1' });
      return await lookUp(alpha, token);
    }),
  token_request_malformed: async () => await post(await alone(), new Uint8Array(1)),
  token_key_unknown: async () => {
    const at = await alone();
    const truncated = at.alpha.tokens.issuer.current!.truncatedKeyId;
    return await post(at, Buffer.concat([Buffer.of(0, 2, truncated ^ 1), Buffer.alloc(256, 7)]));
  },
  token_order_invalid: async () => {
    const { alpha } = await alone();
    const body = Buffer.concat([Buffer.of(0, 2, 0), Buffer.alloc(256, 7)]);
    return jsonOf(
      await ask(alpha, '/v1/tokens', { headers: { 'content-type': requestType }, body }),
    );
  },
  tokens_exhausted: async () => {
    const at = await alone();
    const truncated = at.alpha.tokens.issuer.current!.truncatedKeyId;
    const request = (filling: number) =>
      Buffer.concat([Buffer.of(0, 2, truncated), Buffer.alloc(256, filling)]);
    let last = { json: undefined as unknown };
    for (let times = 1; times <= 8; times += 1) {
      const one = request(times);
      const body = Buffer.concat(Array<Buffer>(16).fill(one));
      const authorization = orderFor(at.alpha.issuerName, body, { atMs: at.federation.clockMs });
      const headers = { 'content-type': requestType, authorization };
      const answer = await ask(at.alpha, '/v1/tokens', { headers, body });
      if (answer.status !== 200) last = jsonOf(answer);
    }
    return last;
  },
  tokens_unavailable: async () => {
    const at = await alone();
    const [listed] = (await directoryOf(at.alpha))['token-keys'];
    at.federation.clockMs += 7 * 24 * 60 * 60 * 1000;
    at.alpha.rows.isFull = true;
    const body = Buffer.concat([Buffer.of(0, 2, listed!['token-type']), Buffer.alloc(256, 7)]);
    return await post(at, body);
  },
  lookups_rate_limited: async () => {
    const { api } = await startMember({ networkLookupsBurstMax: 1 });
    const { json } = await api.inject({
      method: 'POST',
      url: '/v1/lookups',
      payload: { identifiers: [number, number] },
      remoteAddress: '203.0.113.7',
    });
    return { json: json() as unknown };
  },
};
