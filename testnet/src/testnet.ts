/**
 * A whole federation on one machine: founds it when its folder is empty, else takes it up again,
 * then starts the private DNS root and every member, and stops all of it.
 */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseCharter } from '@callbook/protocol';
import type { Charter } from '@callbook/protocol';
import { describeTestnet } from './description.ts';
import { foundTestnet } from './founding.ts';
import { startHandset } from './handset/handset.ts';
import { layOut, loopback, portsOf } from './layout.ts';
import type { MemberLayout, TestnetLayout, TestnetOptions } from './layout.ts';
import { MemberProcess } from './member-process.ts';
import { startPrivateRoot } from './private-root.ts';
import { linkPage } from './web-page.ts';

const readyMsMax = 120_000;
const sameKeysMsMax = 20_000;

export interface StartOptions extends TestnetOptions {
  /** Forgets what is in the folder. */
  readonly fresh: boolean;
  /** Of the charter that is founded; the others are a tour's. */
  readonly holds?: Partial<Charter['holds']>;
  /** Called between a founding and the first start of its members. */
  readonly onFounded?: (layout: TestnetLayout) => Promise<void>;
  /** Hears what is being done, one line at a time. */
  readonly say: (line: string) => void;
}

export interface Testnet extends AsyncDisposable {
  readonly layout: TestnetLayout;
  readonly members: readonly MemberProcess[];
  /** Starts a member that has joined since the start and waits until it is ready. */
  addMember(name: string): Promise<MemberProcess>;
  /** Stops a member, where it runs, starts it, with these variables too, and waits until it is ready. */
  restart(name: string, variables?: NodeJS.ProcessEnv): Promise<MemberProcess>;
}

/** Starts a testnet; when it cannot, stops what it had started and throws. */
export async function startTestnet(options: StartOptions): Promise<Testnet> {
  const { fresh, say } = options;
  const layout = layOut(options);
  await assertPortsFree(layout);
  if (fresh) await removeTestnet(layout);
  if (existsSync(layout.charterFile)) {
    await assertSameTestnet(layout);
    say(`taking up the federation in ${layout.folder} (--fresh founds a new one)`);
  } else {
    say(`founding a federation of ${layout.members.length} in ${layout.folder}`);
    await foundTestnet(layout, options.holds);
    await options.onFounded?.(layout);
  }
  if (layout.pageLink !== undefined) await linkPage(layout.pageLink);
  await using starting = new AsyncDisposableStack();
  say('starting the private DNS root');
  starting.use(await startPrivateRoot(layout));
  const joined = layout.prospects.filter(({ folder }) => existsSync(join(folder, 'data/store')));
  const started = [...layout.members, ...joined];
  if (layout.pageLink !== undefined) starting.use(await startHandset(layout));
  say(`starting ${started.map(({ name }) => name).join(', ')}`);
  const members = started.map((member) => starting.use(new MemberProcess(member)));
  const deadlineMs = Date.now() + readyMsMax;
  await Promise.all(members.map(async (member) => await member.untilReady(deadlineMs)));
  await untilSameKeys(members);
  const description = await describeTestnet(layout);
  await writeFile(layout.descriptionFile, `${JSON.stringify(description, null, 2)}\n`);
  return new RunningTestnet(layout, members, starting.move());
}

class RunningTestnet implements Testnet {
  readonly layout: TestnetLayout;
  readonly members: MemberProcess[];
  readonly #running: AsyncDisposableStack;

  constructor(layout: TestnetLayout, members: MemberProcess[], running: AsyncDisposableStack) {
    this.layout = layout;
    this.members = members;
    this.#running = running;
  }

  async addMember(name: string): Promise<MemberProcess> {
    const layout = this.layout.prospects.find((member) => member.name === name);
    if (layout === undefined) throw new Error(`the testnet has no room for ${name}`);
    return await this.#start(layout, this.members.length);
  }

  async restart(name: string, variables?: NodeJS.ProcessEnv): Promise<MemberProcess> {
    const position = this.members.findIndex(({ layout }) => layout.name === name);
    if (position < 0) throw new Error(`the testnet has no member ${name}`);
    const { layout } = this.members[position]!;
    await this.members[position]!.stop();
    return await this.#start(layout, position, variables);
  }

  async #start(
    layout: MemberLayout,
    position: number,
    variables?: NodeJS.ProcessEnv,
  ): Promise<MemberProcess> {
    const member = this.#running.use(new MemberProcess(layout, variables));
    this.members[position] = member;
    await member.untilReady(Date.now() + readyMsMax);
    return member;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync();
  }
}

/**
 * Waits until all have heard of each other's oblivious keys, so that whoever asks in the first second can
 * ask obliviously; not for ever, since a member that was expelled may never know what the others do.
 */
async function untilSameKeys(members: readonly MemberProcess[]): Promise<void> {
  const deadlineMs = Date.now() + sameKeysMsMax;
  while (Date.now() < deadlineMs) {
    const keys = await Promise.all(members.map(async (member) => await member.obliviousKeys()));
    if (new Set(keys).size === 1 && keys[0] !== undefined) return;
    await sleep(100);
  }
}

/** Only what a testnet made is removed: a folder without a charter of one is left alone. */
async function removeTestnet(layout: TestnetLayout): Promise<void> {
  if (!existsSync(layout.folder)) return;
  if (!existsSync(layout.charterFile)) {
    throw new Error(`${layout.folder} is no testnet's folder; name another with --dir`);
  }
  await rm(layout.folder, { recursive: true });
}

async function assertSameTestnet(layout: TestnetLayout): Promise<void> {
  const charter = parseCharter(await readFile(layout.charterFile, 'utf8'));
  const founded = charter.verdict === 'accept' ? charter.value.members.map(({ api }) => api) : [];
  const wanted = layout.members.map(({ apiPort }) => `https://localhost:${apiPort}`);
  if (founded.join(' ') === wanted.join(' ')) return;
  throw new Error(
    `the federation in ${layout.folder} has other members or ports; start with --fresh to found a new one`,
  );
}

async function assertPortsFree(layout: TestnetLayout): Promise<void> {
  for (const port of portsOf(layout)) {
    const free = await new Promise<boolean>((resolve) => {
      const probe = createServer();
      probe.once('error', () => resolve(false));
      probe.listen({ host: loopback, port, exclusive: true }, () => {
        probe.close(() => resolve(true));
      });
    });
    if (!free) throw new Error(`port ${port} is taken; choose others with --port-base`);
  }
}
