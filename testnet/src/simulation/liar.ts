/**
 * A dishonest member. It has its real log key and its connections, and speaks the protocols between
 * members by hand. Towards whoever asks it to notarise it is friendly: it logs what it gets. What else
 * it does is given by its faults; `liar-mischief.ts` has those that need no question.
 */
import type { CborValue, Entry, LeafRole, Receipt } from '@callbook/protocol';
import {
  encodeCbor,
  entryId,
  isCborMap,
  parseCbor,
  parseEntry,
  parseLeaf,
} from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { encodeLogBatch, parseLogBatch } from '@callbook/replication';
import type { FrameStream, LogBatch, OpenedPayload, StreamProtocol } from '@callbook/replication';
import type { Claimant } from './claimant.ts';
import { Lifetime } from './lifetime.ts';
import type { LiarFault } from './liar-faults.ts';
import { LiarLog } from './liar-log.ts';
import type { LiarLeaf } from './liar-log.ts';
import type { NetworkPort } from './network-port.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import type { SimulatedSecrets } from './simulated-federation.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import type { SeenLeaf } from './union-of-logs.ts';
import type { World } from './world.ts';

export interface LiarParts {
  readonly world: World;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly secrets: SimulatedSecrets;
  readonly clock: SimulatedClock;
  /** Hash of the founding charter, 32 bytes. */
  readonly charter: Uint8Array;
  readonly faults: ReadonlySet<LiarFault>;
  /** Somebody whose entries no honest member has seen. */
  readonly accomplice: Claimant;
  /** Names of all other members. */
  readonly others: readonly string[];
  /** Hears of each leaf that it signs, in whatever branch. */
  readonly onLeaf: (leaf: SeenLeaf) => void;
}

/** An entry that the liar has met, and the batch in which it was. */
export interface MetEntry {
  readonly entry: Entry;
  readonly entryBytes: Uint8Array;
  readonly entryId: string;
  readonly opened?: OpenedPayload;
}

const metMax = 64;
const streamTimeoutMs = 20_000;

export class Liar {
  readonly parts: LiarParts;
  readonly port: NetworkPort;
  /** Entries of honest logs, newest last. */
  readonly met: MetEntry[] = [];
  /** Batches that honest members have published, newest last. */
  readonly heard: LogBatch[] = [];
  readonly #branches: LiarLog[];
  /** Which branch each other member is shown. */
  readonly #shown = new Map<string, LiarLog>();
  /** Leaves beyond this are shown to nobody; undefined while all are. */
  #stalledAt: number | undefined;
  /** The member to which leaves are shown that others are not. */
  readonly #favourite: string;

  constructor(parts: LiarParts) {
    const { charter, network, random, secrets, world } = parts;
    this.parts = parts;
    const life = new Lifetime(secrets.name, world, random.branch('process'));
    this.port = network.join(life);
    this.#branches = [new LiarLog({ secrets, charter, branch: 'a' })];
    this.#favourite = random.pick(parts.others);
    this.port.onMessage((message) => this.#hear(message));
    void this.port.serve(protocolOf('/callbook/tail/1'), (stream, name) =>
      this.#serveTail(stream, name),
    );
    void this.port.serve(protocolOf('/callbook/notarise/1'), (stream, name) =>
      this.#serveNotary(stream, name),
    );
    this.append({ role: 'charter' });
  }

  get name(): string {
    return this.parts.secrets.name;
  }

  get origin(): string {
    return this.parts.secrets.origin;
  }

  has(fault: LiarFault): boolean {
    return this.parts.faults.has(fault);
  }

  /** True once members can have been shown different leaves. */
  get isForked(): boolean {
    return this.#branches.length > 1;
  }

  /** From now on one half of the members is shown another branch. */
  fork(): void {
    if (this.isForked) return;
    const { random, others } = this.parts;
    const other = this.#branches[0]!.fork('b');
    this.#branches.push(other);
    for (const name of random.shuffled(others).slice(0, Math.ceil(others.length / 2))) {
      this.#shown.set(name, other);
    }
    this.parts.world.note(this.name, 'forks its log');
  }

  /** From now on nobody is shown what it logs. */
  stall(): void {
    this.#stalledAt ??= this.#branches[0]!.size;
  }

  /** Shows everything again. */
  resume(): void {
    if (this.#stalledAt === undefined) return;
    this.#stalledAt = undefined;
    this.#publish();
  }

  /** Appends a leaf to one branch, or to all, and tells of it. */
  append(leaf: Omit<LiarLeaf, 'atMs'> & { readonly atMs?: number }, towards?: string): number {
    const nowMs = this.parts.clock.nowMs();
    const branches = towards === undefined ? this.#branches : [this.#branchFor(towards)];
    let index = 0;
    for (const log of branches) {
      index = log.append({ atMs: nowMs, ...leaf });
      const leafBytes = log.leaves[index]!;
      this.parts.onLeaf({ origin: this.origin, index, leafBytes, branch: log.branch });
    }
    this.#publish();
    return index;
  }

  /** A receipt of its own, to put where it does not belong. */
  receiptOfFirst(): Receipt {
    return this.#branches[0]!.receipt(0);
  }

  #branchFor(name: string): LiarLog {
    return this.#shown.get(name) ?? this.#branches[0]!;
  }

  #shownSize(log: LiarLog): number {
    return Math.min(log.size, this.#stalledAt ?? Infinity);
  }

  #publish(): void {
    for (const name of this.parts.others) {
      if (this.has('withholds') && name !== this.#favourite) continue;
      const log = this.#branchFor(name);
      const size = this.#shownSize(log);
      if (size === 0) continue;
      this.port.gossipTo(name, encodeLogBatch(log.batch(Math.max(0, size - 1), size, size)));
    }
  }

  #hear(message: Uint8Array): 'accept' | 'ignore' {
    const parsed = parseLogBatch(message);
    if (parsed.verdict !== 'accept') return 'ignore';
    const batch = parsed.value;
    this.heard.push(batch);
    if (this.heard.length > metMax) this.heard.shift();
    for (const [position, leafBytes] of batch.leaves.entries()) {
      const leaf = parseLeaf(leafBytes);
      if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) continue;
      this.meet(leaf.value.entry, batch.payloads[position] ?? undefined);
    }
    return this.parts.random.chance(0.5) ? 'accept' : 'ignore';
  }

  /** Takes note of an entry to do something with. */
  meet(entryBytes: Uint8Array, opened?: OpenedPayload): void {
    const parsed = parseEntry(entryBytes);
    if (parsed.verdict !== 'accept') return;
    const id = entryId(entryBytes, crypto).toHex();
    if (this.met.some((known) => known.entryId === id)) return;
    this.met.push({
      entry: parsed.value,
      entryBytes,
      entryId: id,
      ...(opened !== undefined && { opened }),
    });
    if (this.met.length > metMax) this.met.shift();
  }

  async #serveTail(stream: FrameStream, name: string): Promise<void> {
    for (let next = 0; ;) {
      const frame = await stream.read(streamTimeoutMs);
      if (frame === undefined) return;
      const request = mapIn(frame);
      if (request?.['want'] === 'checkpoints') {
        await stream.write(this.#checkpointsFor(name), streamTimeoutMs);
        continue;
      }
      const first = typeof request?.['first'] === 'number' ? request['first'] : next;
      const page = request?.['origin'] === this.origin ? this.#pageFor(name, first) : undefined;
      next = first + (page?.leaves.length ?? 0);
      const answer = page === undefined ? refusal() : encodeLogBatch(page);
      await stream.write(answer, streamTimeoutMs);
    }
  }

  #checkpointsFor(name: string): Uint8Array {
    const log = this.#branchFor(name);
    const size = this.#shownSize(log);
    const checkpoints = [[log.origin, log.checkpoint(size)]];
    const [heard] = this.has('frames') ? this.heard : [];
    if (heard !== undefined) checkpoints.push([heard.origin, lengthened(heard.checkpoint)]);
    return encodeCbor({ v: 1, checkpoints });
  }

  #pageFor(name: string, first: number): LogBatch | undefined {
    const { random } = this.parts;
    const log = this.#branchFor(name);
    const size = this.#shownSize(log);
    if (first > size) return undefined;
    if (!this.has('withholds')) return log.batch(first, size, size);
    // Half of what the checkpoint covers, and only to one member; no payload to anybody.
    if (name !== this.#favourite) return undefined;
    const end = random.between(first, size);
    const page = log.batch(first, end, size);
    return { ...page, payloads: page.payloads.map(() => null) };
  }

  async #serveNotary(stream: FrameStream, name: string): Promise<void> {
    for (;;) {
      const frame = await stream.read(streamTimeoutMs);
      const requests = frame === undefined ? undefined : mapIn(frame)?.['requests'];
      if (!Array.isArray(requests)) return;
      const answers = (requests as readonly CborValue[]).map((request) => {
        return request instanceof Uint8Array ? this.#answerNotary(request, name) : refusal();
      });
      await stream.write(encodeCbor({ v: 1, answers }), streamTimeoutMs);
    }
  }

  #answerNotary(bytes: Uint8Array, name: string): Uint8Array {
    const request = mapIn(bytes);
    const entry = request?.['entry'];
    if (!(entry instanceof Uint8Array)) return refusal();
    const opened = openedIn(request?.['payload']);
    this.meet(entry, opened);
    return this.notarise(entry, opened, name) ?? refusal();
  }

  /** Logs an entry for whoever asks, once in each branch, and answers with the receipt. */
  notarise(
    entryBytes: Uint8Array,
    opened: OpenedPayload | undefined,
    name: string,
  ): Uint8Array | undefined {
    const parsed = parseEntry(entryBytes);
    if (parsed.verdict !== 'accept' || this.parts.random.chance(0.1)) return undefined;
    const log = this.#branchFor(name);
    const role = roleOf(parsed.value, this.parts.random.chance(0.5));
    const index = this.append({ role, entry: entryBytes, ...(opened && { opened }) }, name);
    return encodeCbor({ v: 1, receipt: receiptMap(log.receipt(index)) });
  }
}

/** A role that fits the kind; `challenged` is a lie, since nobody was. */
export function roleOf({ kind }: Entry, isBold: boolean): LeafRole {
  if (kind === 'update') return 'received';
  if (kind === 'rotate' || kind === 'release') return 'witnessed';
  return isBold ? 'challenged' : 'witnessed';
}

export const leavesInvented = 1000;

/** A checkpoint over more leaves, with the signature that was there before. */
export function lengthened(note: string): string {
  return note.replace(/\n(\d+)\n/, (_, size) => `\n${Number(size) + leavesInvented}\n`);
}

/** A liar reads and writes frames of any size. */
export function protocolOf(name: string): StreamProtocol {
  return { name, requestBytesMax: 2 ** 21, answerBytesMax: 2 ** 21, streamsMax: 64 };
}

function mapIn(frame: Uint8Array): { readonly [name: string]: CborValue } | undefined {
  const parsed = parseCbor(frame);
  return parsed.verdict === 'accept' && isCborMap(parsed.value) ? parsed.value : undefined;
}

function openedIn(value: CborValue | undefined): OpenedPayload | undefined {
  if (!Array.isArray(value)) return undefined;
  const [opening, payload] = value as readonly CborValue[];
  if (!(opening instanceof Uint8Array) || !(payload instanceof Uint8Array)) return undefined;
  return { opening, payload };
}

function receiptMap({ origin, index, leaf, checkpoint, proof }: Receipt): CborValue {
  return { origin, index, leaf, checkpoint, proof };
}

function refusal(): Uint8Array {
  return encodeCbor({ v: 1, verdict: 'ignore', code: 'member_busy' });
}
