/**
 * A process that replays a folder, as `callbook audit replay --offline` does, or does nothing but verify
 * on all cores, and says what that took: CPU time of all threads, and memory at its peak.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  CacheFolder,
  replayAndNote,
  reportPage,
  storedCharters,
  transparencyOf,
} from '@callbook/auditor';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';

/** What one replay took. */
export interface AuditResult {
  readonly leaves: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly rssMiB: number;
  readonly violations: number;
  readonly bindings: number;
  readonly reportBytes: number;
  /** Entries that the report tells of. */
  readonly reported: number;
}

/** Verifications a second of CPU, and of time with all cores. */
export interface RawResult {
  readonly perCpuSecond: number;
  readonly perSecond: number;
}

const rawEach = 20_000;
const [what, folder] = process.argv.slice(2);
process.stdout.write(
  `${JSON.stringify(what === 'raw' ? await verifyRaw(rawEach) : await replayed())}\n`,
);

async function replayed(): Promise<AuditResult> {
  const started = performance.now();
  const cpuBefore = process.cpuUsage();
  const { result, history } = await replayAndNote({
    path: folder!,
    offline: true,
    crypto,
    nowMs: () => Date.now(),
    random: { bytes: (size) => new Uint8Array(size) },
  });
  const { user, system } = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - started) / 1000;
  const rssMiB = peakMiB();
  const charters = storedCharters({ folder: new CacheFolder(folder!), crypto });
  const transparency = transparencyOf(history, charters)!;
  const kinds = transparency.members.flatMap(({ entries }) => Object.values(entries));
  return {
    leaves: result.leaves,
    cpuSeconds: (user + system) / 1e6,
    seconds,
    rssMiB,
    violations: result.violationCount,
    bindings: result.bindings,
    reportBytes: Buffer.byteLength(reportPage(transparency, history)),
    reported: kinds.reduce((sum, count) => sum + count, 0),
  };
}

/** Verifies on all cores at once; the threads have started before the clock does. */
async function verifyRaw(count: number): Promise<RawResult> {
  const threads = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL('raw-verifier-worker.ts', import.meta.url)),
  );
  const answers = (orders: number): Promise<unknown> =>
    Promise.all(
      threads.map((thread) => {
        const answer = Promise.withResolvers<unknown>();
        thread.once('message', answer.resolve);
        thread.once('error', answer.reject);
        thread.postMessage(orders, []);
        return answer.promise;
      }),
    );
  await answers(1000);
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  await answers(count / threads.length);
  const used = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  await Promise.all(threads.map((thread) => thread.terminate()));
  return { perCpuSecond: count / ((used.user + used.system) / 1e6), perSecond: count / seconds };
}

/** The process's largest resident memory (proc(5): VmHWM). */
function peakMiB(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line![1]) / 1024;
}
