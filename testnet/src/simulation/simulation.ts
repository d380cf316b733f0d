/**
 * One seed, played out: a federation is founded, lives through bad weather and liars while holders use
 * it, is mended, and must then be whole again. The production engine does all the work; everything
 * around it is simulated. Deterministic: see `world.ts`.
 */
import type { Cryptography } from '@callbook/protocol';
import { charterSet } from '@callbook/protocol';
import type { CharterSet } from '@callbook/protocol';
import { sodiumCryptography } from '@callbook/protocol/crypto/sodium';
import { loadAutomerge } from '@callbook/replication';
import type { MeshIncident } from '@callbook/replication';
import { Claimant } from './claimant.ts';
import type { MadeEntry } from './claimant.ts';
import { awaitAgreement } from './agreement.ts';
import { isSettled } from './convergence.ts';
import type { ConvergenceParts } from './convergence.ts';
import { expel } from './expulsion.ts';
import { Governance } from './governance.ts';
import { Holder } from './holder.ts';
import type { OpenRequest } from './holder.ts';
import { assertLive, isDivided } from './liveness.ts';
import { Promises } from './promises.ts';
import { makeMischief } from './liar-mischief.ts';
import { Liar } from './liar.ts';
import { drawScenario } from './scenario.ts';
import type { Scenario } from './scenario.ts';
import { SeededRandom } from './seeded-random.ts';
import { sharedVerification } from './shared-verification.ts';
import { SignatureWatch } from './signature-watch.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { diskFaults, SimulatedDisk } from './simulated-disk.ts';
import type { DiskFault } from './simulated-disk.ts';
import { foundFederation } from './simulated-federation.ts';
import type { SimulatedFederation, SimulatedSecrets } from './simulated-federation.ts';
import { SimulatedMember } from './simulated-member.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import type { SimulationOptions, SimulationResult } from './simulation-options.ts';
import { UnionOfLogs } from './union-of-logs.ts';
import { Weather } from './weather.ts';
import { World } from './world.ts';

const eventsMax = 400_000;
/** Longer than members wait with a competitor, and than any witness may be late. */
const quietLeapMs = 45 * 60_000;
/** In so many runs a member loses its disk once all others have what it logged. */
const restoreProbability = 0.4;
const observeIntervalMs = 1000;

/** Plays one seed to its end. */
export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).play();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #network: SimulatedNetwork;
  readonly #federation: SimulatedFederation;
  readonly #watch: SignatureWatch;
  readonly #union: UnionOfLogs;
  readonly #promises: Promises;
  readonly #crypto: Cryptography;
  /** Secrets of honest members, one that may join later included. */
  readonly #honest: readonly SimulatedSecrets[];
  /** Honest members, but for those that a charter expels. */
  readonly #members: SimulatedMember[];
  #liars: readonly Liar[] = [];
  readonly #disks = new Map<string, SimulatedDisk>();
  readonly #holders: readonly Holder[];
  #convergence: ConvergenceParts;
  /** True from the moment in which all is mended. */
  #isMended = false;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const random = new SeededRandom(`callbook simulation ${options.seed}`);
    this.#world = new World(random);
    const drawn = drawScenario(random.branch('scenario'), options.memberCount);
    this.#scenario = options.adjust?.(drawn) ?? drawn;
    const { faults, holds, liars, memberCount: count } = this.#scenario;
    const crypto = sharedVerification(sodiumCryptography);
    this.#crypto = options.wrapCryptography?.(crypto) ?? crypto;
    this.#federation = foundFederation({ seed: String(options.seed), count, faults, holds });
    this.#network = new SimulatedNetwork(this.#world);
    this.#watch = new SignatureWatch(this.#world);
    const charters = charterSet([this.#federation.note], sodiumCryptography);
    if (charters.verdict !== 'accept') throw new Error(`founding charter: ${charters.code}`);
    const exclusiveSkewMs = 5 * 60_000;
    const isExclusive = this.#scenario.skewMsMax <= exclusiveSkewMs && liars.length === 0;
    this.#union = new UnionOfLogs(this.#world, {
      charters: charters.value,
      isExclusive,
      isPromised: liars.length <= faults,
    });
    this.#promises = new Promises(this.#world, this.#union);
    const founders = this.#federation.members.slice(0, count - liars.length);
    this.#honest = [...founders, this.#federation.newcomer.secrets];
    this.#members = founders.map((secrets) => this.#member(secrets));
    this.#holders = this.#settleHolders();
    this.#convergence = {
      world: this.#world,
      charters: charters.value,
      union: this.#union,
      promises: this.#promises,
      members: this.#members,
      claimants: this.#holders.map(({ claimant }) => claimant),
      isForked: (origin) => this.#liars.some((liar) => liar.origin === origin && liar.isForked),
      isServed: liars.length === 0,
      mayStayShut: liars.length > faults,
    };
  }

  #member(
    secrets: SimulatedSecrets,
    charterNotes: readonly string[] = [this.#federation.note],
  ): SimulatedMember {
    const [world, watch, union] = [this.#world, this.#watch, this.#union];
    const { skewMsMax, driftMax } = this.#scenario;
    const random = world.random.branch(`member ${secrets.name}`);
    const logSigner = sodiumCryptography.ed25519Signer(secrets.logSecretKey);
    const disk = new SimulatedDisk({
      random: random.branch('disk'),
      faultAt: (step) => this.#faultAt(secrets.name, step, random),
      onCrash: () => this.#crashed(member),
    });
    this.#disks.set(secrets.name, disk);
    const member: SimulatedMember = new SimulatedMember({
      world,
      network: this.#network,
      federation: this.#federation,
      secrets,
      charterNotes,
      isDrafting: this.#scenario.charter !== undefined,
      crypto: this.#crypto,
      clock: new SimulatedClock(world, secrets.name, {
        skewMs: random.between(-skewMsMax, skewMsMax),
        drift: ((random.below(2001) - 1000) / 1000) * driftMax,
      }),
      disk,
      signerFor: (isAlive) => watch.watch(secrets.origin, logSigner, isAlive),
      onLeaves: (origin, first, leaves) => union.append(origin, first, leaves),
      onRestart: (origin, size) => {
        if (size >= union.size(origin)) return;
        world.violate('append-only', `${origin} had ${union.size(origin)} leaves, now ${size}`);
      },
      onConviction: (origin) => this.#convicted(secrets.name, origin),
      onIncident: (incident) => this.#incident(secrets.name, incident),
      wrapStore: this.#options.wrapStore ?? ((store) => store),
      wrapNetwork: this.#options.wrapNetwork ?? ((network) => network),
    });
    return member;
  }

  #faultAt(name: string, step: number, random: SeededRandom): DiskFault | undefined {
    if (this.#options.faultAt !== undefined) return this.#options.faultAt(name, step);
    if (this.#isMended || !random.chance(this.#scenario.diskFaultProbability)) return undefined;
    return random.pick(diskFaults);
  }

  #crashed(member: SimulatedMember): void {
    member.crash();
    const downMs = this.#world.random.between(10, 5000);
    this.#world.after(downMs, { owner: member.name, what: 'start again' }, () => member.start());
  }

  /** Evidence never names an honest member. */
  #convicted(by: string, origin: string): void {
    this.#world.note(by, `convicts ${origin}`);
    if (!this.#honest.some((member) => member.origin === origin)) return;
    this.#world.violate('honest named', `${by} holds evidence against ${origin}`);
  }

  /** Honest members never break a rule, whatever the weather, and whoever lies to them. */
  #incident(by: string, { memberName, code }: MeshIncident): void {
    if (!this.#honest.some(({ name }) => name === memberName)) return;
    // These say something of a log, not of who passed it on.
    if (code === 'log_forked' || code === 'index_root_differs') return;
    // Whether a mirror makes leaves up or shows the other branch of a fork, nobody can tell at once.
    if (code === 'batch_root_mismatch' && this.#liars.some(({ isForked }) => isForked)) return;
    this.#world.violate('honest incident', `${by} holds ${code} against ${memberName}`);
  }

  #settleHolders(): Holder[] {
    const { identifiers, claimantsEach, faults } = this.#scenario;
    const [world, promises, members] = [this.#world, this.#promises, this.#members];
    const { vrfSecretKey } = this.#federation;
    const secrets = { seed: String(this.#options.seed), vrfSecretKey };
    const requests: OpenRequest[] = [];
    const onMade = ({ entry, opened }: MadeEntry): void => {
      for (const liar of this.#liars) liar.meet(entry, opened);
    };
    return Array.from({ length: identifiers * claimantsEach }, (_, place) => {
      const identifier = `tel:+3491234567${place % identifiers}` as const;
      const claimant = new Claimant(`holder-${place}`, identifier, secrets);
      const random = world.random.branch(claimant.name);
      const isOver = (): boolean => this.#isMended;
      const challengedMin = faults + 1;
      const parts = { world, random, claimant, members, challengedMin, promises, isOver };
      return new Holder({ ...parts, requests, onMade, replaces: this.#scenario.replaces });
    });
  }

  async play(): Promise<SimulationResult> {
    const world = this.#world;
    // A module that is there takes no time, which nothing in the run may.
    if (this.#scenario.charter !== undefined) await loadAutomerge();
    for (const member of this.#members) {
      const event = { owner: member.name, what: 'first start' };
      world.after(world.random.below(2000), event, () => member.start());
    }
    world.after(0, { owner: 'script', what: 'begin' }, () => {
      this.#script().then(
        () => world.finish(),
        (error: unknown) => world.violate('harness', String((error as Error).stack)),
      );
    });
    this.#liars = this.#joinLiars();
    this.#observe();
    await world.run(eventsMax);
    this.#options.onEnd?.({ charters: this.#convergence.charters, members: this.#members });
    for (const member of this.#members) member.forget();
    const { violation, trace } = world;
    const traceTail = trace.tail();
    return {
      seed: this.#options.seed,
      violation,
      traceTail,
      events: trace.count,
      traceHash: trace.finish(),
      receipts: this.#promises.count,
      durableSteps: new Map([...this.#disks].map(([name, disk]) => [name, disk.durableSteps])),
      scenario: this.#scenario,
    };
  }

  #joinLiars(): Liar[] {
    const [world, network, union] = [this.#world, this.#network, this.#union];
    const { members, vrfSecretKey } = this.#federation;
    const { memberCount, skewMsMax } = this.#scenario;
    return this.#scenario.liars.map((faults, place) => {
      const secrets = members[memberCount - this.#scenario.liars.length + place]!;
      const random = world.random.branch(`liar ${secrets.name}`);
      const skewMs = random.between(-skewMsMax, skewMsMax);
      const liar = new Liar({
        world,
        random,
        network,
        secrets,
        clock: new SimulatedClock(world, secrets.name, { skewMs, drift: 0 }),
        charter: this.#convergence.charters.current.hash,
        faults: new Set(faults),
        accomplice: new Claimant(`accomplice-${place}`, 'tel:+34912345670', {
          seed: String(this.#options.seed),
          vrfSecretKey,
        }),
        others: members.map(({ name }) => name).filter((name) => name !== secrets.name),
        onLeaf: (leaf) => union.witness(leaf),
      });
      makeMischief(liar, () => this.#isMended);
      return liar;
    });
  }

  /** Asks every member for its index root now and then: signing it is what compares it. */
  #observe(): void {
    this.#world.after(observeIntervalMs, { owner: 'script', what: 'observe' }, () => {
      for (const { engine } of this.#members) void engine?.replica.indexRoot;
      this.#observe();
    });
  }

  async #script(): Promise<void> {
    const [world, scenario] = [this.#world, this.#scenario];
    const isPromised = scenario.liars.length <= scenario.faults;
    const weather = new Weather({
      world,
      scenario,
      network: this.#network,
      names: this.#federation.members.map(({ name }) => name),
      members: this.#members,
      isSettled: () => this.#network.isWhole && isSettled(this.#convergence),
    });
    weather.begin();
    const lives = this.#holders.map((holder) => holder.live());
    const governing = this.#govern();
    await world.sleep(scenario.safetyMs, 'script');
    this.#isMended = true;
    weather.end();
    await Promise.all([...lives, governing]);
    await this.#converge();
    if (isPromised && world.random.chance(restoreProbability)) {
      world.random.pick(this.#members).restoreBackup(this.#convergence.charters);
      await this.#converge();
    }
    // By now nothing that was begun before can still be waited for.
    world.leap(quietLeapMs);
    if (isPromised) await this.#claimAll();
    await this.#converge();
  }

  async #govern(): Promise<void> {
    const { charter: plan } = this.#scenario;
    if (plan === undefined) return;
    const [world, members] = [this.#world, this.#members];
    await new Governance({
      world,
      random: world.random.branch('governance'),
      plan,
      federation: this.#federation,
      charters: this.#convergence.charters,
      members,
      isOver: () => this.#isMended,
      onSigned: (charters) => this.#signed(charters),
    }).live();
  }

  /** From now on what counts is judged by the new charter; members will, once they have it. */
  #signed(charters: CharterSet): void {
    const [union, members] = [this.#union, this.#members];
    const { newcomer } = this.#federation;
    const expelled = charters.current.charter.members.filter(({ state }) => state === 'expelled');
    const gone = members.find(({ name }) => expelled.some((member) => member.name === name));
    this.#convergence = { ...this.#convergence, charters };
    // Leaves above a cut-off hide from the others what an honest member has logged.
    union.judgeBy({ charters, ...(gone !== undefined && { isExclusive: false }) });
    if (gone !== undefined) {
      gone.isExpelled = true;
      members.splice(members.indexOf(gone), 1);
      this.#convergence = { ...this.#convergence, isServed: false };
    }
    const isKnown = members.some(({ name }) => name === newcomer.secrets.name);
    if (!isKnown && charters.current.memberByOrigin.has(newcomer.secrets.origin)) {
      const member = this.#member(
        newcomer.secrets,
        charters.all.map(({ note }) => note),
      );
      members.push(member);
      member.start();
    }
  }

  /** Of a log that is cut off nobody needs to be convicted any more. */
  get #standingLiars(): readonly Liar[] {
    const { memberByOrigin } = this.#convergence.charters.current;
    return this.#liars.filter(({ origin }) => memberByOrigin.get(origin)?.state !== 'expelled');
  }

  #converge(): Promise<void> {
    return awaitAgreement({ convergence: this.#convergence, standingLiars: this.#standingLiars });
  }

  #claimAll(): Promise<void> {
    const { identifiers } = this.#scenario;
    const claims = Array.from({ length: identifiers }, (_, place) =>
      this.#holders.filter((__, index) => index % identifiers === place),
    );
    return assertLive({ world: this.#world, claims, expel: () => this.#expelDividing() });
  }

  /** People expel the liars whose logs honest members have different leaves of. */
  async #expelDividing(): Promise<boolean> {
    const [members, federation, world] = [this.#members, this.#federation, this.#world];
    const origins = this.#standingLiars
      .map(({ origin }) => origin)
      .filter((origin) => isDivided(origin, members));
    if (origins.length === 0) return false;
    const { charters: before } = this.#convergence;
    const charters = expel({ world, federation, charters: before, members, origins });
    this.#signed(charters);
    const { note } = charters.current;
    for (const { engine } of members) {
      await (engine?.exchange?.drafting.adopt(note) ?? engine?.replica.adopt(note));
    }
    await this.#converge();
    // Registers that were begun in vain are in the way of others for half an hour.
    world.leap(quietLeapMs);
    return true;
  }
}
