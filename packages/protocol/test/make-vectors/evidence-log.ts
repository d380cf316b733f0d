/**
 * Logs for the vectors of evidence: whatever leaves they like, honest or not, under checkpoints that
 * they sign. Roots and proofs are made by their definition (RFC 9162 §2.1), leaves by cborg.
 */
import { createHash } from 'node:crypto';
import { cosignCheckpoint } from '../../src/cosignature.ts';
import { signNote } from '../../src/notes/signed-note.ts';
import { fixedNoteSigner, fixedSigner, originOf } from './charter-base.ts';
import { encodedFields } from './signed-entry.ts';

/** A receipt as evidence carries it. */
export interface CaseReceipt {
  readonly origin: string;
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly checkpoint: string;
  readonly proof: readonly Uint8Array[];
}

export class CaseLog {
  readonly origin: string;
  readonly leaves: Uint8Array[] = [];
  readonly #charter: Uint8Array;

  /** `charter` is the hash that its leaves name, 32 bytes. */
  constructor(memberName: string, charter: Uint8Array) {
    this.origin = originOf(memberName);
    this.#charter = charter;
  }

  add(role: string, at: number, entry?: Uint8Array): this {
    const leaf = { v: 1, at, charter: this.#charter, role };
    this.leaves.push(encodedFields(entry === undefined ? leaf : { ...leaf, entry }));
    return this;
  }

  /** The signed checkpoint of the first `size` leaves. */
  checkpoint(size: number = this.leaves.length): string {
    const root = treeRoot(this.leaves.slice(0, size)).toString('base64');
    return signNote(`${this.origin}\n${size}\n${root}\n`, [fixedNoteSigner(this.origin)]);
  }

  /** The same, cosigned by other members. */
  cosigned(size: number, memberNames: readonly string[]): string {
    return memberNames.reduce((note, memberName) => {
      const name = originOf(memberName);
      return cosignCheckpoint(note, { name, signer: fixedSigner(name) }, 1_767_225_600);
    }, this.checkpoint(size));
  }

  receipt(index: number, size: number = this.leaves.length): CaseReceipt {
    const { origin } = this;
    const leaf = this.leaves[index]!;
    return {
      origin,
      index,
      leaf,
      checkpoint: this.checkpoint(size),
      proof: this.proof(index, size),
    };
  }

  proof(index: number, size: number): Uint8Array[] {
    return auditPath(index, this.leaves.slice(0, size));
  }

  /** One side of a fork. */
  side(
    index: number,
    size: number,
  ): { checkpoint: string; leafHash: Uint8Array; proof: Uint8Array[] } {
    const leafHash = treeRoot([this.leaves[index]!]);
    return { checkpoint: this.checkpoint(size), leafHash, proof: this.proof(index, size) };
  }
}

/** MTH(D). */
function treeRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return sha256(Uint8Array.of(0), leaves[0]!);
  const split = splitOf(leaves);
  return sha256(Uint8Array.of(1), treeRoot(leaves.slice(0, split)), treeRoot(leaves.slice(split)));
}

/** PATH(m, D). */
function auditPath(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const split = splitOf(leaves);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  const [way, beside] =
    index < split ? [auditPath(index, left), right] : [auditPath(index - split, right), left];
  return [...way, new Uint8Array(treeRoot(beside))];
}

function splitOf(leaves: readonly Uint8Array[]): number {
  return 2 ** Math.floor(Math.log2(leaves.length - 1));
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}
