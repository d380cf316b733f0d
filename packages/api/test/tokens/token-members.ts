/** Members of one charter on real TLS sockets that issue tokens and take those of all. */
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import {
  encodeTokenOrder,
  encodeVerifierKey,
  noteSigner,
  tokenOrderMessage,
} from '@callbook/protocol';
import type { Charter, CharterMember, NoteSigner } from '@callbook/protocol';
import { request } from 'node:https';
import { onTestFinished } from 'vitest';
import { TokenService } from '../../src/index.ts';
import type { TokenHolder, TokenRows } from '../../src/index.ts';
import { MemberConnections } from '../../src/oblivious/member-connections.ts';
import { crypto, startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const cert = fixture('localhost-certificate.pem');
const key = fixture('localhost-key.pem');

/** Rows that survive a restart of the member. */
export class MemoryRows implements TokenRows {
  readonly rows = new Map<string, Uint8Array>();
  /** Rejects what is to be written from now on. */
  isFull = false;

  get(rowKey: Uint8Array): Uint8Array | undefined {
    return this.rows.get(rowKey.toHex())?.slice();
  }

  async write(rows: Parameters<TokenRows['write']>[0]): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isFull) throw new Error('the disk is full');
    for (const { rowKey, value } of rows) this.rows.set(rowKey.toHex(), value);
  }

  async erase({ gte, lt }: Parameters<TokenRows['erase']>[0]): Promise<void> {
    for (const name of this.rows.keys()) {
      if (name >= gte.toHex() && name < lt.toHex()) this.rows.delete(name);
    }
  }

  /** Keys of the rows of one family. */
  keysOf(family: 'h' | 'k' | 's'): readonly string[] {
    return [...this.rows.keys()].filter((name) =>
      name.startsWith(Buffer.from(family).toString('hex')),
    );
  }
}

export interface TokenMember extends TestMember {
  readonly name: string;
  readonly tokens: TokenService;
  readonly rows: MemoryRows;
  readonly issuerName: string;
}

export interface TokenFederation {
  readonly members: readonly TokenMember[];
  readonly charter: { members: CharterMember[] };
  /** The same at all members. */
  clockMs: number;
  /** Brings each member the statements of the others. */
  exchange(): Promise<void>;
}

export const holderSigner = crypto.ed25519Signer(crypto.sha256(Buffer.from('holder')));
const ownershipId: Uint8Array = crypto.sha256(Buffer.from('ownership'));
const startMs = 2000 * 7 * 24 * 60 * 60 * 1000 + 60_000;

const holder: TokenHolder = {
  label: crypto.sha256(Buffer.from('label')),
  epoch: 0,
  authority: holderSigner.publicKey,
  sinceMs: startMs,
};

/** Starts members of these names; the holder holds at each. */
export async function startTokenMembers(
  names: readonly string[],
  rowsOf: ReadonlyMap<string, MemoryRows> = new Map(),
): Promise<TokenFederation> {
  const charter = { members: [] as CharterMember[] };
  const members: TokenMember[] = [];
  const federation: TokenFederation = {
    members,
    charter,
    clockMs: startMs,
    async exchange() {
      for (const { tokens } of members) await tokens.turn();
      // Who is being asked already, as each member does by itself, may have answered before its key was made.
      do await Promise.all(members.map(async ({ tokens }) => await tokens.exchange.askAll()));
      while (members.some(({ tokens }) => tokens.board.lacksSome()));
    },
  };
  const clock = { nowMs: () => federation.clockMs };
  for (const name of names) {
    const signer = logSigner(name);
    const rows = rowsOf.get(name) ?? new MemoryRows();
    const connections = new MemberConnections([cert]);
    const tokens = new TokenService({
      charter: () => charter as unknown as Charter,
      memberName: name,
      signer: signer.note,
      rows,
      directory: { holderOf: (id) => (id.toHex() === ownershipId.toHex() ? holder : undefined) },
      connections,
      clock,
      random: { bytes: (size) => new Uint8Array(randomBytes(size)) },
      crypto,
    });
    onTestFinished(async () => {
      await tokens[Symbol.asyncDispose]();
      connections[Symbol.dispose]();
    });
    const member = await startMember({}, { tls: { cert, key }, tokens, clock });
    const issuerName = `localhost:${member.port}`;
    const api = `https://${issuerName}`;
    charter.members.push({ name, state: 'active', logKey: signer.key, api } as CharterMember);
    members.push(Object.assign(member, { name, tokens, rows, issuerName }));
  }
  await federation.exchange();
  return federation;
}

export function logSigner(name: string): { readonly note: NoteSigner; readonly key: string } {
  const origin = `api.${name}.test/log`;
  const signer = crypto.ed25519Signer(crypto.sha256(Buffer.from(name)));
  const named = { name: origin, algorithm: 0x01, publicKey: signer.publicKey } as const;
  return {
    note: noteSigner({ name: origin, signer }, crypto),
    key: encodeVerifierKey(named, crypto),
  };
}

/** What the holder signs to be given tokens by a member. */
export function orderFor(
  issuerName: string,
  body: Uint8Array,
  change: { readonly atMs: number; readonly signer?: typeof holderSigner },
): string {
  const order = { ownershipId, atMs: change.atMs };
  const message = tokenOrderMessage(order, { issuerName, body }, crypto);
  const signature = (change.signer ?? holderSigner).sign(message);
  return encodeTokenOrder({ ...order, signature });
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly octets: Uint8Array;
  readonly code: string | undefined;
}

/** Asks a member over TLS. */
export async function ask(
  { port }: { readonly port: number },
  path: string,
  sent: { readonly headers?: Record<string, string>; readonly body?: Uint8Array | string } = {},
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const method = sent.body === undefined ? 'GET' : 'POST';
  const headers = sent.headers ?? {};
  const asked = request({ ca: cert, host: 'localhost', port, path, method, headers });
  asked.on('error', reject);
  asked.on('response', (response) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('end', () => {
      const octets = Buffer.concat(pieces);
      const isProblem = response.headers['content-type'] === 'application/problem+json';
      const code = isProblem ? (JSON.parse(octets.toString()) as { code: string }).code : undefined;
      const fields = response.headers as Record<string, string>;
      resolve({ status: response.statusCode!, headers: fields, octets, code });
    });
  });
  asked.end(sent.body);
  return await promise;
}
