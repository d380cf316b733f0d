/**
 * Notices that a number has gone to another provider, or has come here: looks the routes of every account up, once
 * in each period and spread over it. What cannot be looked up changes nothing: an outage closes no account.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { hostOf } from '../checks/sip-uri.ts';
import type { BridgeDirectory } from '../directory/bridge-directory.ts';
import { polledAtOnce } from '../limits.ts';
import type { E164 } from '../number.ts';
import type { AccountDesk } from './account-desk.ts';

export interface PollerOptions {
  readonly desk: AccountDesk;
  readonly directory: BridgeDirectory;
  /** Domains whose routes lead here, in lower case. */
  readonly domains: readonly string[];
  readonly periodMs: number;
  /** Hears how a round went: how many accounts, and of how many nothing was learnt. */
  readonly onRound: (round: { readonly accounts: number; readonly unanswered: number }) => void;
  readonly onDefect: (error: unknown) => void;
}

/** Polls until disposed of. */
export function startPoller(options: PollerOptions): AsyncDisposable {
  const stop = new AbortController();
  const running = pollUntil(stop.signal, options);
  return {
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await running;
    },
  };
}

async function pollUntil(signal: AbortSignal, options: PollerOptions): Promise<void> {
  while (!signal.aborted) {
    try {
      options.onRound(await pollOnce(signal, options));
    } catch (error) {
      options.onDefect(error);
      await pause(options.periodMs, signal);
    }
  }
}

/** One round over all accounts; it takes about a period. */
async function pollOnce(
  signal: AbortSignal,
  options: PollerOptions,
): Promise<{ readonly accounts: number; readonly unanswered: number }> {
  const numbers = options.desk.numbers();
  const batches = Math.max(1, Math.ceil(numbers.length / polledAtOnce));
  let unanswered = 0;
  for (let batch = 0; batch < batches && !signal.aborted; batch += 1) {
    const some = numbers.slice(batch * polledAtOnce, (batch + 1) * polledAtOnce);
    const learnt = await Promise.all(
      some.map(async (number) => await pollAccount(number, options)),
    );
    unanswered += learnt.filter((each) => !each).length;
    await pause(options.periodMs / batches, signal);
  }
  return { accounts: numbers.length, unanswered };
}

/** Returns whether something was learnt. */
export async function pollAccount(
  number: E164,
  { desk, directory, domains }: Pick<PollerOptions, 'desk' | 'directory' | 'domains'>,
): Promise<boolean> {
  const found = await directory.sipRoutes(number);
  if (found.state === 'unavailable' || found.disputed.size > 0) return false;
  const routes = Array.from(found.items.values());
  await desk.noteRoute(
    number,
    routes.some(({ uri }) => domains.includes(hostOf(uri))),
  );
  return true;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
