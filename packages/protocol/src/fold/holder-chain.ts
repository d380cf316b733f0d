/**
 * One holder's time with an identifier: the entry that opened the epoch, the rotates after it and
 * perhaps a release. Questions about a moment in it ("was it locked then?") are answered from the
 * times of its entries alone.
 */
import { compareBytes } from '../bytes.ts';
import type { CharterHolds } from '../charter/charter.ts';
import type { Entry } from '../entry.ts';
import type { CharterSet } from './charter-set.ts';
import { firstValidLeaves } from './entry-time.ts';
import type { LeafMention, MentionedEntry } from './history.ts';

/** An ownership entry that is complete, and its time. */
export interface Timed {
  readonly mentioned: MentionedEntry;
  readonly timeMs: number;
}

/** Never empty; the first opened the epoch, each other follows the one before it. */
export type HolderChain = readonly Timed[];

/** Of two complete entries in a slot the later wins, then the smaller id. */
export function winnerOf(candidates: readonly Timed[]): Timed | undefined {
  return [...candidates].sort(
    (a, b) => b.timeMs - a.timeMs || compareBytes(a.mentioned.entryId, b.mentioned.entryId),
  )[0];
}

/** Follows rotates from the entry that opened the epoch to the last one, or to a release. */
export function holderChain(complete: readonly Timed[], opening: Timed): HolderChain {
  const chain = [opening];
  for (;;) {
    const last = chain.at(-1)!;
    const winner = winnerOf(complete.filter(({ mentioned: { entry } }) => succeeds(entry, last)));
    if (winner === undefined) return chain;
    chain.push(winner);
  }
}

function succeeds(entry: Entry, previous: Timed): boolean {
  return (entry.kind === 'rotate' || entry.kind === 'release') && follows(entry, previous);
}

/** True when `entry` names `previous` as the one it builds on. */
export function follows(entry: Entry, previous: Timed): boolean {
  return entry.prev !== null && compareBytes(entry.prev, previous.mentioned.entryId) === 0;
}

/** The last entry of the chain at a moment; the opening for moments before it. */
export function inForceAt(chain: HolderChain, timeMs: number): Timed {
  return chain.findLast((timed) => timed.timeMs <= timeMs) ?? chain[0]!;
}

/** Locking acts at once; unlocking takes effect `unlockMs` after the entry that says so. */
export function lockedAt(chain: HolderChain, timeMs: number, unlockMs: number): boolean {
  return chain.some((timed, position) => {
    if (!timed.mentioned.entry.lock || timed.timeMs > timeMs) return false;
    const unlocking = ownersOf(chain.slice(position + 1)).find(
      ({ mentioned }) => !mentioned.entry.lock,
    );
    return unlocking === undefined || unlocking.timeMs + unlockMs > timeMs;
  });
}

/** The e-mail commitment that counts at a moment: a changed one takes effect `emailChangeMs` later. */
export function emailAt(
  chain: HolderChain,
  timeMs: number,
  emailChangeMs: number,
): Uint8Array | null {
  let [email] = ownersOf(chain).map(({ mentioned }) => mentioned.entry.email);
  for (const { mentioned, timeMs: changedMs } of ownersOf(chain).slice(1)) {
    if (changedMs + emailChangeMs <= timeMs) email = mentioned.entry.email;
  }
  return email!;
}

/** A release carries no terms of its own: those of the entry it follows stay in force. */
function ownersOf(chain: readonly Timed[]): readonly Timed[] {
  return chain.filter(({ mentioned }) => mentioned.entry.kind !== 'release');
}

/** The end of the chain's release: its pause gives whoever did not make it time to act. */
export function releaseEndsAtMs(chain: HolderChain, charters: CharterSet): number {
  const { mentioned, timeMs } = chain.at(-1)!;
  const hold = longestHold([mentioned], charters);
  const locked = lockedAt(chain, timeMs, hold('unlockMs'));
  return timeMs + (locked ? hold('lockedMs') : hold('releaseMs'));
}

/**
 * The longest of a hold in the charters that counted leaves of these entries name. A later charter
 * changes nothing that is already logged.
 */
export function longestHold(
  entries: readonly { readonly mentions: readonly LeafMention[] }[],
  charters: CharterSet,
): (name: keyof CharterHolds) => number {
  const leaves = entries.flatMap(({ mentions }) => firstValidLeaves(mentions, charters));
  return (name) => Math.max(...leaves.map(({ known }) => known.charter.holds[name]));
}
