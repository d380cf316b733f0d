/**
 * What a member looks for in what it folds: leaves that contradict each other, found in a label's
 * history the moment one more is in it. A suspicion only says where to look; evidence is made of the
 * leaves at those places with their proofs, and `verifyEvidence` has the last word.
 */
import { bytesEqual } from '../bytes.ts';
import { challengedMin } from '../charter/quorum.ts';
import type { CharterSet } from '../fold/charter-set.ts';
import type { LabelHistory, LeafMention, LoggedEntry, MentionedEntry } from '../fold/history.ts';
import { sameSlot } from '../fold/slot.ts';
import { competitorWaitMs } from '../limits.ts';
import { holdMsMin } from './commit-early.ts';
import type { CrossKind, PairKind } from './evidence.ts';
import { activeOrigins, chartersUpTo, dishonestMax, meetsEveryQuorum } from './quorum-bounds.ts';
import { cannotHavePreceded } from './witness-alone.ts';

/** Where a leaf stands. */
export interface LeafPlace {
  readonly origin: string;
  readonly index: number;
}

/** Leaves of which evidence of this kind can be made; the first is that of the accused. */
export interface Suspicion {
  readonly kind: PairKind | CrossKind;
  readonly leaves: readonly [LeafPlace, ...LeafPlace[]];
}

/** What is suspicious about a leaf, in a history that holds it. */
export function suspicionsAbout(
  logged: LoggedEntry,
  history: LabelHistory,
  charters: CharterSet,
): Suspicion[] {
  const { kind } = logged.entry;
  if (kind === 'update') return [];
  return [
    ...slotSuspicions(logged, history),
    ...vetoSuspicions(logged, history),
    ...earlySuspicions(logged, history, charters),
    ...witnessSuspicions(logged, history, charters),
  ];
}

function slotSuspicions(logged: LoggedEntry, { ownership }: LabelHistory): Suspicion[] {
  const others = [...ownership.values()].filter(
    ({ entry, entryId }) => !bytesEqual(entryId, logged.entryId) && sameSlot(entry, logged.entry),
  );
  const tooClose = others
    .flatMap((other) => ofLog(other, logged.origin))
    .filter(({ at }) => Math.abs(at - logged.at) < competitorWaitMs);
  return tooClose.map((other) => ({ kind: 'same_slot', leaves: [other, placeOf(logged)] }));
}

function vetoSuspicions(logged: LoggedEntry, { ownership }: LabelHistory): Suspicion[] {
  const { kind, request } = logged.entry;
  if (request === undefined) return [];
  const opposite = kind === 'commit' ? 'veto' : 'commit';
  const others = [...ownership.values()].filter(
    ({ entry }) => entry.kind === opposite && bytesEqual(entry.request!, request),
  );
  const own = others.flatMap((other) => ofLog(other, logged.origin)).map(placeOf);
  return own.map((other) => ({
    kind: 'commit_vetoed',
    leaves: kind === 'commit' ? [placeOf(logged), other] : [other, placeOf(logged)],
  }));
}

/** A late leaf of the request may be the one that convicts a commit, so both are looked at. */
function earlySuspicions(
  logged: LoggedEntry,
  { ownership }: LabelHistory,
  charters: CharterSet,
): Suspicion[] {
  if (logged.entry.kind === 'commit') {
    const request = ownership.get(logged.entry.request!.toHex());
    return request === undefined ? [] : earlyCommit(logged, request, charters);
  }
  const request = ownership.get(logged.entryId.toHex());
  if (logged.entry.kind !== 'request' || request === undefined) return [];
  return [...ownership.values()]
    .filter(({ entry }) => entry.kind === 'commit' && bytesEqual(entry.request!, logged.entryId))
    .flatMap(({ mentions }) => mentions)
    .flatMap((commit) => earlyCommit(commit, request, charters));
}

/** Shows the latest leaves of the request, as few as bound every quorum. */
function earlyCommit(
  commit: LeafMention,
  request: MentionedEntry,
  charters: CharterSet,
): Suspicion[] {
  const span = chartersUpTo(commit, charters);
  if (span.verdict !== 'accept' || request.entry.kind !== 'request') return [];
  const { charters: chain, names } = span.value;
  const shown: LeafMention[] = [];
  const leaves = firstOfEach(request).filter(names);
  for (const leaf of leaves.sort((a, b) => b.at - a.at)) {
    shown.push(leaf);
    if (!meetsEveryQuorum(new Set(shown.map(({ origin }) => origin)), chain)) continue;
    const early = commit.at < leaf.at + holdMsMin(request.entry, chain);
    const places = [placeOf(commit), ...shown.map(placeOf)] as const;
    return early ? [{ kind: 'commit_early', leaves: places }] : [];
  }
  return [];
}

function witnessSuspicions(
  logged: LoggedEntry,
  { ownership }: LabelHistory,
  charters: CharterSet,
): Suspicion[] {
  const known = ownership.get(logged.entryId.toHex());
  if (known === undefined) return [];
  const leaves = firstOfEach(known);
  return leaves
    .filter(({ role }) => role === 'witnessed')
    .flatMap((witness) => lonelyWitness(witness, { known, leaves, charters }));
}

function lonelyWitness(
  witness: LeafMention,
  context: {
    readonly known: MentionedEntry;
    readonly leaves: readonly LeafMention[];
    readonly charters: CharterSet;
  },
): Suspicion[] {
  const span = chartersUpTo(witness, context.charters);
  if (span.verdict !== 'accept') return [];
  const { charters: chain, names } = span.value;
  const needed = challengedMin(chain.at(-1)!, context.known.entry.kind);
  const clear = context.leaves
    .filter(names)
    .filter(
      (leaf) => leaf.origin !== witness.origin && cannotHavePreceded({ leaf }, { leaf: witness }),
    );
  const excluded = new Set([witness.origin, ...clear.map(({ origin }) => origin)]);
  const left = [...activeOrigins(chain)].filter((origin) => !excluded.has(origin)).length;
  return left + dishonestMax(chain) < needed
    ? [{ kind: 'witness_alone', leaves: [placeOf(witness), ...clear.map(placeOf)] }]
    : [];
}

function ofLog({ mentions }: MentionedEntry, origin: string): LeafMention[] {
  return mentions.filter((mention) => mention.origin === origin);
}

/** The first leaf of each log; mentions are in the order of their positions. */
function firstOfEach({ mentions }: MentionedEntry): LeafMention[] {
  const first = new Map<string, LeafMention>();
  for (const mention of mentions) {
    if (!first.has(mention.origin)) first.set(mention.origin, mention);
  }
  return [...first.values()];
}

function placeOf({ origin, index }: LeafPlace): LeafPlace {
  return { origin, index };
}
