/**
 * A member that runs as two processes, in a federation that people use: the one that writes is stopped where
 * it stands, the other takes over, the first wakes up. Real processes, a real database, and the other members
 * as witnesses: they hold every checkpoint that either has signed.
 */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { leavesAt, logSizeAt } from '../../src/chaos/member-view.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { MemberProcess } from '../../src/member-process.ts';
import { Postgres } from '../../src/postgres.ts';
import { eventually, openLab } from '../lab.ts';
import type { Lab, Ran } from '../lab.ts';

const takeOverMsMax = 10_000;
const readyMsMax = 60_000;

let lab: Lab;
let alpha: MemberLayout;
/** The same member on another machine: the same keys, its own disk and addresses. */
let alphaElsewhere: MemberLayout;
let beta: MemberLayout;
let first: MemberProcess;
let second: MemberProcess;
let postgres: Postgres;
let nextNumber = 600_100;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  postgres = parts.use(await Postgres.start());
  lab = parts.use(await openLab(3));
  [alpha, beta] = lab.testnet.layout.members as [MemberLayout, MemberLayout];
  await writeFile(join(alpha.folder, 'database'), postgres.url, { mode: 0o600 });
  await change(alpha, { sharedDatabase: { urlFile: 'database', standby: true } });
  // Its store is what the ledger begins with; whoever is to follow needs a copy of it.
  await lab.testnet.restart('alpha');
  await register();
  await lab.testnet.members[0]!.stop();
  alphaElsewhere = await copyElsewhere(alpha);
  first = await lab.testnet.restart('alpha');
  second = parts.use(new MemberProcess(alphaElsewhere));
}, 120_000);

afterAll(async () => await parts.disposeAsync());

async function change(member: MemberLayout, settings: Record<string, unknown>): Promise<void> {
  const config = parse(await readFile(member.configFile, 'utf8')) as Record<string, unknown>;
  await writeFile(member.configFile, stringify({ ...config, ...settings }), { mode: 0o600 });
}

async function copyElsewhere(member: MemberLayout): Promise<MemberLayout> {
  const folder = `${member.folder}-elsewhere`;
  await cp(member.folder, folder, { recursive: true, preserveTimestamps: true });
  const moved = (port: number): number => port + 5;
  const copy = {
    ...member,
    folder,
    configFile: member.configFile.replace(member.folder, folder),
    dnsPort: moved(member.dnsPort),
    apiPort: moved(member.apiPort),
    webPort: moved(member.webPort),
    meshPort: moved(member.meshPort),
  };
  const text = await readFile(copy.configFile, 'utf8');
  const ports = [member.dnsPort, member.apiPort, member.webPort, member.meshPort];
  const changed = ports.reduce(
    (all, port) => all.replaceAll(String(port), String(moved(port))),
    text,
  );
  await writeFile(copy.configFile, changed, { mode: 0o600 });
  await writeFile(join(folder, 'node.log'), '');
  return copy;
}

async function register(memberName = 'beta'): Promise<void> {
  const ran = await tryToRegister(memberName);
  if (ran.code !== 0) throw new Error(`register failed: ${ran.stdout}${ran.stderr}`);
}

async function tryToRegister(memberName = 'beta'): Promise<Ran> {
  const number = `+34912${nextNumber++}`;
  const code = `--code-from ${lab.description.outbox}`;
  return await lab.callbook(
    `register ${number} --sip sip:me@sip.example --member ${memberName} ${code}`,
  );
}

/** People who go on claiming numbers at another member until told otherwise; who is refused comes again later. */
function load(): { stop(): Promise<number> } {
  const over = new AbortController();
  let count = 0;
  const running = (async () => {
    while (!over.signal.aborted) {
      const { code } = await tryToRegister();
      if (code === 0) count += 1;
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await running;
      return count;
    },
  };
}

async function messages(member: MemberLayout): Promise<string[]> {
  const text = await readFile(join(member.folder, 'node.log'), 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
}

/** What all have seen of alpha's log; more than `size` leaves. */
async function logBeyond(size: number): Promise<Uint8Array[]> {
  const found = await eventually(
    async () => await logSizeAt(beta, alpha.origin),
    (known) => known > size,
    takeOverMsMax * 3,
  );
  return await leavesAt(beta, alpha.origin, found);
}

describe('a member with a stand-by', () => {
  let before: Uint8Array[];

  it('is one process that writes, and one that opens no port and keeps up', async () => {
    expect(await messages(alpha)).toContain('lease_taken');
    await eventually(
      async () => await messages(alphaElsewhere),
      (said) => said.includes('standing_by'),
      readyMsMax,
    );
    expect(await messages(alphaElsewhere)).not.toContain('lease_taken');
    const size = await logSizeAt(beta, alpha.origin);
    await register('alpha');
    before = await logBeyond(size);
  }, 60_000);

  it('signs its next checkpoint within ten seconds of the stop of who wrote, in the middle of a load', async () => {
    const people = load();
    const stoppedAtMs = Date.now();
    process.kill(first.pid!, 'SIGSTOP');
    const size = await logSizeAt(beta, alpha.origin);
    await eventually(
      async () => await messages(alphaElsewhere),
      (said) => said.includes('lease_taken'),
      readyMsMax,
    );
    const after = await logBeyond(size);
    const tookMs = Date.now() - stoppedAtMs;
    console.error(`next checkpoint after ${tookMs} ms`);
    expect(await people.stop()).toBeGreaterThan(0);
    expect(after.slice(0, before.length)).toEqual(before);
    before = after;
    await second.untilReady(Date.now() + readyMsMax);
  }, 90_000);

  it('sends the one that wakes up away before it signs anything', async () => {
    process.kill(first.pid!, 'SIGCONT');
    expect(await first.ended).toBe(75);
    expect(await messages(alpha)).toContain('lease_lost');
    await register();
    before = await logBeyond(before.length);
  }, 60_000);

  it('lets the first stand by, and write again when the second is killed', async () => {
    first = parts.use(new MemberProcess(alpha));
    await eventually(
      async () => await messages(alpha),
      (said) => said.at(-1) === 'standing_by',
      readyMsMax,
    );
    const people = load();
    await second.stop('SIGKILL');
    await first.untilReady(Date.now() + readyMsMax);
    const after = await logBeyond(before.length);
    await people.stop();
    expect(after.slice(0, before.length)).toEqual(before);
  }, 90_000);

  it('has signed nothing that contradicts itself, as far as anybody has seen', async () => {
    for (const { layout } of lab.testnet.members) {
      const said = await messages(layout);
      expect(said).not.toContain('evidence_found');
      expect(said).not.toContain('own_log_contradicted');
    }
  });
});
