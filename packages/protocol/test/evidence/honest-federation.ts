/**
 * A few members that log by the rules of admission, each by its own clock and from what it has seen
 * so far of the others' logs; and one, perhaps, that logs whatever it likes. Histories, not networks:
 * a view that lags is a partition, and a view that catches up at the end is late surfacing.
 */
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { entryId, verifyEntry } from '../../src/entry.ts';
import { admitEntry } from '../../src/fold/admission.ts';
import { charterSet } from '../../src/fold/charter-set.ts';
import type { CharterSet } from '../../src/fold/charter-set.ts';
import { emptyHistory, integrateLeaf } from '../../src/fold/history.ts';
import type { LabelHistory, LoggedEntry } from '../../src/fold/history.ts';
import type { LeafRole } from '../../src/leaf.ts';
import {
  charterText,
  emptyRootText,
  foundingCharter,
  hashText,
  memberCalled,
  memberNames,
  originOf,
  signedBy,
  startMs,
} from '../make-vectors/charter-base.ts';
import { drafts, newAuthority, signedEntry, stranger } from '../make-vectors/signed-entry.ts';
import { fixed32 } from '../make-vectors/vector-case.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
/** When the second charter takes effect, after the start. */
const adoptionMs = 60 * hourMs;

/** Charters of `count` members: the founding one, and one that adds a member. */
function twoCharters(count: number, faults: number): { first: CharterSet; both: CharterSet } {
  const founding = foundingCharter(count, faults);
  const text = charterText(founding);
  const names = memberNames.slice(0, count);
  const note = signedBy(text, names);
  const next = charterText({
    ...founding,
    version: 2,
    previous: hashText(text),
    effectiveAtMs: startMs + adoptionMs,
    members: [...founding.members, memberCalled(memberNames[count]!)],
    logs: names.map((name) => ({ origin: originOf(name), size: 0, root: emptyRootText })),
  });
  const notes = [note, signedBy(next, memberNames.slice(0, count + 1))];
  return { first: setOf(notes.slice(0, 1)), both: setOf(notes) };
}

function setOf(notes: readonly string[]): CharterSet {
  const set = charterSet(notes, crypto);
  if (set.verdict !== 'accept') throw new Error(set.message);
  return set.value;
}

const idOf = (entry: Uint8Array): Uint8Array => entryId(entry, crypto);
const commitment = (name: string): Uint8Array => fixed32(`commitment ${name}`);

function entries(): Uint8Array[] {
  const register = signedEntry({ ...drafts.register, commitment: commitment('first') });
  const rival = signedEntry(
    { ...drafts.register, authority: stranger.publicKey, commitment: commitment('rival') },
    { sigBy: stranger },
  );
  const prev = idOf(register);
  const rotate = signedEntry({ ...drafts.rotate, prev, commitment: commitment('rotate') });
  const again = signedEntry({ ...drafts.rotate, prev, commitment: commitment('again') });
  const release = signedEntry({ ...drafts.release, prev });
  const afresh = (name: string, epoch = 1): Uint8Array =>
    signedEntry({
      ...drafts.register,
      epoch,
      prev: idOf(release),
      commitment: commitment(name),
    });
  const claimed = { authority: newAuthority.publicKey };
  const by = { sigBy: newAuthority };
  const requests = [
    signedEntry({ ...drafts.request, ...claimed }, by),
    signedEntry({ ...drafts.request, ...claimed, seq: 1 }, by),
  ];
  const replacing = requests.flatMap((request, n) => [
    request,
    signedEntry({ ...drafts.veto, request: idOf(request) }),
    signedEntry(
      { ...drafts.commit, ...claimed, request: idOf(request), commitment: commitment(`c${n}`) },
      by,
    ),
  ]);
  const registers = [afresh('second'), afresh('third'), afresh('wrong epoch', 7), afresh('w', 7)];
  return [register, rival, rotate, again, release, ...registers, ...replacing];
}

interface KnownEntry extends Pick<LoggedEntry, 'entry' | 'entryId' | 'entryBytes'> {
  readonly entryBytes: Uint8Array;
}

/** Entries about one label, most of which exclude each other. */
export const pool: readonly KnownEntry[] = entries().map((entryBytes) => {
  const entry = verifyEntry(entryBytes, crypto);
  if (entry.verdict !== 'accept') throw new Error(entry.message);
  return { entry: entry.value, entryId: idOf(entryBytes), entryBytes };
});

export type Step =
  | {
      readonly step: 'log';
      readonly member: number;
      readonly entry: number;
      readonly role: LeafRole;
    }
  | { readonly step: 'lie'; readonly entry: number; readonly role: LeafRole; readonly atMs: number }
  | { readonly step: 'hear'; readonly member: number; readonly of: number }
  | { readonly step: 'hearAll' }
  | { readonly step: 'wait'; readonly ms: number }
  | { readonly step: 'setClock'; readonly member: number; readonly offByMs: number };

interface Member {
  readonly origin: string;
  readonly log: LoggedEntry[];
  /** Leaves heard of each log, by position in the list of members. */
  readonly heard: number[];
  offByMs: number;
  lastAtMs: number;
  adopted: boolean;
}

export class HonestFederation {
  readonly members: Member[];
  readonly liar: Member | undefined;
  readonly #charters: { readonly first: CharterSet; readonly both: CharterSet };
  #nowMs = startMs + hourMs;

  /** The last of the founding members lies when one may; one more joins with the second charter. */
  constructor(count: number, faults: number) {
    this.#charters = twoCharters(count, faults);
    this.members = memberNames.slice(0, count + 1).map((name) => ({
      origin: originOf(name),
      log: [],
      heard: Array.from({ length: count + 1 }, () => 0),
      offByMs: 0,
      lastAtMs: 0,
      adopted: false,
    }));
    this.liar = faults === 0 ? undefined : this.members[count - 1];
  }

  get charters(): CharterSet {
    return this.#charters.both;
  }

  play(steps: readonly Step[]): this {
    for (const step of steps) this.#play(step);
    return this;
  }

  #play(step: Step): void {
    switch (step.step) {
      case 'log':
        return this.#log(this.members[step.member % this.members.length]!, step);
      case 'lie':
        return this.#lie(step);
      case 'hear':
        return this.#hear(step.member % this.members.length, step.of % this.members.length);
      case 'hearAll':
        for (const member of this.members.keys()) {
          for (const of of this.members.keys()) this.#hear(member, of);
        }
        return;
      case 'wait':
        this.#nowMs += step.ms;
        return;
      case 'setClock':
        this.members[step.member % this.members.length]!.offByMs = step.offByMs;
    }
  }

  #log(member: Member, { entry, role }: { readonly entry: number; readonly role: LeafRole }): void {
    if (member === this.liar) return;
    const nowMs = this.#nowMs + member.offByMs;
    member.adopted ||= nowMs >= startMs + adoptionMs;
    const charters = member.adopted ? this.#charters.both : this.#charters.first;
    const known = pool[entry % pool.length]!;
    const verdict = admitEntry(
      { ...known, role, receipted: [] },
      { history: this.#view(member, charters), charters, crypto, nowMs, ownOrigin: member.origin },
    );
    if (verdict.verdict !== 'accept' || verdict.value.action === 'already') return;
    member.lastAtMs = Math.max(nowMs, member.lastAtMs);
    this.#append(member, { known, at: member.lastAtMs, role, charters });
  }

  #lie(step: Extract<Step, { step: 'lie' }>): void {
    if (this.liar === undefined) return;
    const known = pool[step.entry % pool.length]!;
    const charters = this.#charters[step.atMs % 2 === 0 ? 'first' : 'both'];
    const at = this.#nowMs + step.atMs;
    this.#append(this.liar, { known, at, role: step.role, charters });
  }

  #append(
    { log, origin }: Member,
    leaf: {
      readonly known: KnownEntry;
      readonly at: number;
      readonly role: LeafRole;
      readonly charters: CharterSet;
    },
  ): void {
    const { known, at, role, charters } = leaf;
    log.push({ ...known, origin, index: log.length, at, role, charter: charters.current.hash });
  }

  #hear(member: number, of: number): void {
    this.members[member]!.heard[of] = this.members[of]!.log.length;
  }

  #view(member: Member, charters: CharterSet): LabelHistory {
    const seen = this.members.flatMap((other, n) =>
      other === member ? other.log : other.log.slice(0, member.heard[n]),
    );
    return historyOf(seen, charters);
  }

  /** All leaves of all logs. */
  leaves(): LoggedEntry[] {
    return this.members.flatMap(({ log }) => log);
  }
}

/** Integrates leaves in this order; leaves dated back are void. */
export function historyOf(leaves: readonly LoggedEntry[], charters: CharterSet): LabelHistory {
  const lastAtMs = new Map<string, number>();
  let history = emptyHistory;
  for (const leaf of leaves) {
    if (leaf.at < (lastAtMs.get(leaf.origin) ?? 0)) continue;
    lastAtMs.set(leaf.origin, leaf.at);
    history = integrateLeaf(history, leaf, { charters, crypto });
  }
  return history;
}
