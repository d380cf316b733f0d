/**
 * The draft of the charter after one: what members have signed into it, and the document that it
 * makes. The same set of signed statements gives the same draft everywhere, in whatever order they
 * come, and nothing that a member sends can keep the others from going on:
 * - a member writes under its own name only, by its log key, and no more than its share;
 * - one that signs two changes under one number is found out by whoever meets both. The pair is the
 *   proof; it travels with the draft, the draft begins again, and that member has no part in it;
 * - any member may begin the draft again, a few times.
 * The draft decides nothing: members sign the text that is made of it, which people read first.
 */
import type { Cryptography, NoteSigner, Verdict, VerifierKey } from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  concatBytes,
  encodeCbor,
  ignore,
  reject,
  utf8,
} from '@callbook/protocol';

import { draftChangesMax, draftDiscardsMax, draftMemberBytesMax } from '../limits.ts';
import {
  parseDraftChange,
  saySame,
  signDraftChange,
  signedBytes,
  verifyDraftChange,
} from './draft-change.ts';
import type { DraftStatement, SignedDraftChange } from './draft-change.ts';
import { parseDraftDiscard, signDraftDiscard, verifyDraftDiscard } from './draft-discard.ts';
import type { SignedDraftDiscard } from './draft-discard.ts';
import { DraftDocument, loadAutomerge } from './draft-document.ts';
import type { DraftField } from './draft-document.ts';
import { DraftHistory } from './draft-history.ts';

export interface CharterDraftOptions {
  /** Hash of the charter that this one follows, 32 bytes. */
  readonly base: Uint8Array;
  /** Log keys of the members that may write, by name: the active ones. */
  readonly writers: ReadonlyMap<string, VerifierKey>;
  readonly crypto: Cryptography;
}

/** Two changes of one member under one number, both signed. */
export type DraftFork = readonly [Uint8Array, Uint8Array];

/** How much of a member's changes is held: how many, and a digest of them, 16 bytes. */
export type HeldChanges = readonly [memberName: string, count: number, digest: Uint8Array];

const idDomain = utf8('callbook/1 draft\n');
const digestBytes = 16;

export class CharterDraft {
  readonly base: Uint8Array;
  readonly #options: CharterDraftOptions;
  readonly #discards = new Map<string, SignedDraftDiscard>();
  readonly #forks = new Map<string, DraftFork>();
  #id: Uint8Array;
  #history = new DraftHistory();
  #digests = new Map<string, Uint8Array[]>();
  #bytes = new Map<string, number>();
  #document: DraftDocument | undefined;

  constructor(options: CharterDraftOptions) {
    this.base = options.base;
    this.#options = options;
    this.#id = this.#currentId();
  }

  /** Names the draft: another after each time that it was begun again. */
  get id(): Uint8Array {
    return this.#id;
  }

  /** Members that have signed two changes under one number, and have no part in the draft. */
  get excluded(): readonly string[] {
    return [...this.#forks.keys()].sort();
  }

  /** In the order of `forks`. */
  get forkedMembers(): readonly string[] {
    return [...this.#forks.keys()];
  }

  get forks(): readonly DraftFork[] {
    return [...this.#forks.values()];
  }

  get discards(): readonly Uint8Array[] {
    return [...this.#discards.values()].map(({ bytes }) => bytes);
  }

  /** Every change, each after those that it builds on. */
  get changes(): readonly Uint8Array[] {
    return this.#history.changes.map(({ change }) => change.bytes);
  }

  /** Takes in a change; false when it was known. Ignored: `draft_other`, `draft_gap`. */
  async admitChange(bytes: Uint8Array): Promise<Verdict<boolean>> {
    const parsed = parseDraftChange(bytes);
    if (parsed.verdict !== 'accept') return parsed;
    const change = parsed.value;
    const early = this.#checkAuthor(change);
    if (early.verdict !== 'accept') return early;
    const automerge = await loadAutomerge();
    // What was so before the module came may have changed; from here on nothing waits.
    const logKey = this.#checkAuthor(change);
    if (logKey.verdict !== 'accept') return logKey;
    if (!bytesEqual(change.draft, this.#id)) return ignore('draft_other', 'is of another draft');
    const held = this.#history.of(change.member);
    const known = held[change.number - 1]?.change;
    if (known !== undefined && saySame(known, change)) return accept(false);
    if (!verifyDraftChange(change, logKey.value, this.#options.crypto)) {
      return reject('draft_signature_invalid', 'change is not signed by the key of its member');
    }
    if (known !== undefined) return this.#exclude(known, change);
    this.#document ??= new DraftDocument(automerge, this.#id, this.#options.crypto);
    return this.#add(change, this.#document);
  }

  #add(change: SignedDraftChange, document: DraftDocument): Verdict<boolean> {
    const held = this.#history.of(change.member).length;
    if (change.number !== held + 1) return ignore('draft_gap', `${held} changes of it are here`);
    const bytes = (this.#bytes.get(change.member) ?? 0) + change.bytes.length;
    if (bytes > draftMemberBytesMax) {
      return reject('draft_limit', `changes of ${bytes} bytes, at most ${draftMemberBytesMax}`);
    }
    const placed = this.#history.place(change);
    if (placed === 'gap') return ignore('draft_gap', 'changes that it builds on are missing');
    if (placed === 'impossible') {
      return reject('draft_malformed', 'change cannot have been made on what it says it has seen');
    }
    document.apply(placed);
    this.#history.add(placed);
    this.#bytes.set(change.member, bytes);
    const digests = this.#digests.get(change.member) ?? [];
    const last = digests.at(-1) ?? new Uint8Array(0);
    const digest = this.#options.crypto.sha256(last, signedBytes(change)).subarray(0, digestBytes);
    this.#digests.set(change.member, [...digests, digest]);
    return accept(true);
  }

  /** Takes in the word of a member that the draft is begun again; false when it was known. */
  admitDiscard(bytes: Uint8Array): Verdict<boolean> {
    const parsed = parseDraftDiscard(bytes);
    if (parsed.verdict !== 'accept') return parsed;
    const { base, member, count } = parsed.value;
    const logKey = this.#checkAuthor({ base, member }, true);
    if (logKey.verdict !== 'accept') return logKey;
    if (count <= (this.#discards.get(member)?.count ?? 0)) return accept(false);
    if (!verifyDraftDiscard(parsed.value, logKey.value, this.#options.crypto)) {
      return reject('draft_signature_invalid', 'word is not signed by the key of its member');
    }
    this.#discards.set(member, parsed.value);
    this.#beginAgain();
    return accept(true);
  }

  /** Takes in the proof that a member has signed two changes under one number. */
  admitFork([first, second]: DraftFork): Verdict<boolean> {
    const [a, b] = [parseDraftChange(first), parseDraftChange(second)];
    if (a.verdict !== 'accept') return a;
    if (b.verdict !== 'accept') return b;
    const logKey = this.#checkAuthor(a.value, true);
    if (logKey.verdict !== 'accept') return logKey;
    if (this.#forks.has(a.value.member)) return accept(false);
    const sameNumber = a.value.member === b.value.member && a.value.number === b.value.number;
    const sameDraft =
      bytesEqual(a.value.draft, b.value.draft) && bytesEqual(b.value.base, this.base);
    if (!sameNumber || !sameDraft || saySame(a.value, b.value)) {
      return reject('draft_malformed', 'two changes prove nothing against their member');
    }
    for (const change of [a.value, b.value]) {
      if (!verifyDraftChange(change, logKey.value, this.#options.crypto)) {
        return reject('draft_signature_invalid', 'change is not signed by the key of its member');
      }
    }
    this.#forks.set(a.value.member, [first, second]);
    this.#beginAgain();
    return accept(true);
  }

  #exclude(known: SignedDraftChange, change: SignedDraftChange): Verdict<never> {
    this.#forks.set(change.member, [known.bytes, change.bytes]);
    this.#beginAgain();
    return reject('draft_forked', 'two changes under one number');
  }

  #checkAuthor(
    { base, member }: { readonly base: Uint8Array; readonly member: string },
    evenExcluded = false,
  ): Verdict<VerifierKey> {
    if (!bytesEqual(base, this.base)) return ignore('draft_other', 'follows another charter');
    const logKey = this.#options.writers.get(member);
    if (logKey === undefined) {
      return reject('draft_member_excluded', 'the charter has no active member of this name');
    }
    return this.#forks.has(member) && !evenExcluded
      ? ignore('draft_member_excluded', 'the member has signed two changes under one number')
      : accept(logKey);
  }

  /** Writes and signs a change of one's own; returns it, to be made durable before it is sent. */
  async write(
    member: string,
    statements: readonly DraftStatement[],
    signer: NoteSigner,
  ): Promise<Verdict<Uint8Array>> {
    const number = this.#history.of(member).length + 1;
    if (number > draftChangesMax) {
      return reject('draft_limit', `${draftChangesMax} changes by this member, which is the limit`);
    }
    const seen = [...this.#history.counts()].filter(([name]) => name !== member).sort(byName);
    const sorted = [...statements].sort(byName);
    const draft = this.#id;
    const change = { base: this.base, draft, member, number, seen, statements: sorted };
    const bytes = signDraftChange(change, signer);
    const admitted = await this.admitChange(bytes);
    return admitted.verdict === 'accept' ? accept(bytes) : admitted;
  }

  /** Begins the draft again; returns what says so to the others. */
  discard(member: string, signer: NoteSigner): Verdict<Uint8Array> {
    const count = (this.#discards.get(member)?.count ?? 0) + 1;
    if (count > draftDiscardsMax) {
      return reject('draft_limit', `discarded ${draftDiscardsMax} times, which is the limit`);
    }
    const bytes = signDraftDiscard({ base: this.base, member, count }, signer);
    const admitted = this.admitDiscard(bytes);
    return admitted.verdict === 'accept' ? accept(bytes) : admitted;
  }

  /** What stands in each field. */
  fields(): readonly DraftField[] {
    const document = this.#document;
    if (document === undefined) return [];
    return document
      .fieldNames()
      .map((field) => document.field(field, this.#history.writerOf(field)!));
  }

  held(): HeldChanges[] {
    return [...this.#digests].sort(byName).map(([name, digests]) => {
      return [name, digests.length, digests.at(-1)!] as const;
    });
  }

  /**
   * Returns changes that somebody lacks who holds so much, in an order in which they can be taken
   * in; where a digest differs, all of that member's, so that the two sides of a fork meet.
   */
  *lackedBy(held: readonly HeldChanges[]): Generator<Uint8Array> {
    const from = new Map<string, number>();
    for (const [name, count, digest] of held) {
      const ours = this.#digests.get(name)?.[count - 1];
      const differs = ours !== undefined && !bytesEqual(ours, digest);
      from.set(name, differs ? 0 : count);
    }
    for (const { change } of this.#history.changes) {
      if (change.number > (from.get(change.member) ?? 0)) yield change.bytes;
    }
  }

  #beginAgain(): void {
    this.#id = this.#currentId();
    this.#history = new DraftHistory();
    this.#digests = new Map();
    this.#bytes = new Map();
    this.#document?.[Symbol.dispose]();
    this.#document = undefined;
  }

  #currentId(): Uint8Array {
    const discards = [...this.#discards.values()].map(
      ({ member, count }) => [member, count] as const,
    );
    const name = encodeCbor([this.base, discards.sort(byName), this.excluded]);
    return this.#options.crypto.sha256(concatBytes(idDomain, name));
  }

  [Symbol.dispose](): void {
    this.#document?.[Symbol.dispose]();
    this.#document = undefined;
  }
}

function byName(
  [a]: readonly [string, ...unknown[]],
  [b]: readonly [string, ...unknown[]],
): number {
  return a < b ? -1 : 1;
}
