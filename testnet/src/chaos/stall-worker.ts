/** Watches the main thread, and asks it where it is before it ends the process: see `stall-guard.ts`. */
import { readdirSync, readFileSync, writeSync } from 'node:fs';
import { Session } from 'node:inspector';
import type { Debugger } from 'node:inspector';
import { parentPort, workerData } from 'node:worker_threads';
import type { StallBounds } from './stall-guard.ts';

const {
  beats,
  bounds: { residentBytesMax, silentMsMax },
} = workerData as { readonly beats: Int32Array<SharedArrayBuffer>; readonly bounds: StallBounds };
const lookEveryMs = 1000;
/** A main thread that does not even stop for the debugger is ended without. */
const stackMsMax = 5000;

let seen = -1;
let seenAtMs = performance.now();

const looking = setInterval(() => {
  const nowMs = performance.now();
  const beat = Atomics.load(beats, 0);
  if (beat !== seen) [seen, seenAtMs] = [beat, nowMs];
  const isSilent = nowMs - seenAtMs > silentMsMax;
  const residentBytes = process.memoryUsage.rss();
  if (!isSilent && residentBytes <= residentBytesMax) return;
  clearInterval(looking);
  const mebibytes = Math.round(residentBytes / 2 ** 20);
  writeSync(2, `this process ${isSilent ? 'hangs' : 'grows'}, ${mebibytes} MiB; it is at\n`);
  setTimeout(end, stackMsMax);
  tellStack();
}, lookEveryMs);
parentPort!.postMessage('watching', []);

function tellStack(): void {
  const session = new Session();
  session.connectToMainThread();
  session.on('Debugger.paused', ({ params }) => {
    writeSync(2, `${params.callFrames.map(describeFrame).join('\n')}\n`);
    end();
  });
  session.post('Debugger.enable', () => session.post('Debugger.pause'));
}

function describeFrame({ functionName, url, location }: Debugger.CallFrame): string {
  return `    ${functionName} ${url}:${location.lineNumber + 1}`;
}

/** The members too: they would be nobody's. */
function end(): void {
  const tasks = `/proc/${process.pid}/task`;
  const children = readdirSync(tasks).flatMap((task) =>
    readFileSync(`${tasks}/${task}/children`, 'latin1').trim().split(' '),
  );
  for (const child of children.filter(Boolean)) process.kill(Number(child), 'SIGKILL');
  process.kill(process.pid, 'SIGKILL');
}
