/** CPU of another process, as the kernel counts it: all its threads, and its system calls. */
import { readFileSync } from 'node:fs';

/** USER_HZ, which is 100 wherever Linux runs. */
const ticksPerSecond = 100;

/** Seconds so far; counted in hundredths. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // proc(5): utime and stime are fields 14 and 15; the name before them may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
