/**
 * What a fold comes upon while it reads leaves, and the evidence that is made of it when all leaves
 * concerned are in the folder. What is suspicious is bounded: a log that is all contradictions gives
 * no more evidence than one with a thousand.
 */
import type { CharterSet, Cryptography, Suspicion } from '@callbook/protocol';
import type { CacheFolder } from '../cache/cache-folder.ts';
import { evidenceOfSuspicion, receiptOf, timeBackAt } from '../evidence-files.ts';
import type { EvidenceContext } from '../evidence-files.ts';
import type { Findings } from '../findings.ts';
import { suspicionsMax } from '../limits.ts';
import type { FetchedLog } from '../sync/fetched-logs.ts';
import type { FoldWatch, SeenKinds } from './fold-engine.ts';
import type { StoredViolation } from './fold-store.ts';
import type { ReplayProgress } from './replay.ts';

interface Listeners {
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
  readonly onKinds?: ((seen: SeenKinds) => void) | undefined;
}

export class SeenLeaves implements FoldWatch {
  readonly #listeners: Listeners;
  readonly suspicions: Suspicion[] = [];
  readonly future: { readonly origin: string; readonly index: number }[] = [];
  #done = 0;
  #total = 0;

  constructor(listeners: Listeners) {
    this.#listeners = listeners;
  }

  /** Says how many leaves there are to fold. */
  expect(count: number): void {
    this.#total = count;
  }

  readonly onLeaves = (count: number): void => {
    this.#done += count;
    const [done, total] = [this.#done, this.#total];
    this.#listeners.onProgress?.({ step: 'folding', done, total });
  };

  readonly onKinds = (seen: SeenKinds): void => this.#listeners.onKinds?.(seen);

  readonly onSuspicions = (found: readonly Suspicion[]): void => {
    this.suspicions.push(...found.slice(0, suspicionsMax - this.suspicions.length));
  };

  readonly onFuture = (origin: string, index: number): void => {
    if (this.future.length < suspicionsMax) this.future.push({ origin, index });
  };
}

interface Faults {
  readonly seen: SeenLeaves;
  readonly violations: readonly StoredViolation[];
  readonly logs: readonly FetchedLog[];
  readonly charters: CharterSet;
}

interface ProvingContext {
  readonly folder: CacheFolder;
  readonly findings: Findings;
  readonly crypto: Cryptography;
}

/** Makes evidence of what the leaves say of those who logged them. */
export async function proveFaults(faults: Faults, context: ProvingContext): Promise<void> {
  const { logs, seen, charters } = faults;
  const back = faults.violations
    .filter(({ code }) => code === 'leaf_time_back')
    .slice(0, suspicionsMax)
    .flatMap(({ log, index }) => {
      const { origin, folder, storedSize } = logs[log]!;
      return timeBackAt(folder, { origin, index }, storedSize) ?? [];
    });
  const memberOf = (origin: string): string => logs.find((log) => log.origin === origin)!.member;
  for (const suspicion of [...seen.suspicions, ...back]) {
    const proven = await evidenceOfSuspicion(suspicion, { ...context, charters });
    if (proven.verdict !== 'accept') continue;
    const { kind, origins, path: evidence } = proven.value;
    const { origin: log, index } = suspicion.leaves.at(kind === 'time_back' ? -1 : 0)!;
    const convicts = origins.map(memberOf);
    const member = memberOf(log);
    context.findings.add({ code: 'rule_broken', member, log, index, kind, evidence, convicts });
  }
  for (const { origin: log, index } of seen.future) {
    const evidence = await keepFuture({ log, index }, { ...context, charters });
    context.findings.add({ code: 'leaf_from_future', member: memberOf(log), log, index, evidence });
  }
}

/** The receipt of a leaf from the future: whoever has a clock can check it. */
async function keepFuture(
  { log, index }: { readonly log: string; readonly index: number },
  context: EvidenceContext,
): Promise<string> {
  const receipt = await receiptOf({ origin: log, index }, context);
  const path = `evidence/future-${encodeURIComponent(log)}-${index}.json`;
  if (receipt === undefined) return path;
  const { leaf, proof, checkpoint } = receipt;
  const hex = { leaf: leaf.toHex(), proof: proof.map((hash) => hash.toHex()) };
  const json = { v: 1, kind: 'leaf_from_future', log, index, ...hex, checkpoint };
  context.folder.write(path, `${JSON.stringify(json, null, 1)}\n`);
  return path;
}
