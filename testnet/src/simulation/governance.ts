/**
 * The people behind the members: they draft now and then, and in the middle of the run sign the next
 * charter and bring it to one member. From there production spreads it. All keys are theirs, so a
 * quorum signs whatever the scenario says; what is checked is what the members make of it.
 *
 * The charter takes effect soon, in spite of clocks that are minutes off: members act by the old one
 * long after its time, which a real federation avoids by a longer lead.
 */
import type { Charter, CharterMember, CharterSet, LogState } from '@callbook/protocol';
import {
  activeMembers,
  DirectoryError,
  emptyRoot,
  encodeCharter,
  extendCharterSet,
  quorumOf,
  signNote,
} from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { Replica } from '@callbook/replication';
import type { CharterPlan } from './charter-plan.ts';
import type { SeededRandom } from './seeded-random.ts';
import { startsAtMs } from './simulated-clock.ts';
import type { SimulatedFederation } from './simulated-federation.ts';
import type { RunningEngine, SimulatedMember } from './simulated-member.ts';
import type { World } from './world.ts';

export interface GovernanceParts {
  readonly world: World;
  readonly random: SeededRandom;
  readonly plan: CharterPlan;
  readonly federation: SimulatedFederation;
  /** The founding charter. */
  readonly charters: CharterSet;
  /** Honest members that are not expelled. */
  readonly members: readonly SimulatedMember[];
  /** Called when a charter is signed, before any member has it. */
  readonly onSigned: (charters: CharterSet) => void;
  readonly isOver: () => boolean;
}

const attemptEveryMs = 700;
const answerTimeoutMs = 5000;
const draftEveryMs = 4000;

export class Governance {
  readonly #parts: GovernanceParts;

  constructor(parts: GovernanceParts) {
    this.#parts = parts;
  }

  /** Drafts until it is over, and signs the charter of the plan. */
  async live(): Promise<void> {
    await Promise.all([this.#decide(), this.#draft()]);
  }

  async #decide(): Promise<void> {
    const { federation, isOver, plan, random, world } = this.#parts;
    const newcomer = federation.newcomer.secrets.name;
    await world.sleep(plan.signedAfterMs, 'governance');
    let note: string | undefined = undefined;
    while ((note = this.#sign()) === undefined) {
      if (isOver()) return;
      await world.sleep(attemptEveryMs, 'governance');
    }
    for (;;) {
      // A newcomer has it already, and nobody lets it in by the charter before.
      const member = random.pick(this.#parts.members.filter(({ name }) => name !== newcomer));
      if (await this.#bring(note, member)) return;
      await world.sleep(attemptEveryMs, 'governance');
    }
  }

  /** Brings the charter to one member; true once that one has it on disk. */
  async #bring(note: string, { engine, name }: SimulatedMember): Promise<boolean> {
    const { world } = this.#parts;
    if (engine?.exchange === undefined) return false;
    const adopted = await this.#answered(engine.exchange.drafting.adopt(note));
    if (adopted?.verdict === 'accept') {
      world.note('governance', `${name} has the next charter`);
      return true;
    }
    if (adopted?.verdict === 'reject') {
      world.violate('charter', `${name} refuses a signed charter: ${adopted.code}`);
    }
    return engine.replica.knownCharters.length > 1 && adopted !== undefined;
  }

  /** People of honest members draft: what they write must come to all. */
  async #draft(): Promise<void> {
    const { isOver, random, world } = this.#parts;
    for (let turn = 1; !isOver(); turn++) {
      await world.sleep(random.between(1, 2 * draftEveryMs), 'governance');
      const { engine, name } = random.pick(this.#parts.members);
      if (engine?.exchange === undefined) continue;
      const { drafting } = engine.exchange;
      const fields = random.shuffled(['parameter/noticeMs', 'parameter/emailMs']).slice(0, 1);
      const written = random.chance(0.1)
        ? drafting.discard()
        : drafting.write(fields.map((field) => [field, String(turn)] as const));
      const verdict = await this.#answered(written);
      world.note(name, `drafts: ${verdict?.verdict ?? 'no answer'}`);
    }
  }

  async #answered<T>(answer: Promise<T>): Promise<T | undefined> {
    const { world } = this.#parts;
    const late = world.sleep(answerTimeoutMs, 'governance').then(() => undefined);
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (!(error instanceof DirectoryError)) {
        world.violate('engine', `governance: ${String((error as Error).stack)}`);
      }
      return undefined;
    }
  }

  /** Signs the next charter by what one member knows of the logs; nothing where that is too little. */
  #sign(): string | undefined {
    const { charters, federation, onSigned, random, world } = this.#parts;
    const { engine } = random.pick(this.#parts.members);
    const charter = engine && this.#compose(engine);
    if (charter === undefined) return undefined;
    const everybody = [...federation.members, federation.newcomer.secrets];
    const named = everybody.filter(({ name }) => charter.members.some((one) => one.name === name));
    const signers = named.map(({ governor }) => governor);
    const note = signNote(encodeCharter(charter), signers);
    const longer = extendCharterSet(charters, note, crypto);
    if (longer.verdict !== 'accept') throw new Error(`next charter: ${longer.code}`);
    const states = charter.members.map(({ name, state }) => `${name} ${state}`);
    world.note('governance', `signs a charter: ${states.join(', ')}`);
    onSigned(longer.value);
    return note;
  }

  #compose({ replica }: RunningEngine): Charter | undefined {
    const { charters, federation, plan, random, world } = this.#parts;
    const { charter, hash } = charters.current;
    const next = (members: readonly CharterMember[]): Charter => ({
      ...charter,
      version: charter.version + 1,
      previous: hash.toHex(),
      effectiveAtMs: startsAtMs + world.wallMs + plan.leadMs,
      members,
      logs: members.map((member) => {
        const origin = originOf(member);
        return { origin, ...(member.cutoff ?? agreedState(replica, origin) ?? emptyLog) };
      }),
    });
    if (plan.change === 'joins') return next([...charter.members, federation.newcomer.member]);
    const isSparing = charter.members.length > 3 * charter.faults + 1;
    if (plan.change === 'parameter' || (plan.change === 'readonly' && !isSparing)) {
      const hold = random.pick(['emailMs', 'possessionMs', 'theftMs', 'recoveryMs'] as const);
      const holds = { ...charter.holds, [hold]: charter.holds[hold] * 2 };
      return { ...next(charter.members), holds };
    }
    for (const subject of random.shuffled(charter.members)) {
      const changed = changedMember(subject, plan, replica);
      if (changed === undefined) continue;
      const composed = next(charter.members.map((one) => (one === subject ? changed : one)));
      if (this.#isViable(composed)) return composed;
    }
    return undefined;
  }

  /** The rules allow it, and the honest members that stay active are a quorum. */
  #isViable(charter: Charter): boolean {
    const active = activeMembers(charter);
    const expelled = charter.members.filter(({ state }) => state === 'expelled');
    const isHonest = (name: string): boolean =>
      this.#parts.members.some((member) => member.name === name);
    const honest = active.filter(({ name }) => isHonest(name));
    return (
      active.length + expelled.length >= 3 * charter.faults + 1 &&
      honest.length >= Math.max(2, quorumOf(charter))
    );
  }
}

function changedMember(
  member: CharterMember,
  { change }: CharterPlan,
  replica: Replica,
): CharterMember | undefined {
  if (change === 'readonly') return { ...member, state: 'readonly' };
  const cutoff = agreedState(replica, originOf(member));
  return cutoff && { ...member, state: 'expelled', cutoff };
}

export function originOf({ logKey }: CharterMember): string {
  return logKey.slice(0, logKey.indexOf('+'));
}

/** The newest state of a log that a quorum has cosigned, as people read it off one member. */
export function agreedState(replica: Replica, origin: string): LogState | undefined {
  const [, size, root] = replica.agreedCheckpoint(origin)?.split('\n') ?? [];
  return root === undefined ? undefined : { size: Number(size), root };
}

export const emptyLog: LogState = { size: 0, root: emptyRoot().toBase64() };
