/**
 * What must be true once all is mended: every honest member has every honest leaf, the same vector
 * gives the same index root at all of them, that root is what the logs say when they are read anew,
 * and what was promised to holders is kept.
 */
import type { CharterSet } from '@callbook/protocol';
import type { BindingState, Identifier, IndexRoot, PublishedBinding } from '@callbook/protocol';
import { bytesEqual, charterSetUpTo, DirectoryError, parseIndexRoot } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import type { Claimant } from './claimant.ts';
import { signedSize } from './stored-leaves.ts';
import { replayLogs } from './full-replay.ts';
import type { Replay } from './full-replay.ts';
import type { Promises } from './promises.ts';
import type { SimulatedMember } from './simulated-member.ts';
import type { UnionOfLogs } from './union-of-logs.ts';
import type { World } from './world.ts';

export interface ConvergenceParts {
  readonly world: World;
  /** The chain as far as it is signed. */
  readonly charters: CharterSet;
  readonly union: UnionOfLogs;
  readonly promises: Promises;
  /** Honest members that are not expelled. */
  readonly members: readonly SimulatedMember[];
  /** Whoever may hold an identifier. */
  readonly claimants: readonly Claimant[];
  /** Logs of liars that show different members different leaves: these need not converge. */
  readonly isForked: (origin: string) => boolean;
  /** True when nobody withholds payloads, so that every member must serve what is in force. */
  readonly isServed: boolean;
  /** True with more liars than the charter tolerates: they can leave a member without enough tellers. */
  readonly mayStayShut: boolean;
}

/** What a member does not serve as it should, and how long after all is mended it may still be so. */
export interface Unserved {
  readonly invariant: 'served' | 'erasure';
  readonly what: string;
  readonly withinMs: number;
}

/** True when every honest member runs and has every leaf that honest members have logged. */
export function isSettled({ members, union }: ConvergenceParts): boolean {
  return members.every(({ engine }) => {
    if (engine === undefined) return false;
    const sizes = sizesOf(engine.replica);
    return members.every(({ origin }) => sizes.get(origin) === union.size(origin));
  });
}

/**
 * What keeps the federation from having converged, in words: a member that is down, leaves that one
 * has and another has not, an index that does not stand where the logs do.
 */
export function stragglers(parts: ConvergenceParts): string[] {
  const { members, union } = parts;
  const [first] = members;
  const expected = first?.engine === undefined ? undefined : sizesOf(first.engine.replica);
  return members.flatMap(({ name, engine }) => {
    if (engine === undefined) return [`${name} does not run`];
    const sizes = sizesOf(engine.replica);
    const behind = [...sizes].filter(([origin, size]) => {
      const cutoff = cutoffOf(origin, parts);
      // Who had leaves above a cut-off keeps them; others take no more of them in.
      if (cutoff !== undefined) return size < cutoff;
      return !isSplit(origin, parts) && size !== (expected?.get(origin) ?? union.size(origin));
    });
    const { version } = engine.replica.membership.charters.current.charter;
    const lacking = members.filter(({ origin }) => sizes.get(origin) !== union.size(origin));
    return [
      ...behind.map(([origin, size]) => `${name} has ${size} leaves of ${origin}`),
      ...lacking.map(({ origin }) => `${name} lacks leaves of ${origin}`),
      ...(version === parts.charters.all.length ? [] : [`${name} is at charter ${version}`]),
      ...(isShut(engine.replica, parts) || isIndexCurrent(engine.replica, parts)
        ? []
        : [`the index of ${name} is behind`]),
    ];
  });
}

/**
 * A log that is forked, or frozen at some member, stops where that member found it out. And a liar that
 * shows one member half of what a checkpoint covers leaves it with leaves that it cannot prove to
 * others: no checkpoint that it holds reaches them.
 */
function isSplit(origin: string, { isForked, members }: ConvergenceParts): boolean {
  return (
    isForked(origin) ||
    members.some(({ engine }) => {
      if (engine === undefined) return false;
      const { replica } = engine;
      const isUnproven = sizesOf(replica).get(origin)! > signedSize(replica.checkpoint(origin));
      return replica.frozen(origin) || isUnproven;
    })
  );
}

function sizesOf(replica: Replica): Map<string, number> {
  return new Map(replica.logSizes().map(({ origin, size }) => [origin, size]));
}

/** A member whose own log nobody confirms signs no index root. */
function isShut({ ownLog }: Replica, { mayStayShut }: ConvergenceParts): boolean {
  return mayStayShut && ownLog.state === 'unconfirmed';
}

function isIndexCurrent(replica: Replica, parts: ConvergenceParts): boolean {
  const root = indexRootOf(replica);
  const sizes = sizesOf(replica);
  const isCurrent = ({ origin, size }: IndexRoot['logs'][number]): boolean =>
    size === Math.min(sizes.get(origin) ?? 0, cutoffOf(origin, parts) ?? Infinity);
  return root?.logs.every(isCurrent) ?? false;
}

/** Where the log of an expelled member ends. */
function cutoffOf(origin: string, { charters }: ConvergenceParts): number | undefined {
  return charters.current.memberByOrigin.get(origin)?.cutoff?.size;
}

function indexRootOf(replica: Replica): IndexRoot | undefined {
  const note = replica.indexRoot;
  if (note === undefined) return undefined;
  const parsed = parseIndexRoot(note.slice(0, note.indexOf('\n\n') + 1));
  return parsed.verdict === 'accept' ? parsed.value : undefined;
}

/**
 * Asserts everything that can be asserted of a federation that has converged. Returns what is not
 * served as it should be yet: missing payloads are fetched, and releases ended, once a second.
 */
export function assertConverged(parts: ConvergenceParts): Unserved[] {
  return parts.members.flatMap((member) => {
    const { engine } = member;
    if (engine === undefined) return [];
    const replay = replayLogs(engine.replica, parts.charters);
    assertReplay(member, replay, parts);
    parts.promises.assertKept(engine.replica, replay, parts.charters);
    assertSameView(member, replay, parts);
    return parts.isServed ? unserved(member, replay, parts) : [];
  });
}

/** Where no log is forked, frozen or withheld, what is complete at all is so at every member. */
function assertSameView(member: SimulatedMember, replay: Replay, parts: ConvergenceParts): void {
  const { union, world } = parts;
  if (isPartial(member, replay, parts)) return;
  for (const idText of union.complete.keys()) {
    if (!replay.complete.has(idText))
      world.violate('receipts', `${member.name} lacks a complete entry`);
  }
}

/** True when a log has leaves that this member has not been shown, or takes in no more. */
function isPartial(
  { engine }: SimulatedMember,
  { leaves }: Replay,
  parts: ConvergenceParts,
): boolean {
  return [...leaves].some(([origin, log]) => {
    const cutoff = cutoffOf(origin, parts);
    if (cutoff !== undefined) return log.length < cutoff;
    // Of a fork it has one branch, as long as the other perhaps; and who lost its disk is told later.
    if (parts.isForked(origin)) return true;
    return engine!.replica.frozen(origin) || log.length !== parts.union.written(origin);
  });
}

function assertReplay(member: SimulatedMember, replay: Replay, parts: ConvergenceParts): void {
  const { world, members, union } = parts;
  const { replica } = member.engine!;
  const root = indexRootOf(replica)?.root;
  if (!isShut(replica, parts) && (root === undefined || !bytesEqual(root, replay.root))) {
    world.violate('replay', `the index of ${member.name} is not what its logs say`);
  }
  for (const { origin } of members) {
    for (const [index, leaf] of replay.leaves.get(origin)!.entries()) {
      const logged = union.leaf(origin, index);
      if (logged === undefined || !bytesEqual(logged, leaf)) {
        world.violate('mirrors', `${member.name} has another leaf ${index} of ${origin}`);
      }
    }
  }
}

/** Look-ups must find what is in force, and nothing where nothing is. */
function unserved(
  member: SimulatedMember,
  { states }: Replay,
  parts: ConvergenceParts,
): Unserved[] {
  return parts.claimants.flatMap(({ identifier, label }): Unserved[] => {
    const state = states.get(label.toHex());
    const found = servedBy(member, identifier);
    if (state === undefined || state.endsAtMs === null) {
      if (bytesOrNothing(found?.entryId) === bytesOrNothing(state?.entryId)) return [];
      if (state !== undefined && isUndone(state, member, parts)) return [];
      const what = `${member.name} does not serve what is in force`;
      return [{ invariant: 'served', what, withinMs: servedMsMax }];
    }
    // In the pause before that it is served, unless the member's clock was ahead for a while.
    const isOver = member.clock.nowMs() - state.endsAtMs > sweptMsMax;
    if (!isOver || found === undefined) return [];
    const what = `${member.name} serves what was released`;
    return [{ invariant: 'erasure', what, withinMs: frozenMsMax + sweptMsMax }];
  });
}

/** What a look-up finds; nothing where the payload is awaited. */
function servedBy(member: SimulatedMember, identifier: Identifier): PublishedBinding | undefined {
  try {
    return member.engine!.replica.bindings.byIdentifier(identifier);
  } catch (error) {
    if (error instanceof DirectoryError && error.code === 'binding_awaited') return undefined;
    throw error;
  }
}

/**
 * True when a charter has undone the entry after this one, of ownership or an update: it was logged by the
 * charter before, when that was over. All had erased what it replaced, so nobody can serve that again.
 */
function isUndone(
  { label, commitment, ownershipId, seq }: BindingState,
  { engine }: SimulatedMember,
  { charters, members }: ConvergenceParts,
): boolean {
  const earlier = charters.all.length - 1;
  if (earlier === 0 || commitment === null) return false;
  const wanted = { label, commitment };
  if (members.some((one) => one.engine?.replica.payloads.held(wanted) !== undefined)) return false;
  const { states } = replayLogs(engine!.replica, charterSetUpTo(charters, earlier));
  const before = states.get(label.toHex());
  if (before === undefined) return false;
  return !bytesEqual(before.ownershipId, ownershipId) || before.seq > seq;
}

/** A payload that a member did not have yet, it is asked for again after a minute. */
const servedMsMax = 70_000;
/** A member ends releases once a second, */
const sweptMsMax = 3000;
/** and may have been frozen for so long just before all was mended. */
const frozenMsMax = 8000;

function bytesOrNothing(bytes: Uint8Array | undefined): string {
  return bytes?.toHex() ?? '';
}
