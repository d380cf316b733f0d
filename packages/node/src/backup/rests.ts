/**
 * Rests of a process that works behind all others. Its class of the scheduler is not enough: where both cores
 * have something to do, a thread that wakes up to answer a datagram may be queued on the other of them, or
 * wait for the next tick, four milliseconds. Stretches of half a millisecond, in which no more than half of the
 * time is computed, leave room at once. What the disk or others made us wait for counts as rest.
 */

const stretchMs = 0.5;
const neverWoken = new Int32Array(new SharedArrayBuffer(4));

/** Call `ifDue` between pieces of work that take far less than a stretch. */
export class Rests {
  #endedAtMs: number = performance.now();
  #usedUs: number = usedUs();

  /** Sleeps until half of the time since the last rest was not computed; timers of Node are too coarse for it. */
  ifDue(): void {
    const elapsedMs = performance.now() - this.#endedAtMs;
    if (elapsedMs < stretchMs) return;
    const usedMs = (usedUs() - this.#usedUs) / 1000;
    const waitedMs = elapsedMs - usedMs;
    if (waitedMs < usedMs) Atomics.wait(neverWoken, 0, 0, usedMs - waitedMs);
    this.#endedAtMs = performance.now();
    this.#usedUs = usedUs();
  }
}

/** Processor time of all threads so far. */
function usedUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
