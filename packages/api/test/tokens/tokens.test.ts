import { WWWAuthenticateHeader } from '@cloudflare/privacypass-ts';
import {
  keeperOf,
  parseTokenAuthorization,
  signTokenStatement,
  spentIdOf,
} from '@callbook/protocol';
import type { Charter } from '@callbook/protocol';
import { expect, it } from 'vitest';
import { randomBytes } from 'node:crypto';
import { IssuerKey } from '../../src/tokens/issuer-key.ts';
import { SpentMarks } from '../../src/tokens/spent-marks.ts';
import { TokenIssuer } from '../../src/tokens/token-issuer.ts';
import { crypto } from '../harness.ts';
import { askTokens, directoryOf, lookUp, requestType } from './peer.ts';
import { ask, logSigner, MemoryRows, orderFor, startTokenMembers } from './token-members.ts';
import type { RawAnswer, TokenFederation, TokenMember } from './token-members.ts';

const names = ['alpha', 'beta', 'gamma'];
const dayMs = 24 * 60 * 60 * 1000;

function spentIdIn(authorization: string): Uint8Array {
  const token = parseTokenAuthorization(authorization);
  if (token.verdict !== 'accept') throw new Error(token.code);
  return spentIdOf(token.value, crypto);
}

/** Who keeps the mark of a token. */
function keeper(authorization: string, { charter }: TokenFederation): string {
  return keeperOf(spentIdIn(authorization), charter as unknown as Charter, crypto).name;
}

/** Asks for tokens until there is one whose mark this member keeps. */
async function tokenKeptBy(name: string, federation: TokenFederation): Promise<string> {
  const { members } = federation;
  // Of all in turn: the budget at one of them may be used up before.
  for (let times = 0; ; times += 1) {
    const issuer = members[times % members.length]!;
    const { authorizations } = await askTokens(issuer, federation, 2);
    const found = authorizations.find((one) => keeper(one, federation) === name);
    if (found !== undefined) return found;
  }
}

function changed(authorization: string, at: number): string {
  const octets = Buffer.from(/"(.*)"/.exec(authorization)![1]!, 'base64url');
  octets[at]! ^= 1;
  return `PrivateToken token="${octets.toString('base64url')}"`;
}

it('gives tokens that any member takes once, whoever issued them', async () => {
  const federation = await startTokenMembers(names);
  const [alpha, beta, gamma] = federation.members as [TokenMember, TokenMember, TokenMember];
  const { answer, authorizations } = await askTokens(alpha, federation, 10);
  expect(answer.headers['content-type']).toBe('application/private-token-response');
  for (const authorization of authorizations.slice(0, 4)) {
    expect((await lookUp(beta, authorization, 16)).status).toBe(200);
    for (const member of [alpha, beta, gamma]) {
      expect(await lookUp(member, authorization)).toMatchObject({
        status: 401,
        code: 'token_spent',
      });
    }
  }
  expect(await lookUp(gamma, authorizations[4]!)).toMatchObject({ status: 200 });
  for (const member of federation.members) expect(member.logged()).toBe('');
});

it('takes a token once where all members are shown it at the same moment', async () => {
  const federation = await startTokenMembers(names);
  const { authorizations } = await askTokens(federation.members[2]!, federation, 2);
  for (const authorization of authorizations) {
    const everywhere = [...federation.members, ...federation.members];
    const answers = await Promise.all(everywhere.map((member) => lookUp(member, authorization)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ code }) => code === 'token_spent')).toHaveLength(5);
  }
});

it('says with a refusal what token would do, as the other implementation reads it', async () => {
  const federation = await startTokenMembers(['alpha']);
  const [alpha] = federation.members;
  const answer = await lookUp(alpha!, 'PrivateToken token="x"');
  expect(answer).toMatchObject({ status: 401, code: 'token_invalid' });
  const [challenge] = WWWAuthenticateHeader.parse(answer.headers['www-authenticate']!);
  expect(challenge!.challenge).toMatchObject({ tokenType: 2, issuerName: alpha!.issuerName });
  expect(challenge!.challenge.redemptionContext).toHaveLength(0);
  const [listed] = (await directoryOf(alpha!))['token-keys'];
  expect(Buffer.from(challenge!.tokenKey).toString('base64url')).toBe(
    listed!['token-key'].replace(/=+$/, ''),
  );
});

it('refuses tokens that were changed, or signed by nobody of the charter', async () => {
  const federation = await startTokenMembers(names);
  const [alpha, beta] = federation.members as [TokenMember, TokenMember, TokenMember];
  const { authorizations } = await askTokens(alpha, federation);
  const [authorization] = authorizations as [string];
  const places = { type: 1, nonce: 2, challenge: 34, keyId: 66, signature: 98, end: 353 };
  for (const at of Object.values(places)) {
    expect(await lookUp(beta, changed(authorization, at))).toMatchObject({ code: 'token_invalid' });
  }
  const others = ['Bearer x', `${authorization}, ${authorization}`, authorization.slice(0, -2)];
  for (const other of others) {
    expect(await lookUp(beta, other)).toMatchObject({ status: 401, code: 'token_invalid' });
  }
  expect((await lookUp(beta, authorization)).status).toBe(200);
});

it('takes no token for more look-ups than it pays for, and leaves it good', async () => {
  const federation = await startTokenMembers(['alpha']);
  const [alpha] = federation.members;
  const { authorizations } = await askTokens(alpha!, federation);
  expect(await lookUp(alpha!, authorizations[0]!, 17)).toMatchObject({
    status: 400,
    code: 'token_insufficient',
  });
  expect((await lookUp(alpha!, authorizations[0]!, 16)).status).toBe(200);
});

it('takes no token whose keeper cannot be asked, and takes it once it can', async () => {
  const federation = await startTokenMembers(names);
  const [, beta, gamma] = federation.members as [TokenMember, TokenMember, TokenMember];
  const [one, two, three] = [
    await tokenKeptBy('alpha', federation),
    await tokenKeptBy('beta', federation),
    await tokenKeptBy('gamma', federation),
  ];
  const { api } = federation.charter.members[2]!;
  Object.assign(federation.charter.members[2]!, { api: 'https://localhost:1' });
  expect(await lookUp(beta, three)).toMatchObject({ status: 503, code: 'token_unchecked' });
  expect((await lookUp(beta, two)).status).toBe(200);
  expect((await lookUp(beta, one)).status).toBe(200);
  Object.assign(federation.charter.members[2]!, { api });
  expect((await lookUp(beta, three)).status).toBe(200);
  expect(gamma.rows.keysOf('s')).toHaveLength(1);
});

it('answers a keeper’s mark again to the redemption that made it, and to no other', async () => {
  const federation = await startTokenMembers(['alpha', 'beta']);
  const [alpha, beta] = federation.members as [TokenMember, TokenMember];
  const authorization = await tokenKeptBy('alpha', federation);
  const token = Buffer.from(/"(.*)"/.exec(authorization)![1]!, 'base64url');
  const spend = async (member: TokenMember, redemption: number) =>
    await ask(member, '/v1/spent-tokens', {
      headers: { 'content-type': 'application/callbook-spent-token' },
      body: Buffer.concat([token, Buffer.alloc(8, redemption)]),
    });
  const both = await Promise.all([spend(alpha, 1), spend(alpha, 1)]);
  expect(both.map(({ octets }) => [...octets])).toEqual([[1], [1]]);
  expect([...(await spend(alpha, 1)).octets]).toEqual([1]);
  expect([...(await spend(alpha, 2)).octets]).toEqual([0]);
  expect(await spend(beta, 1)).toMatchObject({ status: 503, code: 'token_unchecked' });
  token[100]! ^= 1;
  expect(await spend(alpha, 1)).toMatchObject({ status: 401, code: 'token_invalid' });
});

it('keeps keys, marks and budgets over a restart', async () => {
  const rows = new Map(names.map((name) => [name, new MemoryRows()]));
  const before = await startTokenMembers(names, rows);
  const [alpha] = before.members as [TokenMember, TokenMember, TokenMember];
  const { authorizations } = await askTokens(alpha, before, 6);
  for (const authorization of authorizations) {
    expect((await lookUp(alpha, authorization)).status).toBe(200);
  }
  const keys = (await directoryOf(alpha))['token-keys'];
  for (const member of before.members) await member.api.close();
  const after = await startTokenMembers(names, rows);
  expect((await directoryOf(after.members[0]!))['token-keys']).toEqual(keys);
  expect(rows.get('alpha')!.keysOf('h')).toHaveLength(1);
  const period = after.members[0]!.tokens.issuer.current!.period;
  for (const authorization of authorizations) {
    const spentId = spentIdIn(authorization);
    const marks = new SpentMarks(rows.get(keeper(authorization, before))!);
    const redemption = new Uint8Array(8);
    expect(await marks.spend({ period, spentId, redemption })).toBe(false);
  }
});

it('answers no look-up before the mark is on disk', async () => {
  const federation = await startTokenMembers(['alpha']);
  const [alpha] = federation.members as [TokenMember];
  const { authorizations } = await askTokens(alpha, federation);
  alpha.rows.isFull = true;
  expect((await lookUp(alpha, authorizations[0]!)).status).toBe(500);
  alpha.rows.isFull = false;
  expect((await lookUp(alpha, authorizations[0]!)).status).toBe(200);
});

it('gives a holder its share of the budget, each day a little, and no second time for one request', async () => {
  const federation = await startTokenMembers(names);
  const [alpha, beta] = federation.members as [TokenMember, TokenMember, TokenMember];
  // 125 of 3 members: 41 each.
  for (const count of [16, 16, 9]) {
    expect((await askBlindly(alpha, federation, count)).status).toBe(200);
  }
  const refused = await askBlindly(alpha, federation);
  expect(refused).toMatchObject({ status: 429, code: 'tokens_exhausted' });
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect((await askBlindly(beta, federation)).status).toBe(200);
  // 12 a day of 3 members: 4 each, and two thirds were left.
  federation.clockMs += dayMs;
  expect((await askBlindly(alpha, federation, 5)).status).toBe(429);
  expect((await askBlindly(alpha, federation, 4)).status).toBe(200);
  federation.clockMs += 5 * dayMs;
  const body = await requestFor(alpha);
  const atMs = federation.clockMs;
  const authorization = orderFor(alpha.issuerName, body, { atMs });
  const headers = { 'content-type': requestType, authorization };
  const first = await ask(alpha, '/v1/tokens', { headers, body });
  expect(first.status).toBe(200);
  for (let times = 0; times < 30; times += 1) {
    const again = await ask(alpha, '/v1/tokens', { headers, body });
    expect(Buffer.compare(again.octets, first.octets)).toBe(0);
  }
  expect((await askBlindly(alpha, federation, 16)).status).toBe(200);
});

it('never gives a holder more than 250, however long it waits', async () => {
  const federation = await startTokenMembers(['alpha']);
  const [alpha] = federation.members as [TokenMember];
  federation.clockMs += 400 * dayMs;
  await federation.exchange();
  let count = 0;
  while ((await askBlindly(alpha, federation, 16)).status === 200) count += 16;
  expect(count).toBe(240);
});

/** One request for a token of which nobody will take the blind off. */
async function requestFor(member: TokenMember): Promise<Uint8Array> {
  const [listed] = (await directoryOf(member))['token-keys'];
  const keyId = crypto.sha256(Buffer.from(listed!['token-key'], 'base64url'));
  // A number below every modulus of 2048 bits.
  const blinded = randomBytes(256);
  blinded[0] = 7;
  return Buffer.concat([Buffer.of(0, 2, keyId.at(-1)!), blinded]);
}

async function askBlindly(
  member: TokenMember,
  federation: TokenFederation,
  count = 1,
): Promise<RawAnswer> {
  const requests = Array.from({ length: count }, async () => await requestFor(member));
  const body = Buffer.concat(await Promise.all(requests));
  const authorization = orderFor(member.issuerName, body, { atMs: federation.clockMs });
  const headers = { 'content-type': requestType, authorization };
  return await ask(member, '/v1/tokens', { headers, body });
}

it('signs for nobody whose order is old, of another key, for another member, or for other octets', async () => {
  const federation = await startTokenMembers(['alpha', 'beta']);
  const [alpha, beta] = federation.members as [TokenMember, TokenMember];
  const body = await requestFor(alpha);
  const post = async (authorization?: string, sent: Uint8Array = body) =>
    await ask(alpha, '/v1/tokens', {
      headers: { 'content-type': requestType, ...(authorization && { authorization }) },
      body: sent,
    });
  const { clockMs: atMs } = federation;
  const other = crypto.ed25519Signer(crypto.sha256(Buffer.from('other')));
  const orders = [
    undefined,
    'Bearer x',
    orderFor(alpha.issuerName, body, { atMs: atMs - 300_001 }),
    orderFor(alpha.issuerName, body, { atMs: atMs + 300_001 }),
    orderFor(alpha.issuerName, body, { atMs, signer: other }),
    orderFor(beta.issuerName, body, { atMs }),
    orderFor(alpha.issuerName, body.subarray(1), { atMs }),
  ];
  for (const order of orders) {
    expect(await post(order)).toMatchObject({ status: 403, code: 'token_order_invalid' });
  }
  expect((await post(orderFor(alpha.issuerName, body, { atMs: atMs - 300_000 }))).status).toBe(200);
});

it('refuses requests that are malformed, for another key, or no number below the modulus', async () => {
  const federation = await startTokenMembers(['alpha']);
  const [alpha] = federation.members as [TokenMember];
  const right = await requestFor(alpha);
  const post = async (body: Uint8Array) => {
    const authorization = orderFor(alpha.issuerName, body, { atMs: federation.clockMs });
    const headers = { 'content-type': requestType, authorization };
    const { status, code } = await ask(alpha, '/v1/tokens', { headers, body });
    return [status, code];
  };
  const with2 = (at: number, octet: number): Uint8Array => {
    const copy = Buffer.concat([right, right]);
    copy[at] = octet;
    return copy;
  };
  const malformed = [422, 'token_request_malformed'];
  expect(await post(new Uint8Array())).toEqual(malformed);
  expect(await post(right.subarray(1))).toEqual(malformed);
  expect(await post(Buffer.concat([right, Buffer.of(0)]))).toEqual(malformed);
  expect(await post(with2(1, 1))).toEqual(malformed);
  expect(await post(with2(261, right[2]! ^ 1))).toEqual(malformed);
  const beyond = Buffer.concat([right.subarray(0, 3), Buffer.alloc(256, 255)]);
  expect(await post(beyond)).toEqual(malformed);
  const otherKey = Buffer.from(right);
  otherKey[2]! ^= 1;
  expect(await post(otherKey)).toEqual([422, 'token_key_unknown']);
  expect(await post(with2(258, 1))).toEqual([200, undefined]);
  expect(alpha.logged()).toBe('');
});

it('turns keys each week, says the next one a day ahead, and forgets what is over', async () => {
  const federation = await startTokenMembers(['alpha', 'beta']);
  const [alpha, beta] = federation.members as [TokenMember, TokenMember];
  const { authorizations } = await askTokens(alpha, federation, 3);
  const [first] = (await directoryOf(alpha))['token-keys'];
  expect((await lookUp(beta, authorizations[0]!)).status).toBe(200);
  const later = async (days: number): Promise<number> => {
    federation.clockMs += days * dayMs;
    await federation.exchange();
    return (await directoryOf(alpha))['token-keys'].length;
  };
  expect(await later(5)).toBe(1);
  expect(await later(1)).toBe(2);
  const [, next] = (await directoryOf(alpha))['token-keys'];
  expect(next!['not-before']).toBeGreaterThan(federation.clockMs / 1000);
  await later(1);
  const [now] = (await directoryOf(alpha))['token-keys'];
  expect([now!['token-key'], first!['token-key'] === now!['token-key']]).toEqual([
    next!['token-key'],
    false,
  ]);
  expect((await lookUp(beta, authorizations[1]!)).status).toBe(200);
  expect((await askTokens(alpha, federation)).answer.status).toBe(200);
  await later(7);
  expect(await lookUp(beta, authorizations[2]!)).toMatchObject({ code: 'token_invalid' });
  await later(7);
  const marks = federation.members.flatMap(({ rows }) => rows.keysOf('s'));
  expect(marks).toEqual([]);
  expect(alpha.rows.keysOf('k').length).toBeLessThanOrEqual(3);
});

it('serves the same octets of keys everywhere, and takes no second key of a period', async () => {
  const federation = await startTokenMembers(names);
  const [alpha, beta] = federation.members as [TokenMember, TokenMember, TokenMember];
  const bundles = await Promise.all(
    federation.members.map(async (member) => await ask(member, '/v1/token-keys')),
  );
  const texts = bundles.map(({ octets }) => Buffer.from(octets).toString());
  expect(new Set(texts).size).toBe(1);
  expect((JSON.parse(texts[0]!) as { statements: string[] }).statements).toHaveLength(3);
  const { tokenKey } = await IssuerKey.generate();
  const { period } = alpha.tokens.issuer.current!;
  const { note } = logSigner('alpha');
  const second = signTokenStatement({ origin: note.name, period, tokenKey }, note);
  expect(beta.tokens.board.take(second)).toBe(false);
  expect(beta.tokens.board.take('nonsense')).toBe(false);
  const stranger = logSigner('stranger').note;
  const ofStranger = signTokenStatement({ origin: stranger.name, period, tokenKey }, stranger);
  expect(beta.tokens.board.take(ofStranger)).toBe(false);
  const ahead = signTokenStatement({ origin: note.name, period: period + 2, tokenKey }, note);
  expect(beta.tokens.board.take(ahead)).toBe(false);
});

it('issues nothing in a period whose key it has lost, and no second key either', async () => {
  const federation = await startTokenMembers(['alpha', 'beta']);
  const [, beta] = federation.members as [TokenMember, TokenMember];
  const rows = new MemoryRows();
  const clock = { nowMs: () => federation.clockMs };
  const signer = logSigner('alpha').note;
  const { board } = beta.tokens;
  const lost = new TokenIssuer({ rows, board, signer, clock });
  await lost.turn();
  expect([lost.current, rows.keysOf('k')]).toEqual([undefined, []]);
  federation.clockMs += 7 * dayMs;
  await lost.turn();
  expect(lost.current).toBeDefined();
});
