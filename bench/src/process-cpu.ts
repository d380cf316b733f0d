/**
 * CPU of another process, as the kernel counts it: all its threads, its system calls, and children that have
 * ended.
 */
import { readFileSync } from 'node:fs';

/** USER_HZ, which is 100 wherever Linux runs. */
const ticksPerSecond = 100;

/** Seconds so far; counted in hundredths. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): utime, stime and those of children waited for, cutime and cstime, are fields 14 to 17; the name
  // before them may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
}
