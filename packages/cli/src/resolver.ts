/**
 * Carries DNS questions to one resolver: UDP first, TCP when the answer was cut off. Messages and
 * TCP framing are dns2's. Its own client functions are not used: they build the query themselves
 * without the AD bit (RFC 6840 §5.7), and a validating resolver then keeps its verdict to itself.
 */
import { createSocket } from 'node:dgram';
import { connect, isIP, isIPv6 } from 'node:net';
import { Packet } from 'dns2';
import type { EnumQuestion } from '@callbook/client';
import { cliError } from './errors.ts';

/** Longest wait for one answer; a resolver with a cold cache asks many servers. */
const answerMsMax = 5000;
/** A datagram that crosses any network whole (RFC 9715). */
const udpPayloadBytes = 1232;
const truncatedFlag = 0x02;

export interface ResolverAddress {
  readonly address: string;
  readonly port: number;
}

/** Reads `addr`, `addr:port` or `[addr]:port`. Throws `usage`. */
export function readResolverAddress(text: string): ResolverAddress {
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (address !== undefined && isIP(address) !== 0 && Number(port) > 0 && Number(port) < 65_536) {
    return { address, port: Number(port) };
  }
  throw cliError('usage', 'a resolver is an IP address, with :port when that is not 53');
}

/** Asks one question and returns the answer's bytes. Throws `resolver_unavailable`. */
export async function askResolver(
  resolver: ResolverAddress,
  question: EnumQuestion,
): Promise<Uint8Array> {
  const query = encodeQuery(question);
  try {
    const answer = await askByUdp(resolver, query);
    const truncated = ((answer[2] ?? 0) & truncatedFlag) !== 0;
    return truncated ? await askByTcp(resolver, query) : answer;
  } catch (cause) {
    throw cliError('resolver_unavailable', 'the resolver did not answer', { cause });
  }
}

function encodeQuery({ name, type }: EnumQuestion): Buffer {
  const query = new Packet();
  // AD in a query asks for the verdict in the answer; dns2 writes the bit but does not declare it.
  query.header = Object.assign(new Packet.Header({ id: Packet.uuid(), rd: 1 }), { ad: 1 });
  query.questions.push(new Packet.Question(name, type, Packet.CLASS.IN));
  query.additionals.push(Packet.Resource.EDNS([], { udpPayloadSize: udpPayloadBytes }));
  return query.toBuffer();
}

function askByUdp(resolver: ResolverAddress, query: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = createSocket(isIPv6(resolver.address) ? 'udp6' : 'udp4');
  const timer = setTimeout(() => reject(new Error('timed out')), answerMsMax);
  socket.on('error', reject);
  // Connected: the kernel drops what comes from anywhere else and reports a closed port.
  socket.connect(resolver.port, resolver.address, () => socket.send(query));
  socket.on('message', (answer) => {
    if (answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0)) resolve(answer);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

async function askByTcp(resolver: ResolverAddress, query: Buffer): Promise<Buffer> {
  const socket = connect({ host: resolver.address, port: resolver.port, timeout: answerMsMax });
  const { promise: failure, reject } = Promise.withResolvers<never>();
  socket.on('error', reject);
  socket.on('timeout', () => reject(new Error('timed out')));
  const size = Buffer.alloc(2);
  size.writeUInt16BE(query.length);
  socket.write(Buffer.concat([size, query]));
  try {
    return await Promise.race([Packet.readStream(socket), failure]);
  } finally {
    socket.destroy();
  }
}
