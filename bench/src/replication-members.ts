/** The processes of the replication bench's members, as its parent sees them. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createPeerKey } from '@callbook/replication';
import type { MemberOrders, MemberStart, OrderAnswer } from './replication-orders.ts';
import { memberNames } from './synthetic-federation.ts';

/** The daemon's own. */
const nodeFlags = createRequire(import.meta.url)('@callbook/node/node-flags.json') as string[];

export class MemberProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  readonly name: string;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#child = child;
    child.on('message', (message) => this.#answer(message as OrderAnswer));
    child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) {
        reject(new Error(`member ${name} has ended with ${code}`));
      }
    });
  }

  static async start(options: MemberStart): Promise<MemberProcess> {
    const module = new URL('replication-member.ts', import.meta.url).pathname;
    const child = fork(module, [JSON.stringify(options)], {
      execArgv: ['--conditions=@callbook/source', ...nodeFlags],
      serialization: 'advanced',
    });
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`member ${options.name} has ended with ${code}`);
    });
    await Promise.race([once(child, 'message'), ended]);
    ended.catch(() => undefined);
    return new MemberProcess(options.name, child);
  }

  /** Tells the member to do something; resolves with what it answers. */
  async do<Order extends keyof MemberOrders>(
    order: Order,
    ...given: Parameters<MemberOrders[Order]>
  ): Promise<Awaited<ReturnType<MemberOrders[Order]>>> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    this.#child.send({ id, order, argument: given[0] });
    return (await answer.promise) as Awaited<ReturnType<MemberOrders[Order]>>;
  }

  #answer({ id, result, error }: OrderAnswer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(`member ${this.name}: ${error}`));
  }

  /** Ends it, whatever it is at: its store is thrown away. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

export interface StartedMembers extends Disposable {
  /** All of the federation, connected. */
  readonly members: readonly MemberProcess[];
  /** One more with the last member's keys and no network: takes in what the bench gives it. */
  readonly alone: MemberProcess;
}

/** Starts five members and waits until each is connected with all others. */
export async function startMembers(folder: string): Promise<StartedMembers> {
  const keys = await Promise.all(memberNames.map(async () => await createPeerKey()));
  const peerIds = Object.fromEntries(memberNames.map((name, n) => [name, keys[n]!.peerId]));
  const started: MemberProcess[] = [];
  const kill = (): void => started.forEach((member) => member.kill());
  try {
    for (const [n, name] of memberNames.entries()) {
      const peerKey = keys[n]!.keyBytes.toBase64();
      started.push(
        await MemberProcess.start({ name, folder: join(folder, name), peerKey, peerIds }),
      );
    }
    const members = started.slice();
    const name = memberNames.at(-1)!;
    const alone = await MemberProcess.start({ name, folder: join(folder, 'alone'), peerIds });
    started.push(alone);
    const addresses: Record<string, readonly string[]> = {};
    for (const member of members) addresses[member.name] = await member.do('addresses');
    await Promise.all(members.map((member) => member.do('connect', addresses)));
    return { members, alone, [Symbol.dispose]: kill };
  } catch (error) {
    kill();
    throw error;
  }
}
