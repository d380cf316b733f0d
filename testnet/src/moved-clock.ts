/**
 * Loaded before anything else by members and commands of a test that sets their clock: it shows what
 * the machine's does and as many milliseconds more as a file says, from 10 ms after it says so.
 * Timers are left alone, and so is the time by which OpenSSL judges certificates.
 */
import { readFileSync } from 'node:fs';

const file = process.env['MOVED_CLOCK_FILE']!;
const RealDate = globalThis.Date;
const readEveryMs = 10;
let moved = { ms: 0, readAtMs: -readEveryMs };

function movedMs(): number {
  const nowMs = performance.now();
  if (nowMs - moved.readAtMs >= readEveryMs) {
    moved = { ms: Number(readFileSync(file, 'latin1')), readAtMs: nowMs };
  }
  return moved.ms;
}

class MovedDate extends RealDate {
  constructor(...args: ConstructorParameters<typeof Date> | []) {
    if (args.length === 0) super(MovedDate.now());
    else super(...args);
  }

  static override now(): number {
    return RealDate.now() + movedMs();
  }
}

globalThis.Date = MovedDate as DateConstructor;
