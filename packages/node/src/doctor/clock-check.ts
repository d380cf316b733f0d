/**
 * Whether this machine's clock agrees with those of the other members, by the `Date` of their APIs. What
 * is signed has times in it, and capsules and tokens are refused that seem minutes old.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { boundedGet } from '../commands/bounded-get.ts';
import { systemClock } from '../system-ports.ts';
import type { Finding, Patient } from './doctor.ts';
import { otherMembers } from './peer-check.ts';

const askMsMax = 5000;
/** `Date` is cut to the second, and the way takes time. */
const offMsOk = 3000;
/** Capsules are refused at five minutes. */
const offMsMax = 60_000;

/** One finding. */
export async function checkClock(patient: Patient): Promise<Omit<Finding, 'check'>[]> {
  const others = otherMembers(patient);
  if (others.length === 0) return [unknown('the charter has no other member to compare it with')];
  const asked = await Promise.all(others.map(async ({ api }) => await offsetMs(api, patient.ca)));
  const offsets = asked.filter((offset) => offset !== undefined).sort((a, b) => a - b);
  if (offsets.length === 0) return [unknown('no other member answers to compare it with')];
  // One member may be wrong: the middle one counts.
  const off = offsets[Math.floor((offsets.length - 1) / 2)]!;
  const seconds = Math.round(Math.abs(off) / 1000);
  const found = `${seconds} s ${off < 0 ? 'behind' : 'ahead of'} the clocks of ${offsets.length} other members`;
  if (Math.abs(off) <= offMsOk) return [{ state: 'ok', found }];
  const next = 'set it by the network: timedatectl set-ntp true, then timedatectl';
  return [{ state: Math.abs(off) > offMsMax ? 'fail' : 'warn', found, next }];
}

/** How far this clock is ahead; undefined when the member does not say. */
async function offsetMs(api: string, ca: string | undefined): Promise<number | undefined> {
  for (const pauseMs of [0, 200]) {
    await sleep(pauseMs);
    try {
      const askedAtMs = systemClock.nowMs();
      const { dateMs } = await boundedGet(`${api}/healthz`, { ca, msMax: askMsMax });
      const middleMs = (askedAtMs + systemClock.nowMs()) / 2;
      // Cut to the second: half of one is the best guess.
      return dateMs === undefined ? undefined : middleMs - (dateMs + 500);
    } catch {
      continue;
    }
  }
  return undefined;
}

function unknown(found: string): Omit<Finding, 'check'> {
  return { state: 'warn', found, next: 'timedatectl says whether this clock follows the network' };
}
