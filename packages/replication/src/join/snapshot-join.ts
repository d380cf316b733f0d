/**
 * Joins the federation by a snapshot, before the member itself is there: nothing is served, written
 * or signed until this is done, and when it is, the store looks as if all had come leaf by leaf.
 *
 * 1. One sponsor gives logs and labels (`sponsor-copy.ts`), and the index over them must have the root
 *    that it has signed.
 * 2. The roots of others are met until a quorum, sponsor and newcomer included, agrees (`landing.ts`).
 *
 * A sponsor that lies is reported, the store is wiped and another is tried. So it is after a crash, at
 * any point: the mark is on disk before the first row and is erased, flushed, after the last; while it
 * is there the store is worth nothing. To resume would save an hour at best and would have to prove
 * which batches have survived; to begin again is always right. What is not wiped (cosigned checkpoints,
 * charters, evidence, a contradiction of our own log) is none of a snapshot's and must not be forgotten.
 */
import type { Refusal, Verdict, VerdictCode } from '@callbook/protocol';
import { accept, DirectoryError, ignore } from '@callbook/protocol';

import { othersToHear } from '../charter/others-to-hear.ts';
import { joinHearMs, joinLeavesMin, joinPollMs, joinRetryMs, joinRoundsMax } from '../limits.ts';
import type { Network } from '../network/network.ts';
import { createReplica } from '../replica.ts';
import type { Replica } from '../replica.ts';
import type { ReplicaOptions } from '../replica-parts.ts';
import { systemScheduler } from '../scheduler.ts';
import type { Store } from '../store/store.ts';
import { tailProtocol } from '../tail/tail-messages.ts';
import { TailReader } from '../tail/tail-reader.ts';
import { compareIndex, land } from './landing.ts';
import { copyFrom } from './sponsor-copy.ts';
import type { MemberAsked } from './sponsor-copy.ts';
import { isFresh, isMarked, mark, unmark, wipe } from './store-wipe.ts';

export interface SnapshotJoinOptions {
  readonly replica: Omit<ReplicaOptions, 'indexed' | 'ownLogConfirmed' | 'ownershipOnly'>;
  readonly network: Network;
  /** Hears of each member that could not be used, and why. */
  readonly onRefused: (memberName: string, code: VerdictCode) => void;
}

/** Whether nothing of any log is stored, or only the half of a snapshot. */
export async function needsJoin(store: Store): Promise<boolean> {
  return isMarked(store) || (await isFresh(store));
}

/** Makes a store whole that a crash has left half filled, for a member that begins by the logs. */
export async function clearJoin(store: Store): Promise<void> {
  if (!isMarked(store)) return;
  await wipe(store);
  await unmark(store);
}

/** Fills the store; false, with the store empty again, when no quorum agrees on a snapshot. */
export async function joinBySnapshot(options: SnapshotJoinOptions): Promise<boolean> {
  const { network, onRefused } = options;
  const { store, scheduler = systemScheduler } = options.replica;
  await mark(store);
  for (let round = 0; round < joinRoundsMax; round++) {
    if (round > 0) await scheduler.delay(joinRetryMs);
    await hearPeers(options);
    for (const sponsor of network.connected()) {
      await wipe(store);
      const joined = await attempt(sponsor, options);
      if (joined.verdict === 'accept') {
        await unmark(store);
        return true;
      }
      onRefused(sponsor, joined.code);
    }
  }
  await clearJoin(store);
  return false;
}

/**
 * Tells whether the logs are so long, all together, that a snapshot is quicker. The lengths are signed
 * by the logs' own members, so nobody can make them longer.
 */
export async function isFarBehind(
  options: Pick<SnapshotJoinOptions, 'replica' | 'network'>,
  leavesMin: number = joinLeavesMin,
): Promise<boolean> {
  const { network } = options;
  await hearPeers(options);
  await using replica = await createReplica(options.replica);
  for (const name of network.connected()) {
    await orRefused(() => learnFrom(name, { network, replica }));
    const sizes = replica.logSizes().map(({ origin }) => replica.signedSize(origin));
    if (sizes.reduce((sum, size) => sum + size, 0) >= leavesMin) return true;
  }
  return false;
}

async function learnFrom(
  name: string,
  { network, replica }: Pick<MemberAsked, 'network' | 'replica'>,
): Promise<Verdict<void>> {
  const reader = new TailReader(await network.open(name, tailProtocol), replica);
  try {
    const checkpoints = await reader.checkpoints();
    if (checkpoints?.verdict !== 'accept') return checkpoints ?? accept(undefined);
    for (const [origin, note] of checkpoints.value) replica.learn(origin, note);
    return accept(undefined);
  } finally {
    reader.abort();
  }
}

/** Waits until somebody is connected, and no longer than that takes. */
async function hearPeers({
  network,
  replica,
}: Pick<SnapshotJoinOptions, 'replica' | 'network'>): Promise<void> {
  const { scheduler = systemScheduler } = replica;
  for (let waitedMs = 0; waitedMs < joinHearMs; waitedMs += joinPollMs) {
    if (network.connected().length > 0) return;
    await scheduler.delay(joinPollMs);
  }
}

async function attempt(sponsor: string, options: SnapshotJoinOptions): Promise<Verdict<void>> {
  return orRefused(async () => {
    const asked = (replica: Replica): MemberAsked => {
      return { ...options, replica, memberName: sponsor, crypto: options.replica.crypto };
    };
    const copied = await withReplica({ ...options.replica, ownershipOnly: true }, (replica) =>
      copyFrom(asked(replica)),
    );
    if (copied.verdict !== 'accept') return copied;
    // Opened anew, it builds the index in bulk from what is stored.
    return withReplica({ ...options.replica, indexed: true }, async (replica) => {
      const compared = await compareIndex({ replica }, copied.value);
      return compared.verdict === 'accept' ? gatherQuorum(asked(replica), options) : compared;
    });
  });
}

/** Meets the roots of others until enough agree. */
async function gatherQuorum(
  asked: MemberAsked,
  { network, onRefused, replica: { scheduler = systemScheduler } }: SnapshotJoinOptions,
): Promise<Verdict<void>> {
  const { charters, members } = asked.replica.membership;
  const { charter } = charters.current;
  // The newcomer's own root is one of the quorum's.
  const needed = othersToHear(charter, members.length - 1);
  let agreeing = 1;
  for (const memberName of network.connected()) {
    if (agreeing >= needed) break;
    if (memberName === asked.memberName) continue;
    const landed = await orRefused(() => land({ ...asked, memberName }, scheduler));
    if (landed.verdict === 'accept') agreeing++;
    else onRefused(memberName, landed.code);
  }
  if (agreeing >= needed) return accept(undefined);
  return ignore('snapshot_unavailable', 'no quorum of members agrees on the snapshot');
}

async function withReplica<T>(
  options: ReplicaOptions,
  use: (replica: Replica) => Promise<T>,
): Promise<T> {
  await using replica = await createReplica(options);
  const result = await use(replica);
  if (replica.failure !== undefined) throw replica.failure;
  return result;
}

/** A member that is lost on the way is as good as one that refuses; a store that fails is not. */
async function orRefused<T>(step: () => Promise<Verdict<T>>): Promise<Verdict<T>> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof DirectoryError && error.code.startsWith('peer_')) return lost;
    throw error;
  }
}

const lost: Refusal = ignore('snapshot_unavailable', 'the connection to the member was lost');
