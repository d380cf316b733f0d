/**
 * UDP sockets of one address and port, one for each worker, among which the kernel divides the
 * clients. They belong to the engine, not to the workers: when a worker crashes its socket goes on
 * to queue, and the next worker finds what came meanwhile. A socket that nobody read would swallow
 * its clients' queries for ever.
 */
import { networkInterfaces } from 'node:os';
import { dnsError } from '../errors.ts';
import { parseIpAddress } from '../wire/ip-address.ts';
import { errnos } from './libc.ts';
import type { Libc } from './libc.ts';

// Numbers of Linux, the same on x64 and arm64: <asm-generic/socket.h>, <linux/in.h>, <linux/in6.h>.
const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_REUSEPORT = 15;
const SO_RCVTIMEO = 20;
const SO_SNDTIMEO = 21;
const IPPROTO_IP = 0;
const IP_MTU_DISCOVER = 10;
const IPPROTO_IPV6 = 41;
const IPV6_MTU_DISCOVER = 23;
const IPV6_V6ONLY = 26;
const PMTUDISC_OMIT = 5;

const ipv4SocketAddressBytes = 16;
const ipv6SocketAddressBytes = 28;
/** Room for bursts; the kernel may grant less. */
const bufferBytes = 4 * 1024 * 1024;
/** How long a worker stays in one call, and so how soon it sees that it is to stop. */
const blockedMsMax = 100;

export interface UdpSockets extends Disposable {
  readonly port: number;
  readonly descriptors: readonly number[];
}

/** Binds `count` sockets. Code: `dns_listen_failed`; none is open then. */
export function openUdpSockets(
  libc: Libc,
  at: { readonly address: string; readonly port: number; readonly count: number },
): UdpSockets {
  const socketAddress = encodeSocketAddress(at.address, at.port);
  const descriptors: number[] = [];
  const close = (): void => descriptors.splice(0).forEach((descriptor) => libc.close(descriptor));
  try {
    for (let index = 0; index < at.count; index += 1) {
      const descriptor = openSocket(libc, socketAddress);
      descriptors.push(descriptor);
      // The first is bound alone, which fails where anyone has the port, and finds a free one for
      // port 0; only then may others of ours join it. With SO_REUSEPORT from the start a second
      // server of the same user would get half the queries, and port 0 might find a port in use.
      if (index > 0) setOption(libc, descriptor, [SOL_SOCKET, SO_REUSEPORT, 1]);
      const bound = libc.bind(descriptor, socketAddress, socketAddress.length);
      assertDone(libc, bound, `port ${at.port} cannot be bound`);
      if (index > 0 || at.count === 1) continue;
      setOption(libc, descriptor, [SOL_SOCKET, SO_REUSEPORT, 1]);
      setPort(socketAddress, boundPort(libc, descriptor));
    }
    const port = boundPort(libc, descriptors[0]!);
    return { port, descriptors, [Symbol.dispose]: close };
  } catch (cause) {
    close();
    throw cause;
  }
}

/** A `sockaddr_in` or `sockaddr_in6`. */
function encodeSocketAddress(address: string, port: number): Uint8Array {
  const [host, scope] = address.split('%');
  const octets = parseIpAddress(host!);
  if (octets.verdict !== 'accept') throw dnsError('dns_listen_failed', octets.message);
  const isIpv4 = octets.value.length === 4;
  const encoded = new Uint8Array(isIpv4 ? ipv4SocketAddressBytes : ipv6SocketAddressBytes);
  const view = new DataView(encoded.buffer);
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true);
  setPort(encoded, port);
  encoded.set(octets.value, isIpv4 ? 4 : 8);
  if (!isIpv4) view.setUint32(24, scope === undefined ? 0 : scopeIndex(scope), true);
  return encoded;
}

/** RFC 4007 §11: the zone after `%` names an interface, by its name or its number. */
function scopeIndex(scope: string): number {
  const named = networkInterfaces()[scope]?.find(({ family }) => family === 'IPv6');
  return named?.family === 'IPv6' ? named.scopeid : Number(scope);
}

function setPort(socketAddress: Uint8Array, port: number): void {
  socketAddress[2] = port >> 8;
  socketAddress[3] = port & 0xff;
}

function openSocket(libc: Libc, socketAddress: Uint8Array): number {
  const isIpv4 = socketAddress.length === ipv4SocketAddressBytes;
  const type = SOCK_DGRAM | SOCK_CLOEXEC;
  const descriptor = libc.socket(isIpv4 ? AF_INET : AF_INET6, type, 0);
  assertDone(libc, descriptor, 'a socket cannot be opened');
  try {
    setOption(libc, descriptor, [SOL_SOCKET, SO_RCVBUF, bufferBytes]);
    setOption(libc, descriptor, [SOL_SOCKET, SO_SNDBUF, bufferBytes]);
    setTimeoutOption(libc, descriptor, SO_RCVTIMEO);
    setTimeoutOption(libc, descriptor, SO_SNDTIMEO);
    if (!isIpv4) setOption(libc, descriptor, [IPPROTO_IPV6, IPV6_V6ONLY, 1]);
    // Answers are made to fit; a path MTU, which forged ICMP can lower, must not have them fragmented.
    if (isIpv4) setOption(libc, descriptor, [IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_OMIT]);
    else setOption(libc, descriptor, [IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_OMIT]);
    return descriptor;
  } catch (cause) {
    libc.close(descriptor);
    throw cause;
  }
}

function setOption(
  libc: Libc,
  descriptor: number,
  [level, name, value]: readonly [level: number, name: number, value: number],
): void {
  const done = libc.setsockopt(descriptor, level, name, Int32Array.of(value), 4);
  assertDone(libc, done, `socket option ${level}/${name} cannot be set`);
}

/** Sets a `struct timeval`: seconds and microseconds, 8 octets each. */
function setTimeoutOption(libc: Libc, descriptor: number, name: number): void {
  const value = BigInt64Array.of(0n, BigInt(blockedMsMax) * 1000n);
  const done = libc.setsockopt(descriptor, SOL_SOCKET, name, value, value.byteLength);
  assertDone(libc, done, `socket option ${SOL_SOCKET}/${name} cannot be set`);
}

function boundPort(libc: Libc, descriptor: number): number {
  const socketAddress = new Uint8Array(ipv6SocketAddressBytes);
  const done = libc.getsockname(descriptor, socketAddress, Int32Array.of(socketAddress.length));
  assertDone(libc, done, 'the bound port cannot be read');
  return (socketAddress[2]! << 8) | socketAddress[3]!;
}

function assertDone(libc: Libc, result: number, failure: string): void {
  if (result !== -1) return;
  const errno = libc.errno();
  const name = Object.entries(errnos).find(([, number]) => number === errno)?.[0] ?? `${errno}`;
  throw dnsError('dns_listen_failed', `${failure}: ${name}`, { details: { errno: name } });
}
