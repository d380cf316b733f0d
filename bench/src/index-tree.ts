/**
 * The index at 10^6 labels on disk: building it in bulk, updating it in batches of 1 000 labels drawn
 * at random (hash of the state, nodes read, tree, nodes written), and making proofs. An update may
 * cost 60 µs where a signature check takes 50, so it is held against checks in the same run: 1.2. What the
 * store does later in threads of its own counts as well, whenever it does it.
 */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  applyIndexBatch,
  bindingStateHash,
  encodeIndexProof,
  proveIndexLabel,
  verifyIndexProof,
} from '@callbook/protocol';
import type { IndexedState } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { IndexNodes, openLevelStore } from '@callbook/replication';
import type { Store } from '@callbook/replication';
import { measured, percentile } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const labelCount = 1_000_000;
const buildBatch = 4096;
const updateBatch = 1000;
const updateBatchCount = 40;
/** Until a member that runs has most upper nodes in memory. */
const warmUpCount = 80;
const proofCount = 1000;
const upperNodesEach = 16_384;
/** The process is idle when it takes no more than this in that time. */
const idleMicroseconds = 5_000;
const idleMs = 500;

/** Measures the index tree over the store that members use. */
export async function benchIndex(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const store = await openLevelStore(folder, { cacheBytes: 64 << 20 });
  try {
    say(`building the index of ${labelCount} labels`);
    const index = new DiskIndex(store);
    const labels = new SortedLabels(labelCount);
    const build = await cpuMicrosecondsOf(() => buildAll(index, labels));
    say(`${updateBatchCount} batches of ${updateBatch} updates, ${proofCount} proofs`);
    for (let round = 1; round <= warmUpCount; round++)
      await index.update(drawLabels(labels), round);
    await untilIdle();
    const { update, check } = await measureUpdates(index, labels);
    const against = { what: 'one signature check, sodium-native', value: check };
    const proofs = measureProofs(index, labels);
    return [
      measured({ name: 'index bulk build', value: build / labelCount, unit: 'µs of CPU', against }),
      measured({ name: 'index update', value: update, unit: 'µs of CPU', against, goal: '<= 1.2' }),
      measured({ name: 'index proof, p99', value: proofs.msP99, unit: 'ms', goal: '<= 2' }),
      measured({
        name: 'index proof, longest',
        value: proofs.bytes,
        unit: 'bytes',
        goal: '<= 4096',
      }),
    ];
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

/** The tree in a store, without the logs that a member would fold it from. */
class DiskIndex {
  readonly nodes: IndexNodes;
  readonly #store: Store;
  root: Uint8Array = new Uint8Array(32);
  #waiting = 0;

  constructor(store: Store) {
    this.#store = store;
    this.nodes = new IndexNodes(store);
  }

  async update(labels: readonly Uint8Array[], seq: number): Promise<void> {
    const tree = this.nodes.change();
    const read = await tree.load(labels);
    const changes = labels.map((label) => ({
      label,
      stateHash: bindingStateHash({ ...state, seq }, crypto),
    }));
    const applied = applyIndexBatch(changes, read, crypto);
    tree.add(applied);
    // Upper nodes as often as a member writes them, whose leaves are an update each.
    this.#waiting += labels.length;
    const which = this.#waiting < upperNodesEach ? 'lower' : 'all';
    if (which === 'all') this.#waiting = 0;
    await this.#store.batch(this.nodes.rowsOf(tree, which), { durable: false });
    this.nodes.adopt(tree, which);
    this.root = applied.root;
  }
}

const hash = crypto.sha256(new Uint8Array(0));
const state: IndexedState = {
  epoch: 0,
  status: 'held',
  ownershipId: hash,
  ownershipAtMs: 1_767_225_600_000,
  authority: hash,
  recovery: hash,
  lock: false,
  email: null,
  seq: 0,
  entryId: hash,
  commitment: hash,
  endsAtMs: null,
};

/** Labels in their order, made when they are asked for: a million arrays would slow the collector. */
class SortedLabels {
  readonly #heads: Float64Array;

  constructor(count: number) {
    this.#heads = Float64Array.from({ length: count }, () => randomInt(2 ** 48 - 1)).sort();
  }

  get count(): number {
    return this.#heads.length;
  }

  at(place: number): Uint8Array {
    const head = Buffer.alloc(6);
    head.writeUIntBE(this.#heads[place]!, 0, 6);
    const label = crypto.sha256(head);
    label.set(head);
    return label;
  }
}

async function buildAll(index: DiskIndex, labels: SortedLabels): Promise<void> {
  for (let start = 0; start < labels.count; start += buildBatch) {
    const size = Math.min(buildBatch, labels.count - start);
    await index.update(
      Array.from({ length: size }, (_, place) => labels.at(start + place)),
      0,
    );
  }
}

function drawLabels(labels: SortedLabels): Uint8Array[] {
  const drawn = new Set<number>();
  while (drawn.size < updateBatch) drawn.add(randomInt(labels.count));
  return [...drawn].map((place) => labels.at(place));
}

const checkKey = crypto.ed25519Signer(new Uint8Array(32).fill(1));
/** As long as the signed part of an update. */
const checkMessage = new Uint8Array(330);
const checkSignature = checkKey.sign(checkMessage);

function checkSignatures(): void {
  for (let count = 0; count < updateBatch; count++) {
    if (!crypto.ed25519Verify(checkMessage, checkSignature, checkKey.publicKey)) {
      throw new Error('unverified');
    }
  }
}

/** Microseconds of CPU of an update and of a check, in turns, so that both see the same machine. */
async function measureUpdates(
  index: DiskIndex,
  labels: SortedLabels,
): Promise<{ update: number; check: number }> {
  const batches = Array.from({ length: updateBatchCount }, () => drawLabels(labels));
  let checks = 0;
  const all = await cpuMicrosecondsOf(async () => {
    for (const [round, drawn] of batches.entries()) {
      await index.update(drawn, warmUpCount + 1 + round);
      const before = process.threadCpuUsage();
      checkSignatures();
      const { user, system } = process.threadCpuUsage(before);
      checks += user + system;
    }
    await untilIdle();
  });
  const count = updateBatchCount * updateBatch;
  return { update: (all - checks) / count, check: checks / count };
}

/** Waits for the store to have done what it does after the last batch. */
async function untilIdle(): Promise<void> {
  for (let cpu = Infinity; cpu > idleMicroseconds;) {
    cpu = await cpuMicrosecondsOf(() => setTimeout(idleMs));
  }
}

/** CPU time of all threads of this process, the store's and the collector's included. */
async function cpuMicrosecondsOf(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** Makes proofs of labels that are there and of others in turns, and verifies the latter. */
function measureProofs(index: DiskIndex, labels: SortedLabels): { msP99: number; bytes: number } {
  const times: number[] = [];
  let bytes = 0;
  for (let round = 0; round < proofCount; round++) {
    const present = labels.at(randomInt(labels.count));
    const label = round % 2 === 0 ? present : crypto.sha256(present);
    const waitedBefore = waitedMs();
    const before = performance.now();
    const proof = encodeIndexProof(proveIndexLabel(label, index.nodes.read, crypto));
    const took = performance.now() - before;
    times.push(took - (waitedMs() - waitedBefore));
    bytes = Math.max(bytes, proof.length);
    if (round % 2 === 1) verifyAbsence(index, label, proof);
  }
  return { msP99: percentile(times, 0.99), bytes };
}

/**
 * How long this thread has waited for a core so far: others' work is none of a proof. The kernel counts CPU of
 * threads by ticks of some milliseconds, which is too coarse.
 */
function waitedMs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6;
}

function verifyAbsence({ root }: DiskIndex, label: Uint8Array, proof: Uint8Array): void {
  const verdict = verifyIndexProof({ root, label, stateHash: null, proof }, crypto);
  if (verdict.verdict !== 'accept') throw new Error(verdict.code);
}
