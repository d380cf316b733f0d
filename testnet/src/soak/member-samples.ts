/**
 * What the processes of the members take while a soak runs, every two seconds: resident memory as the kernel
 * counts it, of which anonymous (heap and all else that the process made) and not (mapped files, the disk's
 * among them); heap, external and store as the member's own metrics say.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosMembers } from '../chaos/chaos-members.ts';
import type { MemberLayout } from '../layout.ts';

/** One look at one member; MiB. */
export interface MemberSample {
  /** Since the run began. */
  readonly atMs: number;
  /** Processes of the member before this one. */
  readonly restarts: number;
  readonly anonymous: number;
  readonly mapped: number;
  readonly heap: number | undefined;
  readonly external: number | undefined;
  readonly store: number | undefined;
}

const everyMs = 2000;
const metricsMsMax = 1500;

export class MemberSamples implements AsyncDisposable {
  readonly of: ReadonlyMap<string, MemberSample[]>;
  readonly #members: ChaosMembers;
  readonly #stop = new AbortController();
  readonly #startedMs: number;
  readonly #running: Promise<unknown>;

  /** Looks until disposed of; `startedMs` is a time of `performance.now()`. */
  constructor(layouts: readonly MemberLayout[], members: ChaosMembers, startedMs: number) {
    this.of = new Map(layouts.map(({ name }) => [name, []]));
    this.#members = members;
    this.#startedMs = startedMs;
    this.#running = Promise.all(layouts.map((layout) => this.#watch(layout)));
    this.#running.catch(() => undefined);
  }

  async #watch(layout: MemberLayout): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const sample = await this.#look(layout);
      if (sample !== undefined) this.of.get(layout.name)!.push(sample);
      await sleep(everyMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #look(layout: MemberLayout): Promise<MemberSample | undefined> {
    const before = this.#members.processOf(layout.name);
    const status = await readFile(`/proc/${before.pid}/status`, 'latin1').catch(() => '');
    const metrics = await readMetrics(layout);
    const anonymous = mebibytesOf(status, 'RssAnon');
    // A process that has just been killed has no memory; one that comes next is another's.
    const { restarts } = this.#members.processOf(layout.name);
    if (anonymous === undefined || restarts !== before.restarts) return undefined;
    return {
      atMs: Math.round(performance.now() - this.#startedMs),
      restarts,
      anonymous,
      mapped: (mebibytesOf(status, 'RssFile') ?? 0) + (mebibytesOf(status, 'RssShmem') ?? 0),
      heap: gaugeOf(metrics, 'callbook_memory_part_mebibytes{part="heap"}'),
      external: gaugeOf(metrics, 'callbook_memory_part_mebibytes{part="external"}'),
      store: gaugeOf(metrics, 'callbook_store_mebibytes'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

function mebibytesOf(status: string, field: string): number | undefined {
  const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}

/** What a member says of itself; nothing while it is down or busy. */
async function readMetrics({ metricsPort }: MemberLayout): Promise<string> {
  try {
    const signal = AbortSignal.timeout(metricsMsMax);
    return await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { signal })).text();
  } catch {
    return '';
  }
}

function gaugeOf(metrics: string, series: string): number | undefined {
  const line = metrics.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
