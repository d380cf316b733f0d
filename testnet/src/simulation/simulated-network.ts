/**
 * The network of a simulated federation: who is connected to whom, what is cut, and what becomes of
 * each message. A cut can have one direction; a connection does not notice at once, and is then made
 * again by both sides' redialling. Gossip is passed on as GossipSub does: a message is known by its
 * hash, judged before it is passed on, and may be lost, late or doubled.
 */
import type { Lifetime } from './lifetime.ts';
import { calm } from './network-conditions.ts';
import type { NetworkConditions } from './network-conditions.ts';
import { NetworkPort } from './network-port.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { StreamWire } from './simulated-stream.ts';
import type { World } from './world.ts';

/** A connection, from neither side's point of view: each end learns of it in its own time. */
interface Link {
  readonly names: readonly [string, string];
  isUp: boolean;
  /** True while somebody is already about to dial. */
  isDialling: boolean;
  /** When the ends will have learnt what was last to be told. */
  toldAtMs: number;
}

export class SimulatedNetwork {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #ports = new Map<string, NetworkPort>();
  readonly #links = new Map<string, Link>();
  /** Directions that are cut, as `from>to`. */
  readonly #cuts = new Set<string>();
  #conditions: NetworkConditions = calm;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random.branch('network');
  }

  set conditions(conditions: NetworkConditions) {
    this.#conditions = conditions;
  }

  /** Joins one process of a member, in place of the one before. */
  join(life: Lifetime): NetworkPort {
    const port = new NetworkPort(life, this);
    const name = life.owner;
    this.#ports.set(name, port);
    for (const other of this.#ports.keys()) if (other !== name) this.#dialSoon(name, other);
    return port;
  }

  /** The process is gone: the others notice in a while. */
  leave(name: string): void {
    this.#ports.delete(name);
    for (const link of this.#links.values()) if (link.names.includes(name)) this.#lose(link);
  }

  /** Cuts one direction. The connection breaks when too long nothing has come through. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`);
    this.#world.note('network', `cut ${from} to ${to}`);
    const noticedMs = this.#random.between(1000, 15_000);
    this.#world.after(noticedMs, { owner: 'network', what: 'notice a cut' }, () => {
      const link = this.#linkBetween(from, to);
      if (link.isUp && this.#isCutEitherWay(from, to)) this.#lose(link);
    });
  }

  /** One of two members no longer lets the other in. */
  part(one: string, other: string): void {
    this.#lose(this.#linkBetween(one, other));
  }

  mend(from: string, to: string): void {
    if (this.#cuts.delete(`${from}>${to}`)) this.#world.note('network', `mend ${from} to ${to}`);
  }

  mendAll(): void {
    this.#cuts.clear();
    this.#world.note('network', 'mend all');
  }

  get isWhole(): boolean {
    return this.#cuts.size === 0;
  }

  isCut(from: string, to: string): boolean {
    return this.#cuts.has(`${from}>${to}`);
  }

  #isCutEitherWay(a: string, b: string): boolean {
    return this.isCut(a, b) || this.isCut(b, a);
  }

  get wire(): StreamWire {
    return {
      delayMs: () =>
        this.#random.chance(this.#conditions.breakProbability) ? undefined : this.delayMs(),
      isCut: (from, to) => this.isCut(from, to),
    };
  }

  delayMs(): number {
    const { delayMsMin, delayMsMax, lateProbability } = this.#conditions;
    const most = this.#random.chance(lateProbability) ? delayMsMax * 10 : delayMsMax;
    return this.#random.between(delayMsMin, most);
  }

  port(name: string): NetworkPort | undefined {
    return this.#ports.get(name);
  }

  /** Sends a gossip message to one member; nobody learns whether it arrives. */
  gossip(from: string, to: string, message: Uint8Array): void {
    const { lossProbability, duplicateProbability } = this.#conditions;
    const isDoubled = this.#random.chance(duplicateProbability);
    for (let copies = isDoubled ? 2 : 1; copies > 0; copies--) {
      if (this.#random.chance(lossProbability)) continue;
      const port = this.#ports.get(to);
      port?.life.after(this.delayMs(), `gossip of ${from}`, () => {
        if (this.isCut(from, to)) return;
        // Now and then a member has forgotten that it saw the message.
        port.hear(from, message, this.#random.chance(duplicateProbability));
      });
    }
  }

  #linkBetween(a: string, b: string): Link {
    const names = a < b ? ([a, b] as const) : ([b, a] as const);
    const linkKey = names.join(' ');
    const link = this.#links.get(linkKey) ?? {
      names,
      isUp: false,
      isDialling: false,
      toldAtMs: 0,
    };
    this.#links.set(linkKey, link);
    return link;
  }

  #dialSoon(a: string, b: string): void {
    const link = this.#linkBetween(a, b);
    if (link.isDialling || link.isUp) return;
    link.isDialling = true;
    const event = { owner: 'network', what: 'dial' };
    this.#world.after(this.#random.between(50, 2500), event, () => this.#dial(link));
  }

  #dial(link: Link): void {
    const [a, b] = link.names;
    link.isDialling = false;
    const ends = [this.#ports.get(a), this.#ports.get(b)];
    // A member that comes back dials again by itself.
    if (ends.some((port) => port === undefined)) return;
    if (!ends[0]!.knows(b) || !ends[1]!.knows(a)) return this.#dialSoon(a, b);
    if (this.#isCutEitherWay(a, b)) return this.#dialSoon(a, b);
    link.isUp = true;
    this.#tell(link, (port, other) => port.connect(other));
  }

  #lose(link: Link): void {
    if (!link.isUp) return;
    link.isUp = false;
    const [a, b] = link.names;
    this.#tell(link, (port, other) => port.disconnect(other));
    this.#dialSoon(a, b);
  }

  /** Each end learns in its own time, what came first always first. */
  #tell(link: Link, tell: (port: NetworkPort, other: string) => void): void {
    const [a, b] = link.names;
    const firstMs = Math.max(0, link.toldAtMs - this.#world.elapsedMs);
    link.toldAtMs = this.#world.elapsedMs + firstMs + noticeMsMax;
    for (const [name, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const port = this.#ports.get(name);
      const delayMs = firstMs + this.#random.below(noticeMsMax);
      port?.life.after(delayMs, 'connection', () => tell(port, other));
    }
  }
}

/** The ends of a connection learn this much later at most that it is there, or gone. */
const noticeMsMax = 800;
