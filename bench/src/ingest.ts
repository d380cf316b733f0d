/**
 * What a member spends on another member's log: frontier and root, decoding, signature, payload,
 * fold, view and store, everything but the socket. Counted in CPU time of the whole process, and
 * held against the bare signature check of the same entries.
 */
import { globSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { memoryStore, openLevelStore } from '@callbook/replication';
import type { LogBatch } from '@callbook/replication';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { messageKey, signedMessages } from './signed-messages.ts';
import {
  ingestAll,
  logAll,
  openSyntheticReplica,
  pagesFrom,
  SyntheticHolder,
} from './synthetic-federation.ts';

const holderCount = 4000;
const updatesEach = 4;
const roundCount = 3;

interface Recorded {
  readonly registers: readonly LogBatch[];
  readonly witnesses: readonly LogBatch[];
  readonly updates: readonly LogBatch[];
}

interface Round {
  readonly register: number;
  readonly update: number;
  readonly raw: number;
  /** A binding, with the leaves of its register in three logs and of its updates in one. */
  readonly diskBytes: number;
}

/** Measures ingest of updates of known labels, and of registers beside it. */
export async function benchIngest(say: (line: string) => void): Promise<Measurement[]> {
  say(`signing the log of ${holderCount} holders with ${updatesEach} updates each`);
  const recorded = await recordLogs();
  const rounds: Round[] = [];
  for (let round = 1; round <= roundCount; round++) {
    say(`round ${round} of ${roundCount}`);
    rounds.push(await measureRound(recorded));
  }
  const raw = median(rounds.map((round) => round.raw));
  const updates = median(rounds.map((round) => round.update / round.raw)) * raw;
  const registers = median(rounds.map((round) => round.register / round.raw)) * raw;
  const against = { what: 'raw verification, sodium-native, one core', value: raw };
  return [
    measured({
      name: 'ingest update',
      value: updates,
      unit: 'entries/s of CPU',
      against,
      goal: '>= 0.35',
    }),
    measured({ name: 'ingest register', value: registers, unit: 'entries/s of CPU', against }),
    measured({
      name: 'disk per binding with 4 updates',
      value: median(rounds.map((round) => round.diskBytes)),
      unit: 'bytes',
    }),
  ];
}

async function recordLogs(): Promise<Recorded> {
  const alpha = await openSyntheticReplica('alpha', memoryStore());
  const beta = await openSyntheticReplica('beta', memoryStore());
  const holders = Array.from(
    { length: holderCount },
    (_, position) => new SyntheticHolder(position),
  );
  await logAll(alpha, await Promise.all(holders.map((holder) => holder.register())), 'challenged');
  const registers = await pagesFrom(alpha, alpha.origin, 0);
  // Beta witnesses each register as it takes them in.
  await ingestAll(beta, registers);
  await untilSize(() => beta.signedSize(beta.origin), holderCount + 1);
  const witnesses = await pagesFrom(beta, beta.origin, 0);
  await ingestAll(alpha, witnesses);
  const updates: LogBatch[] = [];
  for (let round = 0; round < updatesEach; round++) {
    const before = alpha.signedSize(alpha.origin);
    await logAll(alpha, await Promise.all(holders.map((holder) => holder.update())), 'received');
    // Fetched at once, as other members do: later, superseded payloads would be gone.
    updates.push(...(await pagesFrom(alpha, alpha.origin, before)));
  }
  await alpha[Symbol.asyncDispose]();
  await beta[Symbol.asyncDispose]();
  return { registers, witnesses, updates };
}

async function untilSize(size: () => number, wanted: number): Promise<void> {
  while (size() < wanted) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Entries per second of CPU in a fresh replica on disk, and bare checks beside it. */
async function measureRound(recorded: Recorded): Promise<Round> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const store = await openLevelStore(folder, { cacheBytes: 64 << 20 });
  const gamma = await openSyntheticReplica('gamma', store);
  const registerPages = [...recorded.registers, ...recorded.witnesses];
  const register = new CpuMeter();
  await register.add(holderCount, () => ingestAll(gamma, registerPages));
  // Gamma writes witness leaves of its own for a while; they are not what is measured.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const update = new CpuMeter();
  const raw = new CpuMeter();
  // In turns, page by page, so that both see the same machine: clock, caches and neighbours.
  for (const page of recorded.updates) {
    await update.add(page.leaves.length, () => ingestAll(gamma, [page]));
    await raw.add(page.leaves.length, () => verifyRaw(page.leaves.length));
  }
  await gamma[Symbol.asyncDispose]();
  await store.close();
  const diskBytes = folderBytes(folder) / holderCount;
  await rm(folder, { recursive: true });
  const { perSecond } = update;
  return { register: register.perSecond, update: perSecond, raw: raw.perSecond, diskBytes };
}

async function verifyRaw(count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const { message, signature } = signedMessages[n % signedMessages.length]!;
    if (!crypto.ed25519Verify(message, signature, messageKey)) throw new Error('unverified');
  }
}

/** Counts work against the CPU time of all threads of this process, the store's included. */
class CpuMeter {
  #count = 0;
  #microseconds = 0;

  async add(count: number, run: () => Promise<void>): Promise<void> {
    const before = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(before);
    this.#count += count;
    this.#microseconds += user + system;
  }

  get perSecond(): number {
    return this.#count / (this.#microseconds / 1e6);
  }
}

function folderBytes(folder: string): number {
  const files = globSync('**/*', { cwd: folder });
  return files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}
