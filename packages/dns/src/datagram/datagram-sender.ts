/**
 * Sends answers by the socket of a worker from another thread, which has found out meanwhile what the worker
 * could not wait for: several with one system call. Memory is laid out once, as in `datagram-batch.ts`.
 */
import assert from 'node:assert/strict';
import { batchDatagramsMax } from './datagram-batch.ts';
import type { ClientAddress } from './datagram-engine.ts';
import { datagramAnswerBytesMax } from './datagram-engine.ts';
import { errnos, openLibc } from './libc.ts';
import type { Libc } from './libc.ts';

// Linux on 64-bit machines: `struct mmsghdr`, `struct iovec`, room for `sockaddr_in6`.
const headerBytes = 64;
const vectorBytes = 16;
const addressBytes = 32;
const AF_INET = 2;
const AF_INET6 = 10;
const ipv4AddressBytes = 16;
const ipv6AddressBytes = 28;
const portAt = 2;
const ipv4OctetsAt = 4;
const ipv6OctetsAt = 8;
/** An odd number of cache lines. */
const answerStride = (Math.ceil(datagramAnswerBytesMax / 64) | 1) * 64;
const vectorsAt = headerBytes * batchDatagramsMax;
const addressesAt = vectorsAt + vectorBytes * batchDatagramsMax;
const answersAt = addressesAt + addressBytes * batchDatagramsMax;

export class DatagramSender {
  /** Room for each answer, of `datagramAnswerBytesMax`. */
  readonly rooms: readonly Uint8Array[];
  private readonly libc: Libc;
  private readonly octets: Uint8Array;
  private readonly view: DataView;
  private readonly start: bigint;

  private constructor(libc: Libc) {
    const memory = new ArrayBuffer(answersAt + answerStride * batchDatagramsMax);
    this.libc = libc;
    this.octets = new Uint8Array(memory);
    this.view = new DataView(memory);
    this.start = libc.pointerOf(memory);
    this.rooms = Array.from({ length: batchDatagramsMax }, (_nothing, place) => {
      const pointer = (at: number, to: number): void =>
        this.view.setBigUint64(at, this.start + BigInt(to), true);
      const header = place * headerBytes;
      const vector = vectorsAt + place * vectorBytes;
      pointer(header, addressesAt + place * addressBytes);
      pointer(header + 16, vector);
      this.view.setBigUint64(header + 24, 1n, true);
      pointer(vector, answersAt + place * answerStride);
      return new Uint8Array(memory, answersAt + place * answerStride, datagramAnswerBytesMax);
    });
  }

  /** Undefined where no C library can be called. */
  static open(): DatagramSender | undefined {
    const libc = openLibc();
    return libc && new DatagramSender(libc);
  }

  /** Addresses the answer in a room, of `sizeBytes` octets. */
  address(room: number, sizeBytes: number, { octets, port }: ClientAddress): void {
    const { view } = this;
    const at = addressesAt + room * addressBytes;
    const isIpv4 = octets.length === 4;
    assert(isIpv4 || octets.length === 16, 'an address of 4 or 16 octets');
    this.octets.fill(0, at, at + addressBytes);
    view.setUint16(at, isIpv4 ? AF_INET : AF_INET6, true);
    view.setUint16(at + portAt, port);
    this.octets.set(octets, at + (isIpv4 ? ipv4OctetsAt : ipv6OctetsAt));
    view.setUint32(room * headerBytes + 8, isIpv4 ? ipv4AddressBytes : ipv6AddressBytes, true);
    view.setBigUint64(vectorsAt + room * vectorBytes + 8, BigInt(sizeBytes), true);
  }

  /** Sends the first answers and zeroes them; returns how many went. The others are lost, as any datagram may be. */
  send(descriptor: number, count: number): number {
    let sentCount = 0;
    for (let room = 0; room < count;) {
      const pointer = this.start + BigInt(room * headerBytes);
      const sent = this.libc.sendmmsg(descriptor, pointer, count - room, 0);
      if (sent > 0) {
        room += sent;
        sentCount += sent;
        continue;
      }
      const errno = this.libc.errno();
      if (errno === errnos.EINTR) continue;
      // sendmmsg(2) reports an error only for the first message; after a timeout each would wait as long.
      if (errno === errnos.EAGAIN) break;
      room += 1;
    }
    this.octets.fill(0, addressesAt, answersAt + answerStride * count);
    return sentCount;
  }
}
