/**
 * A process that replays a folder, as `callbook audit replay --offline` does, in turns with bare
 * verification on all cores, and says what each took: CPU time of all threads, and memory at its peak.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { replay } from '@callbook/auditor';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';

/** What one replay took, and bare verification beside it. */
export interface AuditResult {
  readonly leaves: number;
  readonly replayCpuSeconds: number;
  readonly replaySeconds: number;
  /** Verifications a second of CPU, and of time with all cores. */
  readonly rawPerCpuSecond: number;
  readonly rawPerSecond: number;
  readonly rssMiB: number;
  readonly violations: number;
}

const rawEach = Number(process.argv[3] ?? 20_000);
const before = await verifyRaw(rawEach);
const started = performance.now();
const cpuBefore = process.cpuUsage();
const result = await replay({
  path: process.argv[2]!,
  offline: true,
  crypto,
  nowMs: () => Date.now(),
  random: { bytes: (size) => new Uint8Array(size) },
});
const { user, system } = process.cpuUsage(cpuBefore);
const replaySeconds = (performance.now() - started) / 1000;
// The threads of the bare verification are of the bench: the peak is read before they start again.
const rssMiB = peakMiB();
const after = await verifyRaw(rawEach);
const measured: AuditResult = {
  leaves: result.leaves,
  replayCpuSeconds: (user + system) / 1e6,
  replaySeconds,
  rawPerCpuSecond: (before.perCpuSecond + after.perCpuSecond) / 2,
  rawPerSecond: (before.perSecond + after.perSecond) / 2,
  rssMiB,
  violations: result.violationCount,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);

/** Verifies on all cores at once; the threads have started before the clock does. */
async function verifyRaw(
  count: number,
): Promise<{ readonly perCpuSecond: number; readonly perSecond: number }> {
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
