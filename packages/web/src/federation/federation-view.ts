/**
 * What the members say of themselves and of each other, verified here by the charter: the agreed checkpoint
 * of each log, the root of the index that each member has signed, and the evidence that each one holds. Two
 * roots over the same logs that differ prove that one of the two members is wrong; roots over logs of other
 * sizes say nothing, so those seen before are remembered until the other member gets there.
 */
import type { Directory, Fetch, Member } from '@callbook/client';
import {
  charterSet,
  verifyAgreedCheckpoint,
  verifyIndexRoot,
  type CharterMember,
  type KnownCharter,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';

/** Roots that are remembered of one member. */
const rememberedMax = 50;
/** Longest wait for one answer, and its characters. */
const answerMsMax = 8000;
const answerCharactersMax = 512 * 1024;
/** Charters that are asked for one after the other. */
const chartersMax = 200;

/** A piece of evidence, as a member lists it. */
export interface EvidenceView {
  readonly id: string;
  readonly kind: string;
  readonly origins: readonly string[];
  readonly firstSeenMs: number;
  /** Who holds it. */
  readonly holders: readonly string[];
}

/** A log, and how far enough members have confirmed it. */
export interface LogView {
  readonly origin: string;
  readonly size: number;
  readonly agreedAtMs: number;
  readonly cosigners: number;
}

/** Whether the root that a member has signed is that of the others. */
type RootState = 'equal' | 'alone' | 'differs' | 'unproven' | 'silent';

export interface MemberView {
  readonly member: CharterMember;
  readonly state: RootState;
  /** Hex of the newest root that it has signed. */
  readonly root: string | undefined;
  /** Members with an equal root of the same logs. */
  readonly equalTo: readonly string[];
  /** Members with another root of the same logs: one of the two is wrong. */
  readonly differsFrom: readonly string[];
  readonly log: LogView | undefined;
}

export interface FederationView {
  readonly members: readonly MemberView[];
  readonly evidence: readonly EvidenceView[];
  readonly seenAtMs: number;
}

/** Asks all members again and again, and remembers what is compared. */
export class FederationWatch {
  readonly #directory: Directory;
  readonly #fetch: Fetch;
  readonly #known: KnownCharter;
  /** By the member's name: what it folded, and the root that it got. */
  readonly #roots = new Map<string, Map<string, string>>();

  private constructor(directory: Directory, fetch: Fetch, known: KnownCharter) {
    this.#directory = directory;
    this.#fetch = fetch;
    this.#known = known;
  }

  /** Verifies the chain of charters up to the newest. Throws what the directory throws. */
  static async open(
    directory: Directory,
    { fetch, charterNote }: { readonly fetch: Fetch; readonly charterNote: string },
  ): Promise<FederationWatch> {
    await directory.walk();
    const notes = [charterNote];
    for (let version = 2; version <= Math.min(directory.charter.version, chartersMax); version++) {
      notes.push(await firstAnswer(directory.members, fetch, `/v1/charter/${version}`));
    }
    const chain = charterSet(notes, crypto);
    if (chain.verdict !== 'accept') throw new TypeError(`the charters are no chain: ${chain.code}`);
    return new FederationWatch(directory, fetch, chain.value.current);
  }

  /** Asks every member once. */
  async look(): Promise<FederationView> {
    const { members } = this.#directory;
    const answers = await Promise.all(members.map(async (member) => await this.#ask(member)));
    for (const { member, vector, root } of answers) {
      if (vector !== undefined && root !== undefined) this.#remember(member.name, vector, root);
    }
    return {
      members: this.#known.charter.members.map((member) =>
        this.#viewOf(
          member,
          answers.find((answer) => answer.member.name === member.name),
        ),
      ),
      evidence: joinEvidence(answers),
      seenAtMs: Date.now(),
    };
  }

  async #ask(member: Member): Promise<MemberAnswer> {
    const text = async (path: string): Promise<string | undefined> =>
      await fetchText(this.#fetch, member.api + path).catch(() => undefined);
    const origin = member.logKey.name;
    const [rootNote, checkpointNote, evidenceText] = await Promise.all([
      text('/v1/index-root'),
      text(`/log/${origin}/checkpoint`),
      text('/v1/evidence'),
    ]);
    const evidence = parseEvidence(evidenceText);
    const log = checkpointNote === undefined ? undefined : this.#logOf(checkpointNote, origin);
    const answer = { member, log, evidence, answered: rootNote !== undefined };
    const root = rootNote === undefined ? undefined : this.#rootOf(rootNote, member);
    return { ...answer, vector: root?.vector, root: root?.root };
  }

  #rootOf(note: string, member: Member): { vector: string; root: string } | undefined {
    const verified = verifyIndexRoot(note, member.logKey, crypto);
    if (verified.verdict !== 'accept') return undefined;
    const { ruleset, charter, root, logs } = verified.value;
    const folded = logs.map((log) => `${log.origin} ${log.size} ${log.root.toHex()}`);
    return { vector: [ruleset, charter.toHex(), ...folded].join('\n'), root: root.toHex() };
  }

  #logOf(note: string, origin: string): LogView | undefined {
    const agreed = verifyAgreedCheckpoint(note, this.#known, crypto);
    if (agreed.verdict !== 'accept' || agreed.value.checkpoint.origin !== origin) return undefined;
    const { checkpoint, cosigners, timestampSeconds } = agreed.value;
    return {
      origin,
      size: checkpoint.size,
      agreedAtMs: timestampSeconds * 1000,
      cosigners: cosigners.length,
    };
  }

  #remember(name: string, vector: string, root: string): void {
    const roots = this.#roots.get(name) ?? new Map<string, string>();
    roots.delete(vector);
    roots.set(vector, root);
    if (roots.size > rememberedMax) roots.delete(roots.keys().next().value!);
    this.#roots.set(name, roots);
  }

  #viewOf(member: CharterMember, answer: MemberAnswer | undefined): MemberView {
    const { equalTo, differsFrom } = this.#compare(member.name);
    const base = { member, equalTo, differsFrom, root: answer?.root, log: answer?.log };
    if (answer === undefined || !answer.answered) return { ...base, state: 'silent' };
    if (answer.root === undefined) return { ...base, state: 'unproven' };
    if (differsFrom.length > 0) return { ...base, state: 'differs' };
    return { ...base, state: equalTo.length > 0 ? 'equal' : 'alone' };
  }

  #compare(name: string): { equalTo: string[]; differsFrom: string[] } {
    const own = this.#roots.get(name) ?? new Map<string, string>();
    const equalTo: string[] = [];
    const differsFrom: string[] = [];
    for (const [other, roots] of this.#roots) {
      if (other === name) continue;
      const shared = [...own].filter(([vector]) => roots.has(vector));
      if (shared.some(([vector, root]) => roots.get(vector) !== root)) differsFrom.push(other);
      else if (shared.length > 0) equalTo.push(other);
    }
    return { equalTo, differsFrom };
  }
}

interface MemberAnswer {
  readonly member: Member;
  readonly answered: boolean;
  readonly vector: string | undefined;
  readonly root: string | undefined;
  readonly log: LogView | undefined;
  readonly evidence: readonly Omit<EvidenceView, 'holders'>[];
}

async function firstAnswer(
  members: readonly Member[],
  fetch: Fetch,
  path: string,
): Promise<string> {
  return await Promise.any(members.map(async ({ api }) => await fetchText(fetch, api + path)));
}

async function fetchText(fetch: Fetch, url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(answerMsMax) });
  const text = await response.text();
  if (!response.ok || text.length > answerCharactersMax) throw new TypeError('no answer of use');
  return text;
}

/** What a member lists; anything else is nothing. */
function parseEvidence(text: string | undefined): Omit<EvidenceView, 'holders'>[] {
  try {
    const { evidence } = JSON.parse(text ?? '') as { evidence: unknown };
    return Array.isArray(evidence) ? evidence.filter(isEvidence) : [];
  } catch {
    return [];
  }
}

function isEvidence(value: unknown): value is Omit<EvidenceView, 'holders'> {
  const { id, kind, origins, firstSeenMs } = (value ?? {}) as Record<string, unknown>;
  return (
    typeof id === 'string' &&
    /^[0-9a-f]{64}$/.test(id) &&
    typeof kind === 'string' &&
    typeof firstSeenMs === 'number' &&
    Array.isArray(origins) &&
    origins.every((origin) => typeof origin === 'string')
  );
}

function joinEvidence(answers: readonly MemberAnswer[]): EvidenceView[] {
  const joined = new Map<string, EvidenceView>();
  for (const { member, evidence } of answers) {
    for (const piece of evidence) {
      const holders = [...(joined.get(piece.id)?.holders ?? []), member.name];
      joined.set(piece.id, { ...piece, holders });
    }
  }
  return [...joined.values()];
}
