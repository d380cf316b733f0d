/** Members of one charter on real TLS sockets, each a gateway and a relay for the others. */
import { readFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { encodeVerifierKey, noteSigner } from '@callbook/protocol';
import type { Charter, CharterMember, NoteSigner } from '@callbook/protocol';
import { Agent, request } from 'node:https';
import { onTestFinished } from 'vitest';
import { ObliviousService } from '../../src/index.ts';
import type { ApiOptions } from '../../src/index.ts';
import { crypto, startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const cert = fixture('localhost-certificate.pem');
const key = fixture('localhost-key.pem');

export interface ObliviousMember extends TestMember {
  readonly name: string;
  readonly service: ObliviousService;
  readonly charter: () => Charter;
}

export interface RawAnswer {
  readonly status: number;
  readonly mediaType: string;
  readonly octets: Uint8Array;
}

/** Starts members of these names, in one charter. */
export async function startObliviousMembers(
  names: readonly string[],
  options: Partial<ApiOptions> = {},
): Promise<readonly ObliviousMember[]> {
  const members: CharterMember[] = [];
  const charter = { members } as unknown as Charter;
  const nowMs = Date.now();
  const started: ObliviousMember[] = [];
  for (const name of names) {
    const signer = logSigner(name);
    const service = new ObliviousService({
      charter: () => charter,
      memberName: name,
      signer: signer.note,
      clock: { nowMs: () => started.find((member) => member.name === name)?.clockMs ?? nowMs },
      random: { bytes: (size) => new Uint8Array(randomBytes(size)) },
      crypto,
      relayHoldMs: 20,
      certificateAuthorities: [cert],
    });
    onTestFinished(() => service[Symbol.dispose]());
    const member = await startMember({}, { tls: { cert, key }, oblivious: service, ...options });
    member.clockMs = nowMs;
    members.push({
      name,
      state: 'active',
      logKey: signer.key,
      api: `https://localhost:${member.port}`,
    } as CharterMember);
    started.push(Object.assign(member, { name, service, charter: () => charter }));
    service.board.take(service.keys.note);
  }
  return started;
}

function logSigner(name: string): { readonly note: NoteSigner; readonly key: string } {
  const origin = `api.${name}.test/log`;
  const signer = crypto.ed25519Signer(crypto.sha256(Buffer.from(name)));
  const named = { name: origin, algorithm: 0x01, publicKey: signer.publicKey } as const;
  return {
    note: noteSigner({ name: origin, signer }, crypto),
    key: encodeVerifierKey(named, crypto),
  };
}

const agent = new Agent({ ca: cert });

/** Sends octets, or nothing, to a member. */
export async function send(
  { port }: { readonly port: number },
  path: string,
  body?: { readonly mediaType: string; readonly octets: Uint8Array },
): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const asked = request({
    agent,
    host: 'localhost',
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    headers: body === undefined ? {} : { 'content-type': body.mediaType },
  });
  asked.on('error', reject);
  asked.on('response', (response) => {
    const pieces: Buffer[] = [];
    response.on('data', (piece: Buffer) => pieces.push(piece));
    response.on('end', () =>
      resolve({
        status: response.statusCode!,
        mediaType: response.headers['content-type'] ?? '',
        octets: Buffer.concat(pieces),
      }),
    );
  });
  asked.end(body?.octets);
  return await promise;
}

/** Has a member relay to beta for an address that no socket here can have. */
export async function relayedFrom({ api }: TestMember, remoteAddress: string) {
  const answer = await api.inject({
    method: 'POST',
    url: '/v1/relay/beta',
    headers: { 'content-type': 'message/ohttp-req' },
    payload: Buffer.alloc(99),
    remoteAddress,
  });
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text: answer.body,
    json: answer.json<unknown>(),
  };
}
