/**
 * When the memory of a member is washed: as soon as nobody has asked for a while, and after a longer
 * while even if somebody always does. What is asked meanwhile is overwritten by what is asked next,
 * so a busy member forgets without this; it is the last look-up before a quiet night that would stay.
 */

export interface MemoryWashOptions {
  /** Requests of every kind since the start; only whether it moves matters. */
  readonly asked: () => number;
  readonly wash: () => Promise<void>;
  readonly pollMs?: number;
  readonly atLatestMs?: number;
}

/** How long nobody must have asked. */
const quietMsDefault = 2_000;
const atLatestMsDefault = 10 * 60_000;

/** Washes until disposed of. */
export function startMemoryWash(options: MemoryWashOptions): Disposable {
  const { asked, wash, pollMs = quietMsDefault, atLatestMs = atLatestMsDefault } = options;
  // What the start has left is washed away as well: some 70 MiB.
  let washedAt = -1;
  let seen = asked();
  let pollsSinceWash = 0;
  const timer = setInterval(() => {
    const now = asked();
    const isQuiet = now === seen;
    seen = now;
    pollsSinceWash += 1;
    if (now === washedAt || (!isQuiet && pollsSinceWash * pollMs < atLatestMs)) return;
    // Counted before: what comes during the wash is washed next time.
    washedAt = now;
    pollsSinceWash = 0;
    void wash();
  }, pollMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
