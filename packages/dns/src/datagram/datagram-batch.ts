/**
 * The memory of one batch: headers, vectors, addresses and octets of up to 64 queries and their
 * answers, laid out once in one ArrayBuffer, so that the kernel reads and writes where the responder
 * does and no object is made for a datagram. `node:ffi` cannot pin memory; an ArrayBuffer's never moves
 * as long as somebody holds it, and this object does.
 *
 * Layouts are those of Linux on 64-bit machines: `struct mmsghdr` is 64 octets (name 0, its length 8,
 * iovec 16, their count 24, control 32, its length 40, flags 48, octets received 56), `struct iovec` 16.
 */
import type { ClientAddress } from './datagram-engine.ts';

/** More than this gains nothing: the call's cost is spread thin enough. */
export const batchDatagramsMax = 64;

const headerBytes = 64;
const vectorBytes = 16;
/** Holds either `sockaddr_in` (16) or `sockaddr_in6` (28). */
const addressBytes = 32;
const AF_INET6 = 10;
const MSG_TRUNC = 0x20;
const ipv4OctetsAt = 4;
const ipv6OctetsAt = 8;
/** Query views are kept for these sizes, which are nearly all that come; others cost an object. */
const keptQueryBytesMax = 256;

// Offsets in 32-bit words within a header or a vector.
const headerWords = headerBytes / 4;
const nameWord = 0;
const flagsWord = 12;
const receivedBytesWord = 14;
const vectorWords = vectorBytes / 4;
const vectorSizeWord = 2;

export interface BatchRoom {
  readonly queryBytesMax: number;
  readonly answerBytesMax: number;
}

export class DatagramBatch {
  /** To be given to `recvmmsg`. */
  readonly receivePointer: bigint;
  /** Room for each answer, in the order in which they are sent. */
  readonly answerRooms: readonly Uint8Array[];
  private readonly memory: ArrayBuffer;
  private readonly words: Uint32Array;
  private readonly octets: Uint8Array;
  private readonly layout: Layout;
  private readonly sendPointers: readonly bigint[];
  private readonly clients: readonly BatchClient[];
  private readonly queryViews: (Uint8Array | undefined)[][];

  constructor(room: BatchRoom, pointerOf: (memory: ArrayBuffer) => bigint) {
    this.layout = layOut(room);
    this.memory = new ArrayBuffer(this.layout.sizeBytes);
    this.words = new Uint32Array(this.memory);
    this.octets = new Uint8Array(this.memory);
    const { layout, memory } = this;
    const start = pointerOf(memory);
    writePointers(new DataView(memory), layout, start);
    this.receivePointer = start + BigInt(layout.receiveHeadersAt);
    this.sendPointers = slots((slot) => start + BigInt(layout.sendHeadersAt + slot * headerBytes));
    this.answerRooms = slots(
      (slot) =>
        new Uint8Array(memory, layout.answersAt + slot * layout.answerStride, room.answerBytesMax),
    );
    this.clients = slots(
      (slot) => new BatchClient(memory, layout.addressesAt + slot * addressBytes),
    );
    this.queryViews = slots(() => []);
  }

  /** Returns the query in a slot, or undefined for what no honest client sends. */
  query(slot: number): Uint8Array | undefined {
    const header = this.layout.receiveHeadersAt / 4 + slot * headerWords;
    const isWhole = (this.words[header + flagsWord]! & MSG_TRUNC) === 0;
    const size = this.words[header + receivedBytesWord]!;
    // RFC 768: a source port that is not used is 0; there is nobody to answer to.
    if (!isWhole || size === 0 || this.clients[slot]!.port === 0) return undefined;
    const at = this.layout.queriesAt + slot * this.layout.queryStride;
    if (size > keptQueryBytesMax) return new Uint8Array(this.memory, at, size);
    return (this.queryViews[slot]![size] ??= new Uint8Array(this.memory, at, size));
  }

  client(slot: number): ClientAddress {
    return this.clients[slot]!;
  }

  /** Addresses the answer that lies in a room, of `sizeBytes` octets, to the client of a slot. */
  address(room: number, sizeBytes: number, slot: number): void {
    const { words, layout } = this;
    const from = layout.receiveHeadersAt / 4 + slot * headerWords + nameWord;
    const to = layout.sendHeadersAt / 4 + room * headerWords + nameWord;
    words[to] = words[from]!;
    words[to + 1] = words[from + 1]!;
    const vector = layout.sendVectorsAt / 4 + room * vectorWords;
    words[vector + vectorSizeWord] = sizeBytes;
  }

  /** Zeroes what so many datagrams and their answers have left, since the next batch may be smaller. */
  forget(received: number): void {
    const { layout, words, octets } = this;
    for (let slot = 0; slot < received; slot += 1) {
      const header = layout.receiveHeadersAt / 4 + slot * headerWords;
      const queryBytes = Math.min(words[header + receivedBytesWord]!, layout.queryBytesMax);
      const queryAt = layout.queriesAt + slot * layout.queryStride;
      octets.fill(0, queryAt, queryAt + queryBytes);
      const addressAt = layout.addressesAt + slot * addressBytes;
      octets.fill(0, addressAt, addressAt + addressBytes);
      // There are at most as many answers; a room that was not used has the size of an earlier one.
      const vector = layout.sendVectorsAt / 4 + slot * vectorWords;
      const answerAt = layout.answersAt + slot * layout.answerStride;
      octets.fill(0, answerAt, answerAt + words[vector + vectorSizeWord]!);
    }
  }

  /** To be given to `sendmmsg` for the answers from a room on. */
  sendPointer(room: number): bigint {
    return this.sendPointers[room]!;
  }
}

/** Reads the socket address that the kernel wrote for a slot; its octets are a view of it. */
class BatchClient implements ClientAddress {
  private readonly socketAddress: Uint8Array;
  private readonly ipv4Octets: Uint8Array;
  private readonly ipv6Octets: Uint8Array;

  constructor(memory: ArrayBuffer, at: number) {
    this.socketAddress = new Uint8Array(memory, at, addressBytes);
    this.ipv4Octets = new Uint8Array(memory, at + ipv4OctetsAt, 4);
    this.ipv6Octets = new Uint8Array(memory, at + ipv6OctetsAt, 16);
  }

  get octets(): Uint8Array {
    return this.socketAddress[0] === AF_INET6 ? this.ipv6Octets : this.ipv4Octets;
  }

  get port(): number {
    return (this.socketAddress[2]! << 8) | this.socketAddress[3]!;
  }
}

interface Layout {
  readonly receiveHeadersAt: number;
  readonly sendHeadersAt: number;
  readonly receiveVectorsAt: number;
  readonly sendVectorsAt: number;
  readonly addressesAt: number;
  readonly queriesAt: number;
  readonly queryStride: number;
  readonly queryBytesMax: number;
  readonly answersAt: number;
  readonly answerStride: number;
  readonly sizeBytes: number;
}

function layOut(room: BatchRoom): Layout {
  const queryStride = stride(room.queryBytesMax);
  const answerStride = stride(room.answerBytesMax);
  let end = 0;
  const area = (slotBytes: number): number => {
    const at = end;
    end += slotBytes * batchDatagramsMax;
    return at;
  };
  return {
    receiveHeadersAt: area(headerBytes),
    sendHeadersAt: area(headerBytes),
    receiveVectorsAt: area(vectorBytes),
    sendVectorsAt: area(vectorBytes),
    addressesAt: area(addressBytes),
    queriesAt: area(queryStride),
    queryStride,
    queryBytesMax: room.queryBytesMax,
    answersAt: area(answerStride),
    answerStride,
    sizeBytes: end,
  };
}

/** Whole cache lines, an odd number of them: with powers of two all slots would share few sets. */
function stride(sizeBytes: number): number {
  return (Math.ceil(sizeBytes / 64) | 1) * 64;
}

function writePointers(view: DataView, layout: Layout, start: bigint): void {
  const pointer = (at: number, to: number): void => view.setBigUint64(at, start + BigInt(to), true);
  for (let slot = 0; slot < batchDatagramsMax; slot += 1) {
    const name = layout.addressesAt + slot * addressBytes;
    const receiveVector = layout.receiveVectorsAt + slot * vectorBytes;
    pointer(receiveVector, layout.queriesAt + slot * layout.queryStride);
    view.setBigUint64(receiveVector + 8, BigInt(layout.queryBytesMax), true);
    const sendVector = layout.sendVectorsAt + slot * vectorBytes;
    pointer(sendVector, layout.answersAt + slot * layout.answerStride);
    for (const [headers, vector] of [
      [layout.receiveHeadersAt, receiveVector],
      [layout.sendHeadersAt, sendVector],
    ] as const) {
      const header = headers + slot * headerBytes;
      pointer(header, name);
      // 28 also does for sending to IPv4: the kernel wants at least the family's own size.
      view.setUint32(header + 8, 28, true);
      pointer(header + 16, vector);
      view.setBigUint64(header + 24, 1n, true);
    }
  }
}

function slots<Value>(make: (slot: number) => Value): Value[] {
  return Array.from({ length: batchDatagramsMax }, (_nothing, slot) => make(slot));
}
