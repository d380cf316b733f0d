/**
 * Queries on their way from a thread that takes datagrams, which never waits, to one that looks up: a ring
 * in shared memory with one writer and one reader. It is full when the database is slow: then the writer
 * answers SERVFAIL. What has been taken out is zeroed.
 */
import type { ClientAddress } from '@callbook/dns';
import type { WantedBinding } from '@callbook/replication/shared-database';

/** Each takes 604 octets. Some 40 ms of queries at full speed; who waits longer has asked again. */
const slotCount = 1024;
/** Nobody needs more for a question; who sends more gets SERVFAIL when it is not in the table. */
const queryBytesMax = 512;

const headFields = { produced: 0, consumed: 1, descriptor: 2 } as const;
const headBytes = 16;
const slotFields = {
  generation: 0,
  queryBytes: 4,
  port: 6,
  addressBytes: 8,
  isHash: 9,
  textBytes: 10,
  address: 12,
  text: 28,
  query: 84,
} as const;
const textBytesMax = slotFields.query - slotFields.text;
const slotBytes = slotFields.query + queryBytesMax + 8;

/** One query that waits for a binding. */
export interface Miss {
  readonly query: Uint8Array;
  readonly client: ClientAddress;
  /** Of the query's name in the table of answers, before anything was read. */
  readonly generation: number;
  readonly wanted: WantedBinding;
}

/** Makes the memory of an empty ring. */
export function createMissRing(): SharedArrayBuffer {
  return new SharedArrayBuffer(headBytes + slotCount * slotBytes);
}

export class MissRing {
  private readonly head: Int32Array<SharedArrayBuffer>;
  private readonly octets: Uint8Array<SharedArrayBuffer>;
  private readonly view: DataView;

  constructor(memory: SharedArrayBuffer) {
    this.head = new Int32Array(memory, 0, headBytes / 4);
    this.octets = new Uint8Array(memory);
    this.view = new DataView(memory);
  }

  /** Of the socket by which to answer; the writer sets it before it puts anything in. */
  get descriptor(): number {
    return Atomics.load(this.head, headFields.descriptor);
  }

  set descriptor(descriptor: number) {
    Atomics.store(this.head, headFields.descriptor, descriptor);
  }

  /** Puts one in; false when the ring is full, or the query too long. */
  put({ query, client, generation, wanted }: Miss): boolean {
    const produced = this.head[headFields.produced]!;
    const isFull = ((produced - Atomics.load(this.head, headFields.consumed)) | 0) >= slotCount;
    const text = 'digits' in wanted ? wanted.digits : 'ownerHash' in wanted ? wanted.ownerHash : '';
    if (isFull || query.length > queryBytesMax || text.length > textBytesMax) return false;
    const at = slotAt(produced);
    const { octets, view } = this;
    view.setInt32(at + slotFields.generation, generation, true);
    view.setUint16(at + slotFields.queryBytes, query.length, true);
    view.setUint16(at + slotFields.port, client.port, true);
    octets[at + slotFields.addressBytes] = client.octets.length;
    octets[at + slotFields.isHash] = 'ownerHash' in wanted ? 1 : 0;
    octets[at + slotFields.textBytes] = text.length;
    octets.set(client.octets, at + slotFields.address);
    for (let index = 0; index < text.length; index += 1)
      octets[at + slotFields.text + index] = text.charCodeAt(index);
    octets.set(query, at + slotFields.query);
    // After the slot: whoever sees the count finds what it counts.
    Atomics.store(this.head, headFields.produced, (produced + 1) | 0);
    return true;
  }

  get isEmpty(): boolean {
    return Atomics.load(this.head, headFields.produced) === this.head[headFields.consumed];
  }

  /** Takes the oldest out. */
  take(): Miss | undefined {
    if (this.isEmpty) return undefined;
    const consumed = this.head[headFields.consumed]!;
    const at = slotAt(consumed);
    const { octets, view } = this;
    const queryAt = at + slotFields.query;
    const queryBytes = view.getUint16(at + slotFields.queryBytes, true);
    const addressAt = at + slotFields.address;
    const textAt = at + slotFields.text;
    const text = Buffer.from(octets.buffer, textAt, octets[at + slotFields.textBytes]).toString(
      'latin1',
    );
    const miss: Miss = {
      query: plainCopy(octets, queryAt, queryAt + queryBytes),
      client: {
        octets: plainCopy(octets, addressAt, addressAt + octets[at + slotFields.addressBytes]!),
        port: view.getUint16(at + slotFields.port, true),
      },
      generation: view.getInt32(at + slotFields.generation, true),
      wanted: octets[at + slotFields.isHash] === 1 ? { ownerHash: text } : { digits: text },
    };
    octets.fill(0, at, queryAt + queryBytes);
    Atomics.store(this.head, headFields.consumed, (consumed + 1) | 0);
    return miss;
  }
}

function slotAt(count: number): number {
  return headBytes + ((count >>> 0) % slotCount) * slotBytes;
}

/** A `slice` would be of shared memory as well. */
function plainCopy(octets: Uint8Array, from: number, to: number): Uint8Array {
  const copy = new Uint8Array(to - from);
  copy.set(octets.subarray(from, to));
  return copy;
}

/** Wakes the reader of rings; a writer pays for it only while the reader sleeps. */
export class MissBell {
  readonly memory: SharedArrayBuffer;
  private readonly words: Int32Array<SharedArrayBuffer>;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.memory = memory;
    this.words = new Int32Array(memory);
  }

  ring(): void {
    if (Atomics.load(this.words, 1) === 0) return;
    Atomics.add(this.words, 0, 1);
    Atomics.notify(this.words, 0);
  }

  /** Resolves when it is rung, or after a while; at once when `isIdle` says that there is something. */
  async wait(isIdle: () => boolean, waitMsMax: number): Promise<void> {
    const count = Atomics.load(this.words, 0);
    Atomics.store(this.words, 1, 1);
    // Looked at after it is said that we sleep: a writer that came before is seen here, one after rings.
    if (isIdle()) await Atomics.waitAsync(this.words, 0, count, waitMsMax).value;
    Atomics.store(this.words, 1, 0);
  }
}
