/**
 * One member of the replication bench in a process of its own: the production replica on disk with
 * index, cosigning and mesh, and what drives it, without DNS and API. It does what the bench tells it
 * over the channel to its parent. Signing for holders happens before anything is measured.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import {
  createMesh,
  encodeLogBatch,
  openLevelStore,
  parseLogBatch,
  parsePeerKey,
} from '@callbook/replication';
import type { LogBatch, Mesh } from '@callbook/replication';
import { startVerifier } from '@callbook/node/verifier';
import type {
  Folded,
  LogSizes,
  MemberOrders,
  MemberStart,
  OrderAnswer,
  OrderMessage,
  ProofTimes,
  Receipted,
} from './replication-orders.ts';
import {
  logAll,
  memberNames,
  openSyntheticReplica,
  SyntheticHolder,
} from './synthetic-federation.ts';
import type { MadeEntry, MemberName } from './synthetic-federation.ts';

/** Updates under way at a time; each number's are always in the same lane, so that they stay in order. */
const laneCount = 128;
const checkCount = 2000;
const publishedMsMax = 60_000;

const start = JSON.parse(process.argv[2]!) as MemberStart;
const name = start.name as MemberName;
const store = await openLevelStore(start.folder, { cacheBytes: 64 << 20 });
const verifier = startVerifier();
const replica = await openSyntheticReplica(name, store, {
  memberCount: memberNames.length,
  peerIds: start.peerIds,
  verifier,
});
const addresses = new Map<string, readonly string[]>();
const mesh = start.peerKey === undefined ? undefined : await join(start.peerKey);

const holders: SyntheticHolder[] = [];
let signed: MadeEntry[] = [];
const growth: Folded[] = [];
/** Beginning with the leaf that takes up the charter. */
const appended: LogBatch[] = [(await replica.page(replica.origin, 0))!];
replica.onChange(({ origin, size }) => growth.push({ origin, size, atMs: sharedNowMs() }));
replica.onAppend((batch) => appended.push(batch));

const orders: MemberOrders = {
  async connect(all) {
    for (const [other, at] of Object.entries(all)) addresses.set(other, at);
    while (mesh!.connected().length < memberNames.length - 1) await sleep(20);
  },
  addresses: async () => mesh!.addresses(),
  async register(count) {
    const first = memberNames.indexOf(name) * 100_000;
    for (let n = 0; n < count; n++) holders.push(new SyntheticHolder(first + n));
    const made = await Promise.all(holders.map((one) => one.register()));
    await logAll(replica, made, 'challenged');
    return made;
  },
  challenge: async (made) => await logAll(replica, made, 'challenged'),
  async published() {
    const giveUpMs = performance.now() + publishedMsMax;
    while (holders.some(({ digits }) => replica.bindings.byDigits(digits) === undefined)) {
      if (performance.now() > giveUpMs) throw new Error('numbers are not published');
      await sleep(50);
    }
  },
  sizes: async () => sizesNow(),
  async reach(sizes) {
    while (Object.entries(sizes).some(([origin, size]) => (sizesNow()[origin] ?? 0) < size)) {
      await sleep(5);
    }
  },
  async sign(count) {
    signed = [];
    for (let n = 0; n < count; n++) signed.push(await holders[n % holders.length]!.update());
  },
  async logAll() {
    await Promise.all(Array.from({ length: laneCount }, (_, lane) => logLane(lane)));
  },
  logPaced,
  folded: async () => growth.splice(0),
  async cpuMicroseconds() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  async checkMicroseconds() {
    return (await cpuOf(checkSignatures)) / checkCount;
  },
  prove,
  batches: async () => appended.splice(0).map((batch) => encodeLogBatch(batch)),
  async take(batches) {
    return await cpuOf(async () => {
      for (const bytes of batches) await takeOne(bytes);
    });
  },
  async stop() {
    await mesh?.[Symbol.asyncDispose]();
    await replica[Symbol.asyncDispose]();
    await verifier?.[Symbol.asyncDispose]();
    await store.close();
  },
};

process.on('message', (message) => void obey(message as OrderMessage));
process.on('disconnect', () => process.exit());
process.send?.('ready');

async function obey({ id, order, argument }: OrderMessage): Promise<void> {
  let answer: OrderAnswer;
  try {
    const run = orders[order] as (given: unknown) => Promise<unknown>;
    answer = { id, result: await run(argument) };
  } catch (error) {
    answer = { id, error: String(error) };
  }
  process.send?.(answer, () => {
    if (order === 'stop') process.disconnect?.();
  });
}

async function join(peerKey: string): Promise<Mesh> {
  return await createMesh({
    replica,
    crypto,
    peerKey: parsePeerKey(Uint8Array.fromBase64(peerKey)),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    gossip: true,
    addressesOf: (other) => addresses.get(other) ?? [],
  });
}

function sizesNow(): LogSizes {
  return Object.fromEntries(replica.logSizes().map(({ origin, size }) => [origin, size]));
}

/** The machine's monotonic clock: the same in all its processes. */
function sharedNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

async function logOne(made: MadeEntry): Promise<number> {
  const verdict = await replica.log({ ...made, role: 'received' });
  if (verdict.verdict !== 'accept') throw new Error(`${verdict.code}: ${verdict.message}`);
  return verdict.value.index;
}

async function logLane(lane: number): Promise<void> {
  for (let n = lane; n < signed.length; n += laneCount) await logOne(signed[n]!);
}

async function logPaced(perSecond: number): Promise<readonly Receipted[]> {
  const receipts: Promise<Receipted>[] = [];
  const startMs = performance.now();
  for (const [n, made] of signed.entries()) {
    const waitMs = startMs + (n * 1000) / perSecond - performance.now();
    if (waitMs > 1) await sleep(waitMs);
    receipts.push(logOne(made).then((index) => ({ index, atMs: sharedNowMs() })));
  }
  return await Promise.all(receipts);
}

async function takeOne(bytes: Uint8Array): Promise<void> {
  const batch = parseLogBatch(bytes);
  if (batch.verdict !== 'accept') throw new Error(batch.code);
  const verdict = await replica.ingest(batch.value);
  if (verdict.verdict !== 'accept') throw new Error(`${verdict.code}: ${verdict.message}`);
}

async function cpuOf(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

async function checkSignatures(): Promise<void> {
  const signer = crypto.ed25519Signer(new Uint8Array(32).fill(1));
  /** As long as the signed part of an update. */
  const message = new Uint8Array(330);
  const signature = signer.sign(message);
  for (let n = 0; n < checkCount; n++) {
    if (!crypto.ed25519Verify(message, signature, signer.publicKey)) throw new Error('unverified');
  }
}

async function prove(count: number): Promise<ProofTimes> {
  const times: number[] = [];
  let [indexProofBytes, answerBytes] = [0, 0];
  for (let n = 0; n < count; n++) {
    // Numbers that are held and numbers that nobody has, in turns.
    const position = n % 2 === 0 ? n % holders.length : 900_000 + n;
    const digits = n % 2 === 0 ? holders[position]!.digits : `4915${100_000_000 + position}`;
    const before = performance.now();
    const proof = await replica.proveIdentifiers([`tel:+${digits}`]);
    const answer = JSON.stringify(proof, base64Bytes);
    times.push(performance.now() - before);
    const binding = proof?.bindings[0];
    if (binding === undefined) throw new Error('no proof');
    if ((binding.state !== null) !== (n % 2 === 0))
      throw new Error('the proof is of something else');
    indexProofBytes = Math.max(indexProofBytes, binding.indexProof.length);
    answerBytes = Math.max(answerBytes, answer.length);
  }
  return { times, indexProofBytes, answerBytes };
}

/** As the API writes bytes. */
function base64Bytes(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const bytes = this[key];
  return bytes instanceof Uint8Array ? Buffer.from(bytes).toString('base64url') : value;
}
