/**
 * Tokens: what signing one costs a member, its own check included, and what taking one costs where the member
 * keeps the mark itself, on disk. CPU time of the whole process, the threads of store and collector included.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TokenService } from '@callbook/api';
import type { TokenRows } from '@callbook/api';
import { fetchTokens } from '@callbook/client/tokens';
import type { FetchTokensOptions } from '@callbook/client/tokens';
import { encodeTokenAuthorization, encodeVerifierKey, noteSigner } from '@callbook/protocol';
import type { Charter, CharterMember } from '@callbook/protocol';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { openLevelStore } from '@callbook/replication';
import type { Store } from '@callbook/replication';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const requestCount = 100;
/** Rounds in which the engine makes up its mind how to run all this. */
const warmUpCount = 40;
const tokensInRequest = 16;
const tokensAtOnce = 16;
const origin = 'api.alpha.test/log';

/** Measures issuing and taking. */
export async function benchTokens(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const store = await openLevelStore(folder, { cacheBytes: 4 << 20 });
  try {
    const member = issuerOver(store);
    await member.service.turn();
    say(`${requestCount} requests for ${tokensInRequest} tokens each`);
    const issued = await measureIssuing(member);
    say('taking them');
    const redeemMs = await measureRedeeming(member, issued.authorizations);
    await member.service[Symbol.asyncDispose]();
    const unit = 'ms of CPU';
    return [
      measured({ name: 'token, issued', value: issued.ms, unit, goal: '<= 0.5' }),
      measured({ name: 'token, taken', value: redeemMs * 1000, unit: 'µs of CPU', goal: '<= 60' }),
    ];
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

const holder = crypto.ed25519Signer(new Uint8Array(32).fill(1));
const ownershipId = crypto.sha256(new Uint8Array(1));
const clock = { nowMs: () => Date.now() };
const random = { bytes: (size: number) => globalThis.crypto.getRandomValues(new Uint8Array(size)) };

interface Issuer {
  readonly service: TokenService;
  readonly fetching: FetchTokensOptions;
  /** CPU that the member has used since this was last set to 0. */
  usedMs: number;
}

/** A member alone, so that the marks of all tokens are its own, and a client that asks it in this process. */
function issuerOver(store: Store): Issuer {
  const signer = crypto.ed25519Signer(new Uint8Array(32).fill(2));
  const logKey = encodeVerifierKey(
    { name: origin, algorithm: 0x01, publicKey: signer.publicKey },
    crypto,
  );
  const issuer = { name: 'alpha', state: 'active', logKey, api: 'https://api.alpha.test' };
  const charter = { members: [issuer] } as unknown as Charter;
  const authority = holder.publicKey;
  // Each request is of another holder, whose budget is whole.
  const nextHolder = () => ({ label: random.bytes(32), epoch: 0, authority, sinceMs: 0 });
  const service = new TokenService({
    charter: () => charter,
    memberName: 'alpha',
    signer: noteSigner({ name: origin, signer }, crypto),
    rows: rowsOver(store),
    directory: { holderOf: nextHolder },
    connections: { ask: async () => await Promise.reject(new Error('there is no other member')) },
    clock,
    random,
    crypto,
  });
  const member: Issuer = {
    service,
    usedMs: 0,
    fetching: {
      charter,
      issuer: issuer as CharterMember,
      owner: { ownershipId, sign: (message) => holder.sign(message) },
      count: tokensInRequest,
      crypto,
      clock,
      random,
      async fetch(request) {
        if (request.method === 'GET') return new Response(service.board.bundle());
        const body = new Uint8Array(await request.arrayBuffer());
        const authorization = request.headers.get('authorization')!;
        const before = process.cpuUsage();
        const signed = await service.issue(body, authorization);
        member.usedMs += cpuMsSince(before);
        return new Response(new Uint8Array(signed));
      },
    },
  };
  return member;
}

function rowsOver(store: Store): TokenRows {
  return {
    get: (rowKey) => store.get(rowKey),
    write: async (rows) => await store.batch(rows, { durable: true }),
    erase: async () => {},
  };
}

async function measureIssuing(
  member: Issuer,
): Promise<{ readonly ms: number; readonly authorizations: readonly string[] }> {
  const authorizations: string[] = [];
  for (let request = 0; request < requestCount; request += 1) {
    const fetched = await fetchTokens(member.fetching);
    if (fetched.state !== 'issued') throw new Error(fetched.code);
    authorizations.push(...fetched.tokens.map(({ token }) => encodeTokenAuthorization(token)));
    if (request === warmUpCount) member.usedMs = 0;
  }
  const ms = member.usedMs / ((requestCount - 1 - warmUpCount) * tokensInRequest);
  return { ms, authorizations };
}

/** As many at once as capsules come together; their marks are written together. */
async function measureRedeeming(
  { service }: Issuer,
  authorizations: readonly string[],
): Promise<number> {
  const rounds = chunked(authorizations, tokensAtOnce);
  let before = process.cpuUsage();
  for (const [place, round] of rounds.entries()) {
    if (place === warmUpCount) before = process.cpuUsage();
    await Promise.all(round.map(async (one) => await service.redeem(one)));
  }
  return cpuMsSince(before) / rounds.slice(warmUpCount).flat().length;
}

function chunked(all: readonly string[], size: number): string[][] {
  const count = Math.ceil(all.length / size);
  return Array.from({ length: count }, (_nothing, at) => all.slice(at * size, (at + 1) * size));
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
