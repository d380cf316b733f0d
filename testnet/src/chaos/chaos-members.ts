/**
 * The members of a chaos run: real daemons that reach each other through shaping proxies, and what can
 * be done to one of them. What is done to one member is done in turn, so that nobody kills a member
 * that is being restarted.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import type { MemberLayout, TestnetLayout } from '../layout.ts';
import { MemberProcess } from '../member-process.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';
import { Links } from './links.ts';
import { MemberClocks } from './member-clocks.ts';
import type { SmallDisk } from './small-disk.ts';

const readyMsMax = 180_000;
const fullDiskNoticedMsMax = 60_000;

export class ChaosMembers implements AsyncDisposable {
  readonly links: Links;
  readonly clocks: MemberClocks;
  readonly #onCrash: (what: string) => void;
  readonly #members = new Map<string, MemberProcess>();
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Of each member, the processes that were started before the present one. */
  readonly #restarts = new Map<string, number>();

  private constructor(links: Links, clocks: MemberClocks, onCrash: (what: string) => void) {
    this.links = links;
    this.clocks = clocks;
    this.#onCrash = onCrash;
  }

  /**
   * Puts proxies between the members of a federation that has been founded, and starts them. `onCrash` hears
   * of a member that ends by itself.
   */
  static async start(
    layout: TestnetLayout,
    { random, onCrash }: { readonly random: SeededRandom; onCrash(what: string): void },
  ): Promise<ChaosMembers> {
    const links = await Links.open(layout.members, random);
    for (const member of layout.members) await setPeers(member, links);
    const clocks = await MemberClocks.open(layout.members);
    const members = new ChaosMembers(links, clocks, onCrash);
    for (const member of layout.members) members.#start(member);
    try {
      await members.untilReady();
    } catch (error) {
      await members[Symbol.asyncDispose]();
      throw error;
    }
    return members;
  }

  /** The process that a member has now, and how many it had before. */
  processOf(name: string): { readonly pid: number | undefined; readonly restarts: number } {
    return { pid: this.#members.get(name)?.pid, restarts: this.#restarts.get(name) ?? 0 };
  }

  async untilReady(): Promise<void> {
    const deadlineMs = Date.now() + readyMsMax;
    await Promise.all([...this.#members.values()].map((member) => member.untilReady(deadlineMs)));
  }

  /** Kills a member as a power cut of the process would, and starts it again after a while. */
  async kill(name: string, downMs: number): Promise<void> {
    await this.#inTurn(name, async () => {
      await this.#members.get(name)!.stop('SIGKILL');
      await sleep(downMs);
      await this.#restart(name);
    });
  }

  /** Stops a member's clock and work, while the kernel goes on taking what others send it. */
  async freeze(name: string, frozenMs: number): Promise<void> {
    await this.#inTurn(name, async () => {
      const { pid } = this.#members.get(name)!;
      process.kill(pid!, 'SIGSTOP');
      try {
        await sleep(frozenMs);
      } finally {
        process.kill(pid!, 'SIGCONT');
      }
    });
  }

  /**
   * Fills a member's disk, waits until it says that it is not ready because its store has failed, gives
   * the space back and restarts it.
   */
  async fillDisk(name: string, disk: SmallDisk): Promise<void> {
    await this.#inTurn(name, async () => {
      const member = this.#members.get(name)!;
      await disk.fill();
      const reasons = await untilNotReady(member.layout);
      await disk.clear();
      if (!reasons.includes('store_failed')) {
        throw new Error(`${name} does not say that its disk is full: ${reasons.join(', ')}`);
      }
      await member.stop('SIGKILL');
      await this.#restart(name);
    });
  }

  /** Sets a member's clock off while it runs, and right again after a while. */
  async moveClock(name: string, offMs: number, lengthMs: number): Promise<void> {
    await this.clocks.set(name, offMs);
    try {
      await sleep(lengthMs);
    } finally {
      await this.clocks.set(name, 0);
    }
  }

  /** Resolves when nothing is being done to any member. */
  async settled(): Promise<void> {
    await Promise.all(this.#turns.values());
  }

  async #restart(name: string): Promise<void> {
    const { layout } = this.#members.get(name)!;
    this.#restarts.set(name, (this.#restarts.get(name) ?? 0) + 1);
    await this.#start(layout).untilReady(Date.now() + readyMsMax);
  }

  #start(layout: MemberLayout): MemberProcess {
    const member = new MemberProcess(layout, this.clocks.variables(layout.name));
    this.#members.set(layout.name, member);
    void member.ended.then(async (code) => {
      if (!member.isStopped) this.#onCrash(await member.lastWords(`ended by itself (${code})`));
    });
    return member;
  }

  async #inTurn(name: string, work: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(name) ?? Promise.resolve();
    const turn = before.then(work);
    this.#turns.set(name, turn);
    await turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#turns.values());
    await Promise.all([...this.#members.values()].map((member) => member.stop('SIGKILL')));
    await this.links[Symbol.asyncDispose]();
  }
}

/** Has a member reach the others through the proxies. */
export async function setPeers(member: MemberLayout, links: Links): Promise<void> {
  const config = parse(await readFile(member.configFile, 'utf8')) as { mesh: object };
  const mesh = { ...config.mesh, peers: links.peersOf(member.name) };
  await writeFile(member.configFile, stringify({ ...config, mesh }));
}

/** Waits until a member is not ready; returns the reasons that it gives. */
async function untilNotReady({ webPort }: MemberLayout): Promise<readonly string[]> {
  const deadlineMs = Date.now() + fullDiskNoticedMsMax;
  while (Date.now() < deadlineMs) {
    const signal = AbortSignal.timeout(2000);
    const response = await fetch(`http://localhost:${webPort}/readyz`, { signal }).catch(
      () => null,
    );
    const answer = (await response?.json().catch(() => null)) as { reasons?: string[] } | null;
    if (response?.status === 503) return answer?.reasons ?? [];
    await sleep(100);
  }
  return ['ready'];
}
