/**
 * What is published with visibility `api`, through every route that takes a number: without a token it is
 * answered to the octet as a number that nobody holds; with one, and to its holder, it is answered. Tokens are
 * those of Cloudflare's client.
 */
import {
  bulkMediaType,
  encodeBulkRequest,
  encodeHolderAuthorization,
  entryId,
  holderReadingMessage,
} from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import { expect, it } from 'vitest';
import { signRegister } from '../claimant.ts';
import { crypto } from '../harness.ts';
import type { TestMember } from '../harness.ts';
import { askTokens } from '../tokens/peer.ts';
import { ask, startTokenMembers } from '../tokens/token-members.ts';
import type { RawAnswer, TokenFederation, TokenMember } from '../tokens/token-members.ts';

const shown: Identifier = 'tel:+4915123456789';
const hidden: Identifier = 'tel:+34912345678';
const nobodys: Identifier = 'tel:+447700900001';
const hourMs = 60 * 60 * 1000;

interface Held {
  readonly federation: TokenFederation;
  readonly alpha: TokenMember;
  /** Ownership entries. */
  readonly ids: Readonly<Record<'hidden' | 'shown', Uint8Array>>;
}

const secretOf = (identifier: Identifier): Uint8Array => crypto.sha256(Buffer.from(identifier));

/** Logs a registration, as if its challenge had been passed. */
async function hold(
  { directory }: TestMember,
  identifier: Identifier,
  visibility: 'api' | 'dns',
): Promise<Uint8Array> {
  const { label, vrfProof } = directory.label(identifier);
  const secretKey = secretOf(identifier);
  const signed = await signRegister({
    identifier,
    label,
    vrfProof,
    secretKey,
    crypto,
    visibility,
  });
  await directory.submit({ ...signed, role: 'challenged', receipts: [] });
  return entryId(signed.entry, crypto);
}

async function startHeld(): Promise<Held> {
  const federation = await startTokenMembers(['alpha']);
  const alpha = federation.members[0]!;
  const ids = { shown: await hold(alpha, shown, 'dns'), hidden: await hold(alpha, hidden, 'api') };
  return { federation, alpha, ids };
}

async function tokensOf({ alpha, federation }: Held, count: number): Promise<readonly string[]> {
  return (await askTokens(alpha, federation, count)).authorizations;
}

type Asked = (identifier: Identifier, authorization?: string) => Promise<RawAnswer>;

const json = (alpha: TokenMember, path: string, bodyOf: (of: Identifier) => object): Asked => {
  return async (identifier, authorization) => {
    const headers = { 'content-type': 'application/json', ...given(authorization) };
    return await ask(alpha, path, { headers, body: JSON.stringify(bodyOf(identifier)) });
  };
};

const given = (authorization: string | undefined): Record<string, string> =>
  authorization === undefined ? {} : { authorization };

function routesOf(alpha: TokenMember): Readonly<Record<string, Asked>> {
  return {
    lookups: json(alpha, '/v1/lookups', (identifier) => ({ identifiers: [identifier] })),
    proof: json(alpha, '/v1/proof', (identifier) => ({ identifier })),
    proofs: json(alpha, '/v1/proofs', (identifier) => ({ identifiers: [identifier] })),
    bulk: async (identifier, authorization) =>
      await ask(alpha, '/v1/bulk', {
        headers: { 'content-type': bulkMediaType, ...given(authorization) },
        body: encodeBulkRequest([identifier as `tel:${string}`], 16),
      }),
  };
}

/** Everything that whoever asks can see, but for when it was. */
const seen = ({ status, headers, octets }: RawAnswer): unknown => {
  const { date: _date, ...fields } = headers;
  return { status, fields, octets: Buffer.from(octets).toString('latin1') };
};

it('is to whoever has no token as if nobody held it, by every route', async () => {
  const held = await startHeld();
  const routes = Object.entries(routesOf(held.alpha));
  for (const [route, asked] of routes) {
    const absent = seen(await asked(nobodys));
    expect(seen(await asked(hidden)), route).toEqual(absent);
    expect(seen(await asked(shown)), route).not.toEqual(absent);
  }
  expect(held.alpha.logged()).toBe('');
});

it('is answered to whoever has a token, by every route', async () => {
  const held = await startHeld();
  const routes = Object.entries(routesOf(held.alpha));
  const tokens = await tokensOf(held, 2 * routes.length);
  for (const [place, [route, asked]] of routes.entries()) {
    const found = await asked(hidden, tokens[2 * place]);
    const absent = await asked(nobodys, tokens[2 * place + 1]);
    expect([found.status, absent.status], route).toEqual([200, 200]);
    expect(Buffer.from(found.octets).equals(absent.octets), route).toBe(false);
  }
});

it('has proofs with a token that are as long as those without, and as its absence', async () => {
  const held = await startHeld();
  const { proof } = routesOf(held.alpha);
  const [first, second] = await tokensOf(held, 2);
  const answers = [await proof!(shown), await proof!(hidden, first), await proof!(nobodys, second)];
  const lengths = new Set(answers.map(({ octets }) => octets.length));
  expect(lengths.size).toBe(1);
  // The refusal has a challenge in its header, and is shorter by as much.
  const refused = await proof!(hidden);
  const challenge = refused.headers['www-authenticate']!;
  expect(challenge).toMatch(/^PrivateToken challenge=/);
  expect(refused.octets.length + challenge.length).toBe([...lengths][0]);
});

/** What a key signs to read, at a time. */
function reading(identifier: Identifier, atMs: number, ownershipId?: Uint8Array): string {
  const signer = crypto.ed25519Signer(secretOf(identifier));
  const authority = signer.publicKey;
  const signature = signer.sign(holderReadingMessage({ authority, atMs }));
  return encodeHolderAuthorization({ authority, ownershipId, atMs, signature });
}

it('is answered to its holder, and the holder is told of no other number', async () => {
  const held = await startHeld();
  const { lookups, proof } = routesOf(held.alpha);
  const nowMs = held.federation.clockMs;
  const byHolder = reading(hidden, nowMs, held.ids.hidden);
  const stateOf = ({ octets }: RawAnswer): unknown =>
    (JSON.parse(Buffer.from(octets).toString()) as { results: { state: string }[] }).results[0]!
      .state;
  expect(stateOf(await lookups!(hidden, byHolder))).toBe('published');
  expect((await proof!(hidden, byHolder)).status).toBe(200);
  // Whoever has nothing but the key knows no entry yet.
  expect((await proof!(hidden, reading(hidden, nowMs))).status).toBe(200);

  const byAnother = reading(shown, nowMs, held.ids.shown);
  const byStolenName = reading(shown, nowMs, held.ids.hidden);
  for (const authorization of [byAnother, byStolenName, reading(nobodys, nowMs)]) {
    for (const asked of [lookups!, proof!]) {
      const absent = seen(await asked(nobodys));
      expect(seen(await asked(hidden, authorization))).toEqual(absent);
    }
  }
});

it('is refused to whoever signed long ago, or signed something else', async () => {
  const held = await startHeld();
  const { lookups } = routesOf(held.alpha);
  const nowMs = held.federation.clockMs;
  const good = reading(hidden, nowMs, held.ids.hidden);
  const others = [
    reading(hidden, nowMs - hourMs - 1, held.ids.hidden),
    reading(hidden, nowMs + hourMs + 1, held.ids.hidden),
    good.replace(`at="${nowMs}"`, `at="${nowMs + 1}"`),
    good.replace(/"$/, ''),
    'CallbookHolder',
  ];
  for (const authorization of others.slice(0, 4)) {
    expect(await lookups!(hidden, authorization)).toMatchObject({
      status: 403,
      code: 'holder_unproven',
    });
  }
  expect(await lookups!(hidden, others[4])).toMatchObject({ status: 401, code: 'token_invalid' });
  expect((await lookups!(hidden, good)).status).toBe(200);
});
