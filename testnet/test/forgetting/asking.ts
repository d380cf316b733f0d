/**
 * Look-ups of one number through each interface of a member, as clients make them. Each gives back
 * what the member learnt, or made, only because it was asked.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import {
  bulkMediaType,
  encodeBulkRequest,
  obliviousBulkSlots,
  proveLabel,
  type Identifier,
} from '@callbook/protocol';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { firstKey, seal } from '../../../packages/api/test/oblivious/ohttp-client.ts';
import { loopback } from '../../src/layout.ts';
import type { WatchedMember } from './watched-member.ts';

/** What only a look-up brings into a member: label, proof. */
export type Traces = Readonly<Record<string, Uint8Array>>;

export interface Interface {
  readonly name: string;
  /** Asks and waits for the whole answer. */
  readonly ask: (member: WatchedMember, number: string) => Promise<Traces>;
}

export const interfaces: readonly Interface[] = [
  { name: 'UDP', ask: async (member, number) => await noTraces(askUdp(member, number)) },
  { name: 'TCP', ask: async (member, number) => await noTraces(askStream(member, number, 'tcp')) },
  { name: 'DoT', ask: async (member, number) => await noTraces(askStream(member, number, 'tls')) },
  { name: 'DoH', ask: async (member, number) => await noTraces(askDoh(member, number)) },
  { name: 'look-up', ask: async (member, number) => await noTraces(askLookup(member, number)) },
  { name: 'proof', ask: askProof },
  { name: 'bulk', ask: async (member, number) => await noTraces(askBulk(member, number)) },
  {
    name: 'oblivious look-up',
    ask: async (member, number) => {
      const content = lookupBody(number);
      return await noTraces(askObliviously(member, { path: '/v1/lookups', type: json, content }));
    },
  },
  {
    name: 'oblivious bulk',
    ask: async (member, number) => {
      const content = encodeBulkRequest([`tel:${number}`], obliviousBulkSlots);
      const inner = { path: '/v1/bulk', type: bulkMediaType, content };
      return await noTraces(askObliviously(member, inner));
    },
  },
  {
    name: 'look-up of a thousand',
    ask: async (member, number) => await noTraces(askThousand(member, number)),
  },
];

async function noTraces(asking: Promise<unknown>): Promise<Traces> {
  await asking;
  return {};
}

/** A query for NAPTR with DNSSEC and room for padding. */
function dnsQuery(number: string, { layout }: WatchedMember): Buffer {
  const labels = [...Array.from(number.slice(1)).reverse(), ...layout.zone.split('.')];
  const name = labels.flatMap((label) => [label.length, ...Buffer.from(label)]);
  const header = [0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1];
  // RFC 6891: OPT with DO; RFC 7830: an option of padding with four octets.
  const opt = [0, 0, 41, 4, 208, 0, 0, 0x80, 0, 0, 8, 0, 12, 0, 4, 0, 0, 0, 0];
  return Buffer.from([...header, ...name, 0, 0, 35, 0, 1, ...opt]);
}

async function askUdp(member: WatchedMember, number: string): Promise<Buffer> {
  const socket = createSocket('udp4');
  const answered = once(socket, 'message') as Promise<[Buffer]>;
  const query = dnsQuery(number, member);
  // Without padding, which is for TLS alone: then the answer is one that the table could keep.
  const bare = Buffer.from(query.subarray(0, -8));
  bare[bare.length - 1] = 0;
  socket.send(bare, member.layout.dnsPort, loopback);
  const [answer] = await answered;
  socket.close();
  return answer;
}

export async function askStream(
  member: WatchedMember,
  number: string,
  transport: 'tcp' | 'tls',
): Promise<Buffer> {
  const socket: Socket =
    transport === 'tcp'
      ? connectTcp(member.layout.dnsPort, loopback)
      : connectTls({
          port: member.tlsPort,
          host: loopback,
          ca: member.authority,
          servername: 'localhost',
        });
  const query = dnsQuery(number, member);
  socket.write(Buffer.concat([Buffer.from([query.length >> 8, query.length & 255]), query]));
  let received = Buffer.alloc(0);
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk as Buffer]);
    if (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) break;
  }
  socket.destroy();
  return received.subarray(2);
}

export async function askDoh(member: WatchedMember, number: string): Promise<Buffer> {
  const body = dnsQuery(number, member);
  return (await post(member, '/dns-query', { type: 'application/dns-message', body })).body;
}

const json = 'application/json';

function lookupBody(number: string): Buffer {
  return Buffer.from(JSON.stringify({ identifiers: [`tel:${number}`] }));
}

async function askLookup(member: WatchedMember, number: string): Promise<Buffer> {
  return (await post(member, '/v1/lookups', { type: json, body: lookupBody(number) })).body;
}

async function askBulk(member: WatchedMember, number: string): Promise<void> {
  const body = Buffer.from(encodeBulkRequest([`tel:${number}`]));
  const { status } = await post(member, '/v1/bulk', { type: bulkMediaType, body });
  if (status !== 200) throw new Error(`bulk look-up: ${status}`);
}

interface Inner {
  readonly path: string;
  readonly type: string;
  readonly content: Uint8Array;
}

/** By this member as gateway; what a relay does is none of its business. */
async function askObliviously(member: WatchedMember, inner: Inner): Promise<void> {
  const gateway = '/.well-known/ohttp-gateway';
  const keys = await post(member, gateway, { type: json, body: Buffer.alloc(0), method: 'GET' });
  const { path, type, content } = inner;
  const request = { path, content, fields: { 'content-type': type } };
  const sealed = await seal(firstKey(keys.body), request, Date.now());
  const body = Buffer.from(sealed.capsule);
  const answer = await post(member, gateway, { type: 'message/ohttp-req', body });
  const { status } = await sealed.open(answer.body);
  if (status !== 200) throw new Error(`${path} in a capsule: ${status}`);
}

/** The number stands at the end, where no shorter request overwrites it. */
async function askThousand(member: WatchedMember, number: string): Promise<void> {
  const others = Array.from({ length: 999 }, (_nothing, index) => `tel:+44770090${1000 + index}`);
  const body = Buffer.from(JSON.stringify({ identifiers: [...others, `tel:${number}`] }));
  await post(member, '/v1/lookups', { type: 'application/json', body });
}

/** Without a token the member keeps to itself what it makes; so it is made here as well. */
async function askProof(member: WatchedMember, number: string): Promise<Traces> {
  await askProofAnswer(member, number);
  const secret = await readFile(join(member.layout.folder, 'vrf.key'));
  const made = proveLabel(`tel:${number}` as Identifier, crypto.vrfProver(new Uint8Array(secret)));
  return { label: made.label, 'VRF proof': made.vrfProof };
}

export async function askProofAnswer(member: WatchedMember, number: string): Promise<Buffer> {
  return (await post(member, '/v1/proofs', { type: json, body: lookupBody(number) })).body;
}

/** Asks in every wrong way; returns what came back, heads included. */
export async function askForNonsense(
  member: WatchedMember,
  number: string,
): Promise<readonly Buffer[]> {
  const asked: readonly { path: string; type?: string; text?: string; method?: string }[] = [
    { path: `/v1/lookups/${number}`, method: 'GET' },
    { path: `/v1/lookups?number=${number}`, method: 'GET' },
    { path: `/dns-query?dns=${Buffer.from(number).toString('base64url')}`, method: 'GET' },
    { path: `/v1/entries/${number}`, method: 'GET' },
    { path: `/log/${number}/checkpoint`, method: 'GET' },
    { path: `/${number}`, method: 'DELETE' },
    { path: `/v1/relay/${number}`, text: number, type: 'message/ohttp-req' },
    { path: '/.well-known/ohttp-gateway', text: number, type: 'message/ohttp-req' },
    { path: '/v1/bulk', text: number, type: bulkMediaType },
    { path: '/v1/lookups', text: `{"identifiers":["tel:${number}"` },
    { path: '/v1/lookups', text: JSON.stringify({ identifiers: [number], [number]: number }) },
    { path: '/v1/lookups', text: JSON.stringify({ identifiers: { [number]: number } }) },
    { path: '/v1/lookups', text: number, type: `text/${number.slice(1)}` },
    { path: '/v1/proofs', text: JSON.stringify({ identifiers: [`tel:${number}x`] }) },
    { path: '/v1/challenges', text: JSON.stringify({ identifier: number }) },
    { path: '/dns-query', text: number.repeat(400), type: 'application/dns-message' },
  ];
  const answers: Buffer[] = [];
  for (const { path, text = '', type = json, method = 'POST' } of asked) {
    const { status, headers, body } = await post(member, path, {
      type,
      body: Buffer.from(text),
      method,
    });
    if (status < 400) throw new Error(`${path} was answered with ${status}`);
    answers.push(Buffer.concat([Buffer.from(headers), body]));
  }
  return answers;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: string;
}

/** Posts over HTTPS; connections are used again, as clients do. */
export async function post(
  member: WatchedMember,
  path: string,
  sent: { readonly type: string; readonly body: Buffer; readonly method?: string },
): Promise<Answer> {
  const asking = request({
    host: loopback,
    port: member.layout.apiPort,
    path,
    method: sent.method ?? 'POST',
    ca: member.authority,
    servername: 'localhost',
    agent,
    headers: { 'content-type': sent.type, 'content-length': sent.body.length },
  });
  asking.end(sent.body);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode!,
    body: Buffer.concat(chunks),
    headers: JSON.stringify(response.rawHeaders),
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });
