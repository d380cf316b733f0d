/**
 * What cosigning costs: CPU of a member for each checkpoint of another log that it cosigns (proof,
 * root of its own leaves, flush, signature), for each that it takes in as agreed, and of the log's
 * member for gathering; everything but the socket. A log's checkpoints become agreed at most four
 * times a second, however many leaves they cover: so the sum is held against a second of one core.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cosignerKeyOf, mergeCheckpointNotes, verifyCosignature } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { memoryStore, openLevelStore } from '@callbook/replication';
import type { LogBatch, Replica } from '@callbook/replication';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import {
  logAll,
  openSyntheticReplica,
  pagesFrom,
  SyntheticHolder,
} from './synthetic-federation.ts';

/** A checkpoint over each ten leaves: enough of them that the code is warm. */
const holderCount = 2000;
const roundCount = 200;
/** Members in the largest federation that the design measures, and agreed checkpoints a second. */
const otherLogs = 4;
const agreedPerSecond = 4;

/** Measures the CPU of cosigning. */
export async function benchCosign(say: (line: string) => void): Promise<Measurement[]> {
  say(`signing a log in ${roundCount} steps`);
  const alpha = await openSyntheticReplica('alpha', memoryStore());
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const store = await openLevelStore(folder, { cacheBytes: 64 << 20 });
  const beta = await openSyntheticReplica('beta', store);
  try {
    const costs = await measureRounds(alpha, beta);
    const perSecond =
      otherLogs * agreedPerSecond * (costs.cosign + costs.agreed) +
      agreedPerSecond * otherLogs * costs.gather;
    return [
      measured({ name: 'cosign a checkpoint', value: costs.cosign, unit: 'µs of CPU' }),
      measured({ name: 'take in an agreed checkpoint', value: costs.agreed, unit: 'µs of CPU' }),
      measured({ name: 'ask for a cosignature', value: costs.gather, unit: 'µs of CPU' }),
      measured({
        name: 'cosigning among five under load',
        value: perSecond / 1e6,
        unit: 'of a core',
        goal: '<= 0.03',
      }),
    ];
  } finally {
    await alpha[Symbol.asyncDispose]();
    await beta[Symbol.asyncDispose]();
    await store.close();
    await rm(folder, { recursive: true });
  }
}

interface Costs {
  /** Each in microseconds. */
  readonly cosign: number;
  readonly agreed: number;
  readonly gather: number;
}

async function measureRounds(alpha: Replica, beta: Replica): Promise<Costs> {
  const holders = Array.from({ length: holderCount }, (_, n) => new SyntheticHolder(n));
  const registers = await Promise.all(holders.map((holder) => holder.register()));
  const costs = { cosign: 0, agreed: 0, gather: 0 };
  const step = Math.ceil(holderCount / roundCount);
  const cosignerKey = cosignerKeyOf(beta.membership.byName('beta')!.logKey);
  const gathered: string[] = [];
  for (let first = 0; first < holderCount; first += step) {
    const before = beta.expectedSize(alpha.origin);
    await logAll(alpha, registers.slice(first, first + step), 'challenged');
    await takeIn(beta, await pagesFrom(alpha, alpha.origin, before));
    // Beta witnesses each of them; that is not what is measured.
    await untilSize(() => beta.signedSize(beta.origin), alpha.signedSize(alpha.origin));
    const checkpoint = alpha.checkpoint(alpha.origin)!;
    const oldSize = beta.cosigning.cosigner.last(alpha.origin).size;
    const newSize = alpha.signedSize(alpha.origin);
    const own = await cosignHere(alpha, checkpoint, newSize);
    let proof: Uint8Array[] = [];
    costs.gather += await cpuOf(async () => {
      proof = alpha.cosigning.consistency(alpha.origin, { oldSize, newSize })!;
    });
    let line = '';
    costs.cosign += await cpuOf(async () => {
      const verdict = await beta.cosigning.cosign({ checkpoint, oldSize, proof });
      line = (verdict.verdict === 'accept' && verdict.value.line) || '';
    });
    costs.gather += await cpuOf(async () => {
      const verdict = verifyCosignature(`${checkpoint}${line}`, cosignerKey, crypto);
      if (verdict.verdict !== 'accept') throw new Error(verdict.code);
    });
    gathered.push(mergeCheckpointNotes([own, `${checkpoint}${line}`]));
  }
  for (const note of gathered) {
    costs.agreed += await cpuOf(async () => {
      const verdict = await beta.cosigning.agreed.offer(note);
      if (verdict.verdict !== 'accept') throw new Error(verdict.code);
    });
  }
  const count = gathered.length;
  return {
    cosign: costs.cosign / count,
    agreed: costs.agreed / count,
    gather: costs.gather / count,
  };
}

async function takeIn(beta: Replica, pages: readonly LogBatch[]): Promise<void> {
  for (const page of pages) {
    const verdict = await beta.ingest(page);
    if (verdict.verdict !== 'accept') throw new Error(verdict.code);
  }
}

async function untilSize(size: () => number, wanted: number): Promise<void> {
  while (size() < wanted) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function cosignHere(alpha: Replica, checkpoint: string, newSize: number): Promise<string> {
  const oldSize = alpha.cosigning.cosigner.last(alpha.origin).size;
  const proof = alpha.cosigning.consistency(alpha.origin, { oldSize, newSize })!;
  const verdict = await alpha.cosigning.cosign({ checkpoint, oldSize, proof });
  if (verdict.verdict !== 'accept' || verdict.value.line === undefined) throw new Error('no line');
  return `${checkpoint}${verdict.value.line}`;
}

/** CPU time of all threads of this process, the store's included, in microseconds. */
async function cpuOf(run: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
