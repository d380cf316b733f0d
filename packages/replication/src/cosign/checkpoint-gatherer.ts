/**
 * Gathers the cosignatures of the other members for one log until a quorum has cosigned: then the
 * checkpoint is agreed, kept, and told to all. The log's own member gathers; where it is away, any
 * other member that has its newest signed checkpoint does it in its place.
 *
 * Each round takes the newest checkpoint there is, so under load only some are ever agreed: one in
 * 250 ms, and the last one within a round after the last leaf.
 */
import type { Cryptography, Verdict } from '@callbook/protocol';
import {
  accept,
  cosignerKeyOf,
  mergeCheckpointNotes,
  parseCheckpoint,
  parseNote,
  quorumOf,
  reject,
  verifyCosignature,
} from '@callbook/protocol';
import type { VerdictCode } from '@callbook/protocol';

import type { LogMember } from '../charter/membership.ts';
import { cosignGraceMs, cosignRoundMsMax } from '../limits.ts';
import type { Replica } from '../replica.ts';
import type { Scheduler } from '../scheduler.ts';
import { encodeCosignRequest, parseCosigned } from './cosign-messages.ts';

export interface GathererContext {
  readonly replica: Replica;
  readonly crypto: Cryptography;
  readonly scheduler: Scheduler;
  /** Asks a member over `/callbook/cosign/1`. */
  readonly ask: (memberName: string, request: Uint8Array) => Promise<Uint8Array | undefined>;
  readonly connected: () => readonly string[];
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

/** A signed checkpoint for which cosignatures are wanted. */
interface Candidate {
  readonly origin: string;
  readonly note: string;
  /** Leaves. */
  readonly size: number;
}

export class CheckpointGatherer {
  readonly #origin: string;
  readonly #context: GathererContext;
  /** What each member has cosigned last of this log, as far as it has said. */
  readonly #lastSizes = new Map<string, number>();
  /** Members that have not answered the request of an earlier round. */
  readonly #asked = new Set<string>();

  constructor(origin: string, context: GathererContext) {
    this.#origin = origin;
    this.#context = context;
  }

  /** The checkpoint to gather for; undefined while the newest is agreed, by this charter too. */
  #candidate(): Candidate | undefined {
    const { replica } = this.#context;
    const note = replica.checkpoint(this.#origin);
    if (note === undefined) return undefined;
    const size = sizeIn(note);
    const { agreed } = replica.cosigning;
    const isAgreed = size <= agreed.size(this.#origin) && agreed.isCurrent(this.#origin);
    return isAgreed ? undefined : { origin: this.#origin, note, size };
  }

  /** Tells whether there is a checkpoint that is not agreed yet. */
  get isBehind(): boolean {
    return this.#candidate() !== undefined;
  }

  /** One round; resolves with the note when the checkpoint has become agreed, and is stored. */
  async round(signal: AbortSignal): Promise<string | undefined> {
    const candidate = this.#candidate();
    if (candidate === undefined) return undefined;
    const { replica } = this.#context;
    const notes = await this.#gather(candidate, signal);
    if (notes.length < this.#quorum) return undefined;
    const agreed = mergeCheckpointNotes([candidate.note, ...notes]);
    const verdict = await replica.cosigning.agreed.offer(agreed);
    return verdict.verdict === 'accept' ? agreed : undefined;
  }

  get #quorum(): number {
    return quorumOf(this.#context.replica.membership.charters.current.charter);
  }

  /** Notes with one cosignature each, verified: as many as there are when a quorum has answered. */
  async #gather(candidate: Candidate, signal: AbortSignal): Promise<string[]> {
    const { replica, scheduler } = this.#context;
    const active = replica.membership.members.filter(({ member }) => member.state === 'active');
    const notes = new Map<string, string>();
    const enough = new AbortController();
    const all = new AbortController();
    let open = active.length;
    const take = (name: string, note: string | undefined): void => {
      if (note !== undefined) notes.set(name, note);
      if (--open === 0) all.abort();
      if (notes.size >= this.#quorum || open === 0) enough.abort();
    };
    for (const member of active) {
      const { name } = member.member;
      this.#cosignedBy(member, candidate).then(
        (note) => take(name, note),
        // The store has failed, or the member is stopping.
        () => take(name, undefined),
      );
    }
    await scheduler.delay(cosignRoundMsMax, AbortSignal.any([enough.signal, signal]));
    // Those who answer a moment after the quorum are in the note as well.
    await scheduler.delay(cosignGraceMs, AbortSignal.any([all.signal, signal]));
    return active.flatMap(({ member }) => notes.get(member.name) ?? []);
  }

  async #cosignedBy(member: LogMember, candidate: Candidate): Promise<string | undefined> {
    const { replica } = this.#context;
    return member.member.name === replica.memberName
      ? this.#cosignHere(candidate)
      : this.#cosignThere(member, candidate);
  }

  async #cosignHere({ origin, note, size }: Candidate): Promise<string | undefined> {
    const { replica } = this.#context;
    const oldSize = replica.cosigning.cosigner.last(origin).size;
    const proof = replica.cosigning.consistency(origin, { oldSize, newSize: size });
    if (proof === undefined) return undefined;
    const verdict = await replica.cosigning.cosign({ checkpoint: note, oldSize, proof });
    if (verdict.verdict !== 'accept' || verdict.value.line === undefined) return undefined;
    return `${note}${verdict.value.line}`;
  }

  /** Asks a member; a second time when it has cosigned another size than we thought. */
  async #cosignThere(member: LogMember, candidate: Candidate): Promise<string | undefined> {
    const { connected } = this.#context;
    const { name } = member.member;
    if (this.#asked.has(name) || !connected().includes(name)) return undefined;
    this.#asked.add(name);
    try {
      const first = await this.#ask(member, candidate);
      return (first.isElsewhere ? await this.#ask(member, candidate) : first).note;
    } finally {
      this.#asked.delete(name);
    }
  }

  async #ask(member: LogMember, candidate: Candidate): Promise<Asked> {
    const { ask, onIncident, replica } = this.#context;
    const { name } = member.member;
    const { note, origin, size } = candidate;
    const oldSize = this.#lastSizes.get(name) ?? 0;
    const proof = replica.cosigning.consistency(origin, { oldSize, newSize: size });
    if (proof === undefined) return nothing;
    const answer = await ask(name, encodeCosignRequest({ checkpoint: note, oldSize, proof }));
    if (answer === undefined) return nothing;
    const cosigned = parseCosigned(answer);
    if (cosigned.verdict !== 'accept') {
      // A refusal is the member's right: it may be behind, or see a fork. A malformed answer is not.
      if (malformedCodes.has(cosigned.code)) onIncident(name, cosigned.code);
      return nothing;
    }
    if (cosigned.value.line === undefined) {
      this.#lastSizes.set(name, cosigned.value.lastSize);
      return { isElsewhere: true };
    }
    const line = this.#verifyLine(note, cosigned.value.line, member);
    if (line.verdict !== 'accept') {
      onIncident(name, line.code);
      return nothing;
    }
    this.#lastSizes.set(name, size);
    return { note: line.value };
  }

  /** Takes one line only, by this member's key, and only if it verifies. */
  #verifyLine(note: string, line: string, { logKey }: LogMember): Verdict<string> {
    const cosigned = `${note}${line}`;
    const parsed = parseNote(cosigned);
    if (parsed.verdict !== 'accept') return parsed;
    const before = parseNote(note);
    if (before.verdict !== 'accept') return before;
    const isOne = parsed.value.signatures.length === before.value.signatures.length + 1;
    if (!isOne || parsed.value.text !== before.value.text) {
      return reject('note_malformed', 'the cosignature is not one signature line');
    }
    const verdict = verifyCosignature(cosigned, cosignerKeyOf(logKey), this.#context.crypto);
    return verdict.verdict === 'accept' ? accept(cosigned) : verdict;
  }
}

interface Asked {
  /** The note with one more cosignature. */
  readonly note?: string;
  /** True when the member wants the proof from another size, and has told from which. */
  readonly isElsewhere?: boolean;
}

const nothing: Asked = {};

const malformedCodes: ReadonlySet<VerdictCode> = new Set(['cbor_malformed', 'request_malformed']);

/** The size in a checkpoint that this member has verified. */
function sizeIn(note: string): number {
  const parsed = parseNote(note);
  const checkpoint = parsed.verdict === 'accept' ? parseCheckpoint(parsed.value.text) : parsed;
  return checkpoint.verdict === 'accept' ? checkpoint.value.size : 0;
}
