/** Where others use the processors too, time says nothing of what is tested. */
import { availableParallelism, loadavg } from 'node:os';

export function isQuiet(): boolean {
  return loadavg()[0]! < 2 * availableParallelism();
}
