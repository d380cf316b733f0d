/**
 * Meets the roots of other members: a newcomer chooses what it takes in, so it can stop exactly at the
 * vector over which a member has signed a root, and then its own index must have that root. In a
 * quiet federation all vectors are the same and nothing is pulled.
 */
import type { IndexRoot, Verdict } from '@callbook/protocol';
import { accept, assert, bytesEqual, ignore, reject } from '@callbook/protocol';

import { landingRetryMs, landingTriesMax } from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import { askRoot, pullLogs } from './sponsor-copy.ts';
import type { MemberAsked } from './sponsor-copy.ts';

/** Accepted when the index here has the root that the member has signed over the same logs. */
export async function land(asked: MemberAsked, scheduler: Scheduler): Promise<Verdict<void>> {
  let verdict: Verdict<void> = unreached();
  for (let tried = 0; tried < landingTriesMax && verdict.verdict === 'ignore'; tried++) {
    if (tried > 0) await scheduler.delay(landingRetryMs);
    verdict = await tryToLand(asked);
  }
  return verdict;
}

async function tryToLand(asked: MemberAsked): Promise<Verdict<void>> {
  const { replica } = asked;
  const root = await askRoot(asked);
  if (root.verdict !== 'accept') return root;
  // What is stored here cannot be taken back: a root over more will come.
  if (root.value.logs.some(({ origin, size }) => replica.expectedSize(origin) > size)) {
    return unreached();
  }
  const isShort = root.value.logs.some(({ origin, size }) => replica.expectedSize(origin) < size);
  const refusal = isShort ? await pullLogs(asked, root.value) : undefined;
  return refusal ?? (await compareIndex(asked, root.value));
}

/** Compares the index over all that is stored here with a root that a member has signed. */
export async function compareIndex(
  { replica }: Pick<MemberAsked, 'replica'>,
  { root, logs }: IndexRoot,
): Promise<Verdict<void>> {
  await replica.settleIndex();
  const position = replica.indexPosition;
  assert(position !== undefined, 'the index has settled');
  const same = position.logs.every(({ origin, size, root: tree }) => {
    const theirs = logs.find((log) => log.origin === origin);
    return theirs !== undefined && theirs.size === size && bytesEqual(theirs.root, tree);
  });
  if (!same || logs.length !== position.logs.length) return unreached();
  return bytesEqual(position.root, root)
    ? accept(undefined)
    : reject('index_root_differs', 'the labels do not give the root that the member has signed');
}

function unreached(): Verdict<never> {
  return ignore('snapshot_unavailable', 'the root is over other leaves than those that are here');
}
