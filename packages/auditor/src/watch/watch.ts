/**
 * The daemon: replays again and again, remembers each run, and tells what is new. It ends when it is
 * stopped, or, if told so, with the first thing that is wrong.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CacheFolder } from '../cache/cache-folder.ts';
import { Findings } from '../findings.ts';
import type { Finding } from '../findings.ts';
import { alertMsMax, findingsShownMax } from '../limits.ts';
import { KindCounter, noteRun } from '../report/run-history.ts';
import type { RunHistory } from '../report/run-history.ts';
import { replay } from '../replay/replay.ts';
import type { ReplayOptions, ReplayResult } from '../replay/replay.ts';

export interface InspectedReplayOptions extends ReplayOptions {
  /** Looks at more than the logs, such as canaries, after each replay that has come to its end. */
  readonly inspect?: ((findings: Findings) => Promise<void>) | undefined;
}

export interface WatchOptions extends InspectedReplayOptions {
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** Gets what is new and grave as JSON, by POST. */
  readonly webhook?: string | undefined;
  readonly endsOnProblem?: boolean;
}

export interface WatchedRun {
  readonly result: ReplayResult;
  readonly history: RunHistory;
  /** Findings that no run before had. */
  readonly news: readonly Finding[];
}

/** Yields a run at a time, or the error that one ended with. */
export async function* watch(
  options: WatchOptions,
): AsyncGenerator<WatchedRun | { error: unknown }> {
  const told = new Set<string>();
  while (!options.signal.aborted) {
    const run = await replayAndNote(options).catch((error: unknown) => ({ error }));
    if ('error' in run) yield run;
    else {
      const news = run.result.findings.filter((finding) => isNew(finding, told));
      const grave = news.filter((finding) => finding.grave);
      if (grave.length > 0) await alert(grave, options);
      yield { ...run, news };
      if (options.endsOnProblem === true && grave.length > 0) return;
    }
    await sleep(options.everyMs, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

/** Replays once and remembers the run. */
export async function replayAndNote(
  options: InspectedReplayOptions,
): Promise<{ readonly result: ReplayResult; readonly history: RunHistory }> {
  const counted = new KindCounter();
  const replayed = await replay({ ...options, onKinds: counted.take });
  const result = await inspected(replayed, options);
  const folder = new CacheFolder(options.path);
  return { result, history: noteRun(folder, result, { counted, atMs: options.nowMs() }) };
}

async function inspected(
  result: ReplayResult,
  { inspect }: InspectedReplayOptions,
): Promise<ReplayResult> {
  if (inspect === undefined) return result;
  const more = new Findings();
  await inspect(more);
  const found = [...result.findings, ...more.all()];
  const findings = found.toSorted((a, b) => Number(b.grave) - Number(a.grave));
  return { ...result, findings, verdict: more.hasGrave ? 'disagree' : result.verdict };
}

function isNew({ code, member, log, index, kind }: Finding, told: Set<string>): boolean {
  const name = [code, member, log, index, kind].join(' ');
  if (told.has(name)) return false;
  if (told.size < toldMax) told.add(name);
  return true;
}

const toldMax = 10_000;

/** An alert that does not arrive is told again by the exit status; the audit goes on. */
async function alert(findings: readonly Finding[], options: WatchOptions): Promise<void> {
  if (options.webhook === undefined) return;
  const body = JSON.stringify({
    v: 1,
    atMs: options.nowMs(),
    findings: findings.slice(0, findingsShownMax),
  });
  const call = options.fetch ?? fetch;
  await call(options.webhook, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(alertMsMax),
    body,
  }).catch(() => undefined);
}
