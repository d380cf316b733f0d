/**
 * The one message of `/callbook/draft/1`: what a member has of charters and draft, and what the other
 * is known to lack. Both sides send it in turn on one stream until neither has anything for the
 * other:
 * `{v: 1, version, base, excluded, held, charter, discards, forks, changes}`.
 */
import type { CborValue, Verdict } from '@callbook/protocol';
import { accept, encodeCbor, isCborMap, membersMax, parseCbor, reject } from '@callbook/protocol';

import {
  charterNoteCharactersMax,
  draftChangeBytesMax,
  draftChangesMax,
  draftDiscardBytesMax,
  draftFrameBytesMax,
  draftNewsChangesMax,
  draftStreamsMax,
} from '../limits.ts';
import { refusalIn } from '../network/refusal-message.ts';
import type { StreamProtocol } from '../network/network.ts';
import type { DraftFork, HeldChanges } from './charter-draft.ts';
import { isHash } from './draft-change.ts';

export const draftProtocol: StreamProtocol = {
  name: '/callbook/draft/1',
  requestBytesMax: draftFrameBytesMax,
  answerBytesMax: draftFrameBytesMax,
  streamsMax: draftStreamsMax,
};

/** What a member has. */
export interface DraftStand {
  /** Newest charter that it has verified, in force or not. */
  readonly version: number;
  /** Hash of that charter, 32 bytes: what the draft follows. */
  readonly base: Uint8Array;
  /** Members of whom it knows a fork. */
  readonly excluded: readonly string[];
  readonly held: readonly HeldChanges[];
}

export interface DraftNews extends DraftStand {
  /** Note of the charter after the newest that the other has. */
  readonly charter: string | null;
  readonly discards: readonly Uint8Array[];
  readonly forks: readonly DraftFork[];
  readonly changes: readonly Uint8Array[];
}

export function encodeDraftNews(news: DraftNews): Uint8Array {
  const { version, base, excluded, held, charter, discards, forks, changes } = news;
  return encodeCbor({ v: 1, version, base, excluded, held, charter, discards, forks, changes });
}

export function parseDraftNews(bytes: Uint8Array): Verdict<DraftNews> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = refusalIn(parsed.value);
  if (refusal !== undefined) return refusal;
  if (!isCborMap(parsed.value)) return malformed('is not a map');
  const { v, version, base, excluded, held, charter, discards, forks, changes, ...others } =
    parsed.value;
  if (v !== 1 || Object.keys(others).length > 0) return malformed('has another version or field');
  if (typeof version !== 'number' || version < 1 || !isHash(base)) {
    return malformed('lacks the newest charter');
  }
  if (!isListOf(excluded, membersMax, isName)) return malformed('lacks the members excluded');
  if (!isListOf(held, membersMax, isHeld)) return malformed('lacks the changes held');
  if (charter !== null && !isNote(charter)) return malformed('lacks a charter or null');
  if (!isListOf(discards, membersMax, isBytes(draftDiscardBytesMax))) {
    return malformed('lacks the words that it was begun again');
  }
  if (!isListOf(forks, membersMax, isFork)) return malformed('lacks proofs of forks');
  if (!isListOf(changes, draftNewsChangesMax, isBytes(draftChangeBytesMax))) {
    return malformed('lacks changes');
  }
  return accept({ version, base, excluded, held, charter, discards, forks, changes });
}

function isListOf<T extends CborValue>(
  value: CborValue | undefined,
  countMax: number,
  isItem: (item: CborValue) => item is T,
): value is readonly T[] {
  return Array.isArray(value) && value.length <= countMax && value.every(isItem);
}

function isName(value: CborValue): value is string {
  return typeof value === 'string';
}

function isNote(value: CborValue | undefined): value is string {
  return typeof value === 'string' && value.length <= charterNoteCharactersMax;
}

function isBytes(bytesMax: number): (value: CborValue) => value is Uint8Array {
  return (value): value is Uint8Array => value instanceof Uint8Array && value.length <= bytesMax;
}

function isFork(value: CborValue): value is DraftFork {
  return isListOf(value, 2, isBytes(draftChangeBytesMax)) && value.length === 2;
}

function isHeld(value: CborValue): value is HeldChanges {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [name, count, digest] = value as readonly CborValue[];
  const isCount = typeof count === 'number' && count >= 1 && count <= draftChangesMax;
  return (
    typeof name === 'string' && isCount && digest instanceof Uint8Array && digest.length === 16
  );
}

function malformed(found: string): Verdict<never> {
  return reject('draft_malformed', `news of the draft ${found}`);
}
