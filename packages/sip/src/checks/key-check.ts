/** Whether a number publishes a key, as a verdict: yes, proven no, or not to be known now. */
import type { Found } from '../directory/bridge-directory.ts';
import type { DirectoryKey } from '../directory/record-kinds.ts';
import { acceptUntil, refuse, type CheckVerdict } from '../verdict.ts';

export function judgeKey(
  found: Found<DirectoryKey>,
  spkiDigest: string,
  nowMs: number,
): CheckVerdict {
  if (found.state === 'unavailable') return found;
  if (found.items.has(spkiDigest)) return acceptUntil(found.expiresAtMs, nowMs);
  if (found.disputed.has(spkiDigest)) return { state: 'unavailable', code: 'directory_disagrees' };
  return refuse('key_unpublished');
}
