/**
 * Tokens from one end to the other, with real members: a holder gets them of one, spends them at another, and
 * none twice.
 */
import { readFile } from 'node:fs/promises';
import { fetchTokens, TokenWallet } from '@callbook/client/tokens';
import type { FetchTokensOptions } from '@callbook/client/tokens';
import { deriveKeys, parseCharterText, parseNote } from '@callbook/protocol';
import type { Charter, Identifier } from '@callbook/protocol';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCallers } from '../client/callers.ts';
import type { Callers } from '../client/callers.ts';
import { eventually } from '../lab.ts';

const identifier: Identifier = 'tel:+4915123456789';
const seed = new Uint8Array(32).fill(7);
const clock = { nowMs: () => Date.now() };
const random = {
  bytes: (size: number) => globalThis.crypto.getRandomValues(new Uint8Array(size)),
};

let callers: Callers;
let charter: Charter;
let options: FetchTokensOptions;

beforeAll(async () => {
  callers = await openCallers();
  const { layout } = callers.lab.testnet;
  charter = charterIn(await readFile(layout.charterFile, 'utf8'));
  const holding = await callers.claim(callers.open(), identifier, seed);
  const { labelEpoch } = charter;
  const { authority } = deriveKeys(seed, { labelEpoch, identifier });
  const signer = crypto.ed25519Signer(authority.secretKey);
  const [issuer, witness] = charter.members;
  options = {
    charter,
    issuer: issuer!,
    witness,
    owner: { ownershipId: holding.ownershipId, sign: (message) => signer.sign(message) },
    count: 16,
    crypto,
    clock,
    random,
    fetch: async (request) => await send(request),
  };
}, 90_000);
afterAll(async () => await callers[Symbol.asyncDispose]());

function charterIn(noteText: string): Charter {
  const note = parseNote(noteText);
  const parsed = note.verdict === 'accept' ? parseCharterText(note.value.text) : note;
  if (parsed.verdict !== 'accept') throw new Error(parsed.code);
  return parsed.value;
}

/** Sends a request for a member's API to its port for pages, as a proxy on its machine would. */
async function send(request: Request): Promise<Response> {
  const { port, pathname } = new URL(request.url);
  const { members } = callers.lab.testnet.layout;
  const { webPort } = members.find(({ apiPort }) => String(apiPort) === port)!;
  const body = request.method === 'POST' ? await request.arrayBuffer() : null;
  const { method, headers } = request;
  return await fetch(`http://127.0.0.1:${webPort}${pathname}`, { method, headers, body });
}

/** What the member in this place answers to a look-up that a token pays for: the status. */
async function lookUp(place: number, authorization: string): Promise<number> {
  const { webPort } = callers.lab.testnet.layout.members[place]!;
  const { status } = await fetch(`http://127.0.0.1:${webPort}/v1/lookups`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ identifiers: [identifier] }),
  });
  return status;
}

it('are issued by one member and taken once by any, as far as all of them know', async () => {
  // Members ask each other for their keys when they start.
  const fetched = await eventually(
    async () => await fetchTokens(options),
    ({ state }) => state === 'issued',
    30_000,
  );
  if (fetched.state !== 'issued') throw new Error(fetched.code);
  expect(fetched.tokens).toHaveLength(16);
  let stored: Uint8Array | undefined;
  const store = {
    read: async () => stored,
    write: async (octets: Uint8Array) => void (stored = octets),
  };
  await (await TokenWallet.open(store, clock)).add(fetched.tokens);
  const wallet = await TokenWallet.open(store, clock);
  expect(wallet.count).toBe(16);
  for (let count = 0; count < 8; count += 1) {
    const authorization = (await wallet.take())!;
    const status = await eventually(
      async () => await lookUp(1, authorization),
      (answered) => answered !== 503,
      20_000,
    );
    expect(status).toBe(200);
    // 503 where the member that keeps the mark took longer than it may.
    for (const place of [0, 1, 2]) {
      const again = await eventually(
        async () => await lookUp(place, authorization),
        (answered) => answered !== 503,
      );
      expect(again).toBe(401);
    }
  }
  expect((await TokenWallet.open(store, clock)).count).toBe(8);
}, 90_000);

it('are refused to whoever has another key, and beyond the budget', async () => {
  const other = crypto.ed25519Signer(new Uint8Array(32).fill(9));
  const owner = { ...options.owner, sign: (message: Uint8Array) => other.sign(message) };
  expect(await fetchTokens({ ...options, owner })).toEqual({
    state: 'refused',
    code: 'order_refused',
  });
  // 125 of three members: 16 of the 41 are spent.
  await fetchTokens(options);
  const last = await fetchTokens(options);
  expect(last).toMatchObject({ state: 'refused', code: 'exhausted' });
}, 60_000);

it('are not asked for where another member does not list the key', async () => {
  const fetchChanged = async (request: Request): Promise<Response> => {
    const isWitness = request.url.startsWith(charter.members[1]!.api);
    if (!isWitness) return await send(request);
    // The witness lists the key of another issuer alone.
    const bundle = (await (await send(request)).json()) as { statements: string[] };
    const statements = bundle.statements.filter((note) => !note.includes('alpha'));
    return Response.json({ statements });
  };
  const fetched = await fetchTokens({ ...options, fetch: fetchChanged });
  expect(fetched).toMatchObject({ state: 'refused', code: 'member_unavailable' });
}, 30_000);
