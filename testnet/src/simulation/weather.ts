/**
 * What happens to honest members that is nobody's lie: cuts, crashes, orderly restarts, frozen
 * processes, clocks that are set, time that passes. Until it ends, when everything is mended.
 */
import type { Scenario } from './scenario.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedMember } from './simulated-member.ts';
import type { SimulatedNetwork } from './simulated-network.ts';
import { calm } from './network-conditions.ts';
import type { World } from './world.ts';

export interface WeatherParts {
  readonly world: World;
  readonly scenario: Scenario;
  readonly network: SimulatedNetwork;
  /** Names of all members, liars too. */
  readonly names: readonly string[];
  /** Honest members. */
  readonly members: readonly SimulatedMember[];
  /** True when every honest member is up and has what every other has logged. */
  readonly isSettled: () => boolean;
}

const minuteMs = 60_000;
/** Cuts, and members that are down, last up to this long. */
const outageMsMax = 20_000;
/** Clocks of members that agree on the time, as after the weather. */
const goodClockMs = 1000;

export class Weather {
  readonly #parts: WeatherParts;
  readonly #random: SeededRandom;
  #isOver = false;

  constructor(parts: WeatherParts) {
    this.#parts = parts;
    this.#random = parts.world.random.branch('weather');
  }

  /** Begins; from here on things go wrong by chance. */
  begin(): void {
    const { network, scenario } = this.#parts;
    network.conditions = scenario.network;
    const { everyMs } = scenario;
    this.#repeat('cut', everyMs.cut, () => this.#cut());
    this.#repeat('crash', everyMs.crash, () => this.#crash());
    this.#repeat('freeze', everyMs.freeze, () => {
      this.#random.pick(this.#parts.members).freeze(this.#random.between(100, 8000));
    });
    this.#repeat('clock', everyMs.clockStep, () => {
      const { skewMsMax } = scenario;
      this.#random.pick(this.#parts.members).clock.set(this.#random.between(-skewMsMax, skewMsMax));
    });
    this.#repeat('leap', everyMs.leap, () => this.#leap());
  }

  /** Ends: all is mended, every member runs and its clock is right. */
  end(): void {
    const { members, network } = this.#parts;
    this.#isOver = true;
    network.mendAll();
    network.conditions = calm;
    for (const member of members) {
      member.clock.correct(this.#random.between(-goodClockMs, goodClockMs));
      member.start();
    }
  }

  #repeat(what: string, everyMs: number | undefined, happen: () => void): void {
    if (everyMs === undefined || this.#isOver) return;
    const delayMs = this.#random.between(1, 2 * everyMs);
    this.#parts.world.after(delayMs, { owner: 'weather', what }, () => {
      if (this.#isOver) return;
      happen();
      this.#repeat(what, everyMs, happen);
    });
  }

  /** Cuts one direction, both, or a member from all others. */
  #cut(): void {
    const { names, network, world } = this.#parts;
    const [one, other] = this.#random.shuffled(names) as [string, string];
    const pairs: [string, string][] =
      this.#random.below(3) === 0
        ? names.filter((name) => name !== one).flatMap((name) => bothWays(one, name))
        : this.#random.chance(0.5)
          ? [[one, other]]
          : bothWays(one, other);
    for (const [from, to] of pairs) network.cut(from, to);
    const outageMs = this.#random.between(100, outageMsMax);
    world.after(outageMs, { owner: 'weather', what: 'mend' }, () => {
      for (const [from, to] of pairs) network.mend(from, to);
    });
  }

  #crash(): void {
    const { members, world } = this.#parts;
    const member = this.#random.pick(members);
    if (this.#random.chance(0.3)) {
      member.restart().catch((error: unknown) => {
        world.violate('engine', `stop: ${String(error)}`);
      });
      return;
    }
    member.crash();
    const downMs = this.#random.between(10, outageMsMax);
    world.after(downMs, { owner: member.name, what: 'start again' }, () => {
      if (!member.isUp) member.start();
    });
  }

  /** A little time passes whatever is wrong; half an hour only while nobody waits for a message. */
  #leap(): void {
    const { isSettled, world } = this.#parts;
    if (isSettled()) world.leap(this.#random.between(minuteMs, 40 * minuteMs));
    else world.leap(this.#random.between(0, minuteMs / 6));
  }
}

function bothWays(a: string, b: string): [string, string][] {
  return [
    [a, b],
    [b, a],
  ];
}
