/**
 * A holder, or somebody who would be one: claims an identifier at several members, keeps trying the
 * same entry when members are away, updates, rotates, releases and claims again. The harness passes
 * the challenges for them, as the API does in front of production: a member that challenged logs the
 * entry in the role `challenged`.
 */
import type { Receipt, Verdict } from '@callbook/protocol';
import { bytesEqual, DirectoryError } from '@callbook/protocol';
import type { Claimant, Ground, MadeEntry } from './claimant.ts';
import type { Promises } from './promises.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedMember } from './simulated-member.ts';
import type { World } from './world.ts';

/** A request that somebody has made. */
export interface OpenRequest {
  /** Hexadecimal. */
  readonly label: string;
  readonly epoch: number;
  /** 32 bytes. */
  readonly entryId: Uint8Array;
}

export interface HolderParts {
  readonly world: World;
  readonly random: SeededRandom;
  readonly claimant: Claimant;
  /** Honest members. */
  readonly members: readonly SimulatedMember[];
  /** Challenges that an ownership entry needs: f + 1. */
  readonly challengedMin: number;
  readonly promises: Promises;
  /** Requests of all claimants, for holders to veto. */
  readonly requests: OpenRequest[];
  /** Hears of entries before any member does: how liars get at them. */
  readonly onMade: (made: MadeEntry) => void;
  /** True when it tries to replace whoever holds the identifier. */
  readonly replaces: boolean;
  /** True once the holders have nothing more to do. */
  readonly isOver: () => boolean;
}

/** A client waits this long for one answer. */
const answerTimeoutMs = 15_000;
/** How often a client sends one entry before it leaves it be. */
const attemptsMax = 6;
/** How often a claimant tries to commit before it leaves it be. */
const commitTriesMax = 5;

/** An ownership entry of this holder that is, was or may come into force. */
interface Claim extends Ground {
  /** The entry itself: what the next one builds on. */
  readonly prev: Uint8Array;
  seq: number;
}

export class Holder {
  readonly #parts: HolderParts;
  readonly #claims: Claim[] = [];
  /** The one believed to be in force. */
  #held: Claim | undefined;

  constructor(parts: HolderParts) {
    this.#parts = parts;
  }

  get claimant(): Claimant {
    return this.#parts.claimant;
  }

  /** Lives until it is over. */
  async live(): Promise<void> {
    const { isOver, random, world } = this.#parts;
    while (!isOver()) {
      await world.sleep(random.between(100, 5000), this.#parts.claimant.name);
      if (isOver()) return;
      const held = this.recall();
      if (held !== undefined) await this.#change(held);
      else if (!(await this.claim()) && this.#parts.replaces) await this.#replace();
    }
  }

  /** What a member says is in force of all that this holder has ever sent. */
  recall(): Claim | undefined {
    if (this.#held !== undefined) return this.#held;
    const engine = this.#parts.random.pick(this.#parts.members).engine;
    return (this.#held = this.#claims.find(
      ({ prev }) => engine?.directory.entryState(prev)?.inForce === true,
    ));
  }

  /** Registers the identifier if it is free; true when the register is complete. */
  async claim(): Promise<boolean> {
    const { claimant, random } = this.#parts;
    const engine = random.pick(this.#parts.members).engine;
    const next = engine?.directory.nextClaim(claimant.label);
    if (next?.kind !== 'register') return false;
    const { epoch, prev } = next;
    const made = await claimant.register({ epoch, prev, generation: 0 });
    return this.#build(made, { epoch, generation: 0 });
  }

  /** Asks to replace whoever holds the identifier, and commits when the hold is over. */
  async #replace(): Promise<void> {
    const { claimant, isOver, onMade, random, requests, world } = this.#parts;
    const engine = random.pick(this.#parts.members).engine;
    const next = engine?.directory.nextClaim(claimant.label);
    if (next?.kind !== 'request') return;
    const { epoch } = next;
    const request = await claimant.request(epoch);
    requests.push({ label: claimant.label.toHex(), epoch, entryId: request.entryId });
    const made = await claimant.commit(epoch + 1, request.entryId);
    onMade(made);
    if (!(await this.#submit(request))) return;
    for (let tries = 0; tries < commitTriesMax && !isOver(); tries++) {
      await world.sleep(random.between(2000, 20_000), claimant.name);
      if (await this.#build(made, { epoch: epoch + 1, generation: 0 })) return;
    }
  }

  /** Vetoes a request against this holder, if there is one. */
  async #veto(held: Claim): Promise<void> {
    const { claimant, random, requests } = this.#parts;
    const label = claimant.label.toHex();
    const against = requests.filter((open) => open.label === label && open.epoch === held.epoch);
    if (against.length === 0) return;
    await this.#submit(await claimant.veto(held, random.pick(against).entryId));
  }

  async #change(held: Claim): Promise<void> {
    const dice = this.#parts.random.below(10);
    if (this.#parts.replaces && dice % 2 === 0) await this.#veto(held);
    if (dice < 7) await this.update();
    else if (dice < 9) await this.#rotate(held);
    else await this.#release(held);
  }

  /** Sends an update to one member; true when that member has logged it. */
  async update(): Promise<boolean> {
    const held = this.recall();
    if (held === undefined) return false;
    const { claimant, promises } = this.#parts;
    const made = await claimant.update(held, ++held.seq);
    if (!(await this.#submit(made))) {
      this.#held = undefined;
      return false;
    }
    promises.noteUpdate({
      label: claimant.label.toHex(),
      ownershipId: held.prev,
      seq: held.seq,
      entryId: made.entryId,
    });
    return true;
  }

  async #rotate(held: Claim): Promise<void> {
    const made = await this.#parts.claimant.rotate(held);
    const { epoch, generation } = held;
    await this.#build(made, { epoch, generation: generation + 1 });
  }

  async #release(held: Claim): Promise<void> {
    await this.#submit(await this.#parts.claimant.release(held));
    this.#held = undefined;
  }

  /** Sends an entry to build on. Where it does not get through, what is in force has to be asked. */
  async #build(
    made: MadeEntry,
    { epoch, generation }: { readonly epoch: number; readonly generation: number },
  ): Promise<boolean> {
    const claim = { epoch, generation, prev: made.entryId, seq: 0 };
    if (!this.#claims.some(({ prev }) => bytesEqual(prev, claim.prev))) this.#claims.push(claim);
    this.#held = undefined;
    const isComplete = await this.#submit(made);
    if (isComplete) this.#held = claim;
    return isComplete;
  }

  /** Sends an entry until it is complete (an update: until it is logged), or long enough. */
  async #submit(made: MadeEntry): Promise<boolean> {
    const { random, world } = this.#parts;
    const receipts = new Map<string, Receipt>();
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      for (const member of random.shuffled(this.#parts.members).slice(0, this.#countFor(made))) {
        const complete = await this.#submitTo(member, made, receipts);
        if (complete) return true;
      }
      await world.sleep(random.between(200, 3000), this.#parts.claimant.name);
    }
    return false;
  }

  /** Members that challenge whoever sends it; one that only receives it asks the others itself. */
  #countFor({ kind }: MadeEntry): number {
    const { challengedMin } = this.#parts;
    if (kind === 'request') return Math.max(2, challengedMin);
    return kind === 'register' || kind === 'commit' ? challengedMin : 1;
  }

  async #submitTo(
    member: SimulatedMember,
    made: MadeEntry,
    receipts: Map<string, Receipt>,
  ): Promise<boolean> {
    const { engine } = member;
    if (engine === undefined) return false;
    const isClaim = ['register', 'request', 'commit'].includes(made.kind);
    const role = isClaim ? 'challenged' : 'received';
    const { entry, opened } = made;
    const submission = { entry, role, receipts: [...receipts.values()], ...opened } as const;
    const answer = await this.#answered(engine.directory.submit(submission));
    this.#note(member.name, made, answer);
    if (answer?.verdict !== 'accept') return false;
    for (const receipt of answer.value.receipts) {
      receipts.set(receipt.origin, receipt);
      const isHonest = this.#parts.members.some(({ origin }) => origin === receipt.origin);
      if (isHonest) this.#parts.promises.note(receipt, made);
    }
    return answer.value.complete;
  }

  /** The answer, or nothing when it does not come in time or the member is stopping. */
  async #answered<T>(answer: Promise<Verdict<T>>): Promise<Verdict<T> | undefined> {
    const { claimant, world } = this.#parts;
    const late = world.sleep(answerTimeoutMs, claimant.name).then(() => undefined);
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      if (!(error instanceof DirectoryError))
        world.violate('engine', String((error as Error).stack));
      return undefined;
    }
  }

  #note(at: string, { kind }: MadeEntry, answer: Verdict<unknown> | undefined): void {
    const said =
      answer === undefined ? 'no answer' : answer.verdict === 'accept' ? 'accept' : answer.code;
    const { claimant, world } = this.#parts;
    world.note(claimant.name, `${kind} at ${at}: ${said}`);
  }
}
