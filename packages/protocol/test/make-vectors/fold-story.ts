/**
 * What members' logs say of one label, told in times: the base of the fold's vectors. Entries and
 * leaves are made with cborg and OpenSSL, without the code under test. Times are milliseconds after
 * the first charter takes effect.
 */
import { charterText, fixedSigner, hashText, originOf, signedBy, startMs } from './charter-base.ts';
import { foundingCharter, memberNames } from './charter-base.ts';
import { drafts, encodedFields, signedEntry } from './signed-entry.ts';
import type { Fields, Signing, VectorKey } from './signed-entry.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';
import type { Charter } from '../../src/charter/charter.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';

const secondMs = 1000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

export type Role = 'received' | 'challenged' | 'witnessed';
export type StoryKind = keyof typeof drafts;

/** An entry of the story, with what later entries need of it. */
export interface StoryEntry {
  readonly kind: StoryKind;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes. */
  readonly id: Uint8Array;
  readonly fields: Fields;
}

/** The key pair of that name. */
export function keyOf(name: string): VectorKey {
  const signer = fixedSigner(name);
  return { publicKey: signer.publicKey, sign: (message) => signer.sign(message) };
}

/** Makes an entry of a kind, signed by `by`; other fields as given. */
export function entryOf(
  kind: StoryKind,
  by: VectorKey,
  changes: Fields = {},
  signing: Signing = {},
): StoryEntry {
  const base: Fields = { ...drafts[kind], authority: by.publicKey };
  const fields = { ...base, ...changes };
  const bytes = signedEntry(fields, { sigBy: by, ...signing });
  return { kind, bytes, id: nodeCryptography.sha256(bytes), fields };
}

/** What an honest member is asked, and the roles and times it judges by. */
export interface Question {
  readonly entry: StoryEntry;
  readonly member: string;
  readonly role: Role;
  readonly atMs: number;
}

/** What the logs come to; null while nothing is complete. */
export interface ToldState {
  readonly epoch: number;
  readonly status: 'held' | 'released';
  /** Ownership entry in force. */
  readonly ownership: StoryEntry;
  /** Entry whose payload is served. */
  readonly served: StoryEntry;
}

export class Story {
  readonly #charters: {
    readonly charter: Charter;
    readonly note: string;
    readonly hash: string;
  }[] = [];
  readonly #logs: Record<string, Uint8Array[]> = {};

  /** Members alpha, beta, … of one charter; `faults` of them may lie. */
  constructor(memberCount: number, faults: number) {
    this.#adopt(foundingCharter(memberCount, faults));
    for (const name of memberNames.slice(0, memberCount)) this.#logs[originOf(name)] = [];
  }

  #adopt(charter: Charter): void {
    const text = charterText(charter);
    const names = charter.members.map(({ name }) => name);
    this.#charters.push({ charter, note: signedBy(text, names), hash: hashText(text) });
  }

  /**
   * The next charter: it records the logs as they stand, or at the sizes given, and changes members. The
   * leaves that follow name it. An expelled member's log is cut off at its recorded size.
   */
  succeed(
    states: Readonly<Record<string, { readonly state: 'readonly' | 'expelled' }>>,
    of: { readonly effectMs: number; readonly sizes?: Readonly<Record<string, number>> },
  ): this {
    const { charter: before, hash: previous } = this.#charters.at(-1)!;
    const tree = (name: string): { size: number; root: string } => {
      const leaves = this.#logs[originOf(name)]!;
      const size = of.sizes?.[name] ?? leaves.length;
      return { size, root: rootOf(leaves.slice(0, size)).toBase64() };
    };
    const members = before.members.map((member) => {
      const change = states[member.name];
      const cutoff = change?.state === 'expelled' ? { cutoff: tree(member.name) } : {};
      return { ...member, ...change, ...cutoff };
    });
    const logs = members.map(({ name }) => ({ origin: originOf(name), ...tree(name) }));
    const effectiveAtMs = startMs + of.effectMs;
    this.#adopt({ ...before, version: before.version + 1, previous, effectiveAtMs, members, logs });
    return this;
  }

  /** Logs an entry: for each member its role and the time of its leaf. */
  log(
    entry: StoryEntry,
    leaves: Readonly<Record<string, readonly [Role, number]>>,
    charter: Uint8Array = Uint8Array.fromHex(this.#charters.at(-1)!.hash),
  ): this {
    for (const [name, [role, atMs]] of Object.entries(leaves)) {
      const at = startMs + atMs;
      const leaf = encodedFields({ v: 1, at, charter, role, entry: entry.bytes });
      (this.#logs[originOf(name)] ??= []).push(leaf);
    }
    return this;
  }

  /** The vector: the logs, what their fold is, and what a member answers that has seen them. */
  vector(of: {
    readonly name: string;
    readonly comment: string;
    /** `accept`, or the code with which an honest member refuses the question. */
    readonly expect: string;
    readonly question: Question;
    readonly state: ToldState | null;
  }): VectorCase {
    const { name, comment, expect, question, state } = of;
    const { entry, member, role, atMs } = question;
    const values = {
      charters: this.#charters.map(({ note }) => note),
      logs: Object.fromEntries(
        Object.entries(this.#logs).map(([origin, leaves]) => [
          origin,
          leaves.map((leaf) => leaf.toHex()),
        ]),
      ),
      label: fixed32('label').toHex(),
      state: state === null ? null : toldState(state),
      asked: {
        origin: originOf(member),
        nowMs: startMs + atMs,
        role,
        entry: entry.bytes.toHex(),
      },
    };
    return { topic: 'fold', name, comment, expect, values };
  }
}

/** The root of RFC 6962, by its definition. */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  const hash = (...parts: readonly Uint8Array[]): Uint8Array =>
    nodeCryptography.sha256(Buffer.concat(parts));
  if (leaves.length === 0) return hash();
  if (leaves.length === 1) return hash(Uint8Array.of(0), leaves[0]!);
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return hash(Uint8Array.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

function toldState({ epoch, status, ownership, served }: ToldState): object {
  return {
    epoch,
    status,
    ownershipId: ownership.id.toHex(),
    entryId: served.id.toHex(),
  };
}
