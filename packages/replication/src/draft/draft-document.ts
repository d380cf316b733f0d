/**
 * The Automerge document of one draft. It is given changes that were placed before, as operations of
 * our own making on one map of plain strings: an Automerge change that came from somebody else never
 * gets here. Automerge says which of two concurrent texts stands, and that there were two.
 *
 * The module is 20 MB of memory and is loaded with the first change; most members never see one.
 */
import type * as Automerge from '@automerge/automerge';
import { assert, concatBytes, utf8 } from '@callbook/protocol';
import type { Cryptography } from '@callbook/protocol';

import type { PlacedChange } from './draft-history.ts';

/** What stands in one field. */
export interface DraftField {
  readonly field: string;
  readonly text: string;
  readonly by: string;
  /** Texts of others at the same time; somebody has to decide. */
  readonly others: readonly { readonly text: string; readonly by: string }[];
}

type AutomergeModule = typeof Automerge;
/** Plain strings, which a document gives as objects. */
type Fields = Record<string, Automerge.ImmutableString>;

const actorDomain = utf8('callbook/1 draft actor\n');
const actorBytes = 16;

let loading: Promise<AutomergeModule> | undefined = undefined;

/** Loads the module, once. */
export async function loadAutomerge(): Promise<AutomergeModule> {
  loading ??= import('@automerge/automerge');
  return await loading;
}

export class DraftDocument {
  readonly #automerge: AutomergeModule;
  readonly #crypto: Cryptography;
  readonly #draft: Uint8Array;
  readonly #memberByActor = new Map<string, string>();
  readonly #hashes = new Map<PlacedChange, string>();
  #document: Automerge.Doc<Fields>;

  /** Makes an empty document; `draft` names it, 32 bytes. */
  constructor(automerge: AutomergeModule, draft: Uint8Array, crypto: Cryptography) {
    this.#automerge = automerge;
    this.#crypto = crypto;
    this.#draft = draft;
    this.#document = automerge.init<Fields>({ actor: '00' });
  }

  /** Applies a change whose past has been applied. */
  apply(placed: PlacedChange): void {
    const { change, follows, firstCounter, replaces } = placed;
    const encoded = this.#automerge.encodeChange({
      actor: this.#actorOf(change.member),
      seq: change.number,
      startOp: firstCounter,
      time: 0,
      message: null,
      deps: follows.map((before) => this.#hashes.get(before)!).sort(),
      ops: change.statements.map(([key, text], index) => {
        const pred = replaces[index]!.map(
          ({ counter, member }) => `${counter}@${this.#actorOf(member)}`,
        );
        const on = { obj: '_root', key, pred };
        return text === null ? { action: 'del', ...on } : { action: 'set', ...on, value: text };
      }),
    } as Automerge.DecodedChange);
    const { hash } = this.#automerge.decodeChange(encoded);
    assert(hash !== undefined && hash !== null, 'an encoded change has a hash');
    this.#hashes.set(placed, hash);
    [this.#document] = this.#automerge.applyChanges(this.#document, [encoded]);
  }

  /** Names of the fields that have a text. */
  fieldNames(): string[] {
    return Object.keys(this.#document).sort();
  }

  /** What stands in a field that has a text; `writer` is who wrote it if nobody else did. */
  field(field: string, writer: string): DraftField {
    const text = this.#document[field]!.toString();
    const conflicts = this.#automerge.getConflicts(this.#document, field) ?? {};
    const all = Object.entries(conflicts).map(([operation, value]) => ({
      text: (value as Automerge.ImmutableString).toString(),
      by: this.#memberByActor.get(operation.split('@')[1]!)!,
    }));
    const others = all.filter((one) => one.text !== text);
    return { field, text, by: all.find((one) => one.text === text)?.by ?? writer, others };
  }

  /** Each member writes as an actor of its own, which nobody chooses. */
  #actorOf(member: string): string {
    const name = concatBytes(actorDomain, this.#draft, utf8(member));
    const actor = this.#crypto.sha256(name).subarray(0, actorBytes).toHex();
    this.#memberByActor.set(actor, member);
    return actor;
  }

  [Symbol.dispose](): void {
    this.#automerge.free(this.#document);
  }
}
