/**
 * `docs/operators/members.md`, walked as it stands: a federation of three that people use all the
 * while goes to five members and expels one. Nothing is restarted.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enumName, environment, eventually, openLab, startUnbound } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { scriptForLab, scriptOf } from '../page-script.ts';

const repository = join(import.meta.dirname, '../../..');
const number = '+34912345678';
const staying = ['alpha', 'beta', 'delta', 'epsilon'];

let lab: Lab;
let use: FederationUse;
let walk: Walk;
let unbound: AsyncDisposable;

beforeAll(async () => {
  lab = await openLab(3, 2);
  const code = `--code-from ${lab.description.outbox}`;
  const ran = await lab.callbook(`register ${number} --sip sip:r0@sip.example ${code}`);
  if (ran.code !== 0) throw new Error(`register failed: ${ran.stdout}${ran.stderr}`);
  use = new FederationUse(lab);
  walk = await walkPage(lab);
  await use.stop();
}, 180_000);

afterAll(async () => {
  await use?.stop();
  await unbound?.[Symbol.asyncDispose]();
  await walk?.end();
  await lab?.[Symbol.asyncDispose]();
});

describe('three members that become five and expel one', () => {
  it('do so by the commands of the page', () => {
    expect(walk.isDone, walk.output()).toBe(true);
  });

  it('answer every look-up meanwhile', () => {
    expect(use.failures).toEqual([]);
    expect(use.lookups).toBeGreaterThan(50);
  });

  it(
    'take every change meanwhile, and all that stay serve the last',
    { timeout: 90_000 },
    async () => {
      expect(use.changes).toBeGreaterThan(2);
      for (const name of staying) {
        const { dnsPort, zone } = layoutOf(name);
        const question = `dig +norec @127.0.0.1 -p ${dnsPort} NAPTR ${enumName(number, zone)}`;
        await eventually(
          async () => await lab.run(question),
          ({ stdout }) => stdout.includes(`sip:r${use.changes}@sip.example`),
        );
      }
    },
  );

  it('are found from the root by a resolver, new members too', { timeout: 90_000 }, async () => {
    unbound = await startUnbound(lab);
    const { address, port } = lab.description.resolver;
    for (const zone of ['e164.delta.test', 'e164.epsilon.test']) {
      const question = `dig +dnssec @${address} -p ${port} NAPTR ${enumName(number, zone)}`;
      const { stdout } = await lab.run(question);
      expect(stdout).toMatch(/flags: [a-z ]*\bad\b/);
      expect(stdout).toContain(`sip:r${use.changes}@sip.example`);
    }
  });

  it('agree on the members that there are now', { timeout: 90_000 }, async () => {
    const shown = await Promise.all(staying.map(async (name) => await shownAt(name)));
    for (const { standing, signers, charter } of shown) {
      expect({ standing, signers }).toEqual({ standing: 'in force', signers: staying });
      expect(charter.members.map(({ name, state }) => `${name} ${state}`)).toEqual([
        'alpha active',
        'beta active',
        'gamma expelled',
        'delta active',
        'epsilon active',
      ]);
    }
  });

  it('take a claim at a new member, to which the expelled one adds nothing', async () => {
    const before = await leavesOf('gamma');
    const code = `--code-from ${lab.description.outbox}`;
    const line = `register +447700900001 --sip sip:new@sip.example --member delta ${code}`;
    expect(await lab.callbook(line)).toMatchObject({ code: 0 });
    expect(await leavesOf('gamma')).toBe(before);
  }, 90_000);

  it('go on from there after a restart', { timeout: 120_000 }, async () => {
    await lab.testnet.restart('beta');
    expect(await shownAt('beta')).toMatchObject({ standing: 'in force', signers: staying });
    const { dnsPort, zone } = layoutOf('beta');
    const question = `dig +norec @127.0.0.1 -p ${dnsPort} NAPTR ${enumName(number, zone)}`;
    expect((await lab.run(question)).stdout).toContain(`sip:r${use.changes}@sip.example`);
  });
});

interface Shown {
  readonly standing: string;
  readonly signers: readonly string[];
  readonly charter: { readonly members: readonly { name: string; state: string }[] };
}

async function shownAt(name: string): Promise<Shown> {
  const { configFile } = layoutOf(name);
  const { stdout } = await eventually(
    async () => await lab.run(`callbook-node charter show --config ${configFile} --json`),
    (shown) => shown.stdout.includes('"version":3'),
  );
  return JSON.parse(stdout) as Shown;
}

/** Leaves that alpha has of a member's log. */
async function leavesOf(name: string): Promise<number> {
  const { origin } = layoutOf(name);
  const { webPort } = layoutOf('alpha');
  const answer = await fetch(`http://localhost:${webPort}/log/${origin}/checkpoint`);
  return Number((await answer.text()).split('\n')[1]);
}

function layoutOf(name: string): Lab['testnet']['layout']['members'][number] {
  const { members, prospects } = lab.testnet.layout;
  return [...members, ...prospects].find((member) => member.name === name)!;
}

interface Walk {
  readonly isDone: boolean;
  output(): string;
  end(): Promise<void>;
}

const doneLine = 'the page has been walked';

/** Runs the page's script to its end and keeps the members running that it has started. */
async function walkPage(lab: Lab): Promise<Walk> {
  const page = await readFile(join(repository, 'docs/operators/members.md'), 'utf8');
  // Four people sign one after the other, each with a command: more of the page's time on a busy machine.
  const commands = scriptOf(page).replace('--sign-within 15s', '--sign-within 25s');
  const script = `${scriptForLab(commands, lab)}\necho '${doneLine}'\nread -r _ || true\n`;
  const shell = spawn('bash', ['-c', script], { cwd: lab.folder, env: environment(lab.folder) });
  const ended = once(shell, 'exit');
  let output = '';
  const isDone = await new Promise<boolean>((resolve) => {
    const take = (text: string): void => {
      output += text;
      if (output.includes(`${doneLine}\n`)) resolve(true);
    };
    shell.stdout.setEncoding('utf8').on('data', take);
    shell.stderr.setEncoding('utf8').on('data', take);
    void ended.then(() => resolve(false));
  });
  return {
    isDone,
    output: () => output.slice(-4000),
    end: async () => {
      shell.stdin.end();
      await ended;
    },
  };
}

/** Somebody who looks up and changes one number all the time, at the members that stay throughout. */
class FederationUse {
  readonly failures: string[] = [];
  lookups = 0;
  changes = 0;
  readonly #lab: Lab;
  #isStopped = false;
  readonly #running: Promise<unknown>;

  constructor(lab: Lab) {
    this.#lab = lab;
    const members = lab.testnet.layout.members.slice(0, 2);
    const lookups = members.map(async ({ webPort }) => await this.#repeat(200, webPort));
    this.#running = Promise.all([...lookups, this.#changeRoutes()]);
  }

  async #repeat(everyMs: number, webPort: number): Promise<void> {
    while (!this.#isStopped) {
      const before = this.changes;
      const found = await lookUp(webPort).catch((error: unknown) => String(error));
      this.lookups++;
      if (!isRecent(found, before, this.changes)) this.failures.push(found.slice(0, 200));
      await sleep(everyMs);
    }
  }

  async #changeRoutes(): Promise<void> {
    while (!this.#isStopped) {
      const ran = await this.#lab.callbook(`routes set sip:r${this.changes + 1}@sip.example`);
      if (ran.code === 0) this.changes++;
      else this.failures.push(ran.stderr);
      await sleep(2000);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }
}

async function lookUp(webPort: number): Promise<string> {
  const answer = await fetch(`http://localhost:${webPort}/v1/lookups`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifiers: [`tel:${number}`] }),
    signal: AbortSignal.timeout(15_000),
  });
  return await answer.text();
}

/**
 * A change that was acknowledged while it was asked, the one before them that is on its way, or one after
 * them.
 */
function isRecent(found: string, before: number, after: number): boolean {
  const change = Number(/sip:r(\d+)@sip\.example/.exec(found)?.[1] ?? -Infinity);
  return change >= before - 1 && change <= after + 1;
}
