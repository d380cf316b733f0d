/**
 * Questions to one DNS server from Node: UDP first, by TCP when the answer was cut off. The framing of
 * streams is dns2's. Its client functions are not used: they build the query and read the answer
 * themselves, and a validator needs both octet for octet.
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { Packet } from 'dns2';
import type { DnsTransport } from '../dnssec/dns-transport.ts';
import { dnsCallMsMax } from '../limits.ts';

const truncatedFlag = 0x02;
const headerBytes = 12;

/** IP address and port of a server of DNS. */
export interface DnsServerAddress {
  /** IPv4 or IPv6. */
  readonly address: string;
  readonly port: number;
}

/** Returns the transport to the server at an address. */
export function socketTransport(server: DnsServerAddress): DnsTransport {
  return {
    exchange: async (octets) => {
      const query = Buffer.from(octets);
      // RFC 5452 §9.2: an id and a port that nobody else knows, for each query.
      query.writeUInt16BE(randomInt(0x10000), 0);
      const answer = await askByUdp(server, query);
      const truncated = (answer[2]! & truncatedFlag) !== 0;
      return truncated ? await askByTcp(server, query) : answer;
    },
  };
}

function askByUdp(server: DnsServerAddress, query: Buffer): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const socket = createSocket(isIPv6(server.address) ? 'udp6' : 'udp4');
  const timer = setTimeout(() => reject(new Error('timed out')), dnsCallMsMax);
  socket.on('error', reject);
  // Connected: the kernel drops what comes from anywhere else and reports a closed port.
  socket.connect(server.port, server.address, () => socket.send(query));
  socket.on('message', (answer) => {
    if (isAnswerTo(query, answer)) resolve(answer);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

async function askByTcp(server: DnsServerAddress, query: Buffer): Promise<Buffer> {
  const socket = connect({ host: server.address, port: server.port, timeout: dnsCallMsMax });
  const { promise: failure, reject } = Promise.withResolvers<never>();
  // The whole exchange is bounded, not each silence in it.
  const timer = setTimeout(() => reject(new Error('timed out')), dnsCallMsMax);
  socket.on('error', reject);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(query.length);
  socket.write(Buffer.concat([size, query]));
  try {
    const answer = await Promise.race([Packet.readStream(socket), failure]);
    if (!isAnswerTo(query, answer)) throw new Error('answers another query');
    return answer;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function isAnswerTo(query: Buffer, answer: Buffer): boolean {
  return answer.length >= headerBytes && answer.readUInt16BE(0) === query.readUInt16BE(0);
}
