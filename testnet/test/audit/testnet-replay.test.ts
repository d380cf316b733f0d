/**
 * `callbook audit replay` on a testnet, as an audit organisation runs it: after many updates, while
 * members go on writing, killed on its way, on a full disk, and on one byte that changed in the store
 * of a member.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseEntryBundle } from '@callbook/protocol';
import { openLevelStore } from '@callbook/replication/replica';
import { startChromium } from '../browser/chromium.ts';
import { buildGoChecker } from '../go-checker.ts';
import { environment, eventually, openLab, runCommand } from '../lab.ts';
import type { Lab, Ran } from '../lab.ts';
import { scriptForLab, scriptOf } from '../page-script.ts';
import { inspect } from '../web/inspect.ts';
import { foldInGo, isRefused } from './folds.ts';
import type { Folded, GoFolded } from './folds.ts';
import { Writers } from './writers.ts';

/** More than one full tile at one member; ten thousand at all members where there is time. */
const isFull = Boolean(process.env['CALLBOOK_FULL']);
const updateCount = isFull ? 10_000 : 300;
const holderCount = 10;
const writingMsMax = 1_200_000;
const [verifiedBad, unavailable] = [3, 5];

let lab: Lab;
let writers: Writers;
let checker: string;

beforeAll(async () => {
  lab = await openLab(3);
  checker = join(lab.folder, 'go-checker');
  const built = buildGoChecker(checker);
  writers = await Writers.claim(lab, { count: holderCount, memberCount: isFull ? 3 : 1 });
  await writers.publish(() => writers.published >= updateCount);
  await built;
}, writingMsMax);

afterAll(async () => await lab?.[Symbol.asyncDispose]());

it(`ends with all members agree after ${updateCount} updates, and Go comes to the same`, async () => {
  await settled('audit');
  const ran = await lab.callbook('audit replay --cache audit');
  expect(ran.code).toBe(0);
  const root = /^all members agree, root ([0-9a-f]{64})$/.exec(lastLine(ran))?.[1];
  const inGo = await goFold('audit');
  expect(inGo).toEqual({ bindings: holderCount, root, violations: [], broken: [] });
  const offline = await lab.callbook('audit replay --cache audit --offline --json');
  const { root: again, bindings } = JSON.parse(lastLine(offline)) as Folded;
  expect({ root: again, bindings }).toEqual({ root, bindings: holderCount });
}, 240_000);

it('finds nothing while members keep writing, and all of it in the end', async () => {
  let isOver = false;
  const writing = writers.publish(() => isOver);
  try {
    for (let round = 0; round < 2; round++) {
      const before = writers.published;
      const ran = await lab.callbook('audit replay --cache audit');
      // A busy member may be behind the others, which is no problem of anybody's.
      expect([0, unavailable]).toContain(ran.code);
      expect(ran.stdout).not.toContain('PROBLEM');
      await eventually(
        async () => writers.published,
        (published) => published > before,
        30_000,
      );
    }
  } finally {
    isOver = true;
    await writing;
  }
  const { root } = await settled('audit');
  expect(await goFold('audit')).toMatchObject({ root, violations: [], broken: [] });
}, 300_000);

it('runs the commands of docs/auditors.md as they stand', async () => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/auditors.md'), 'utf8');
  const script = scriptOf(page);
  expect(script).toContain('callbook audit replay');
  const ran = await runCommand('bash', ['-c', scriptForLab(script, lab)], {
    cwd: lab.folder,
    env: { ...environment(lab.folder), CALLBOOK_CONFIG: undefined },
  });
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
}, 60_000);

it('goes on where it was killed', async () => {
  // Killed as soon as it has fetched something, and as soon as it folds.
  for (const sign of ['logs', 'fold']) await killedAt('killed', sign);
  const { root } = await settled('killed');
  expect(root).toBe((await settled('audit')).root);
  expect(await goFold('killed')).toEqual(await goFold('audit'));
}, 300_000);

it('says that the disk is full, and goes on when it is not', async () => {
  const cache = join(lab.folder, 'small');
  await mkdir(cache);
  // A disk in a mount namespace of the shell's own: it is gone with the shell.
  const script = [
    `mount -t tmpfs -o size=64k callbook-audit '${cache}'`,
    `callbook audit replay --cache '${cache}'; echo "first $?"`,
    `mount -o remount,size=64m '${cache}'`,
    `callbook audit replay --cache '${cache}'; echo "then $?"`,
  ].join('\n');
  const child = spawn('unshare', ['--mount', '--propagation=private', 'sh', '-c', script], {
    cwd: lab.folder,
    env: environment(lab.folder),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => void (said += String(chunk)));
  }
  await once(child, 'close');
  expect(said).toMatch(/audit_disk_full/);
  expect(said).toMatch(/first [1-9]/);
  expect(said).toMatch(/all members agree, root [0-9a-f]{64}\nthen 0/);
}, 120_000);

it('names member, entry and evidence when one byte changed in the store of a member', async () => {
  const [alpha] = lab.testnet.layout.members;
  const { name } = alpha!;
  const { origin } = lab.description.members[0]!;
  await lab.testnet.members[0]!.stop('SIGTERM');
  const index = await changeOneByte(join(alpha!.folder, 'data', 'store'), origin);
  await lab.testnet.restart(name);
  const ran = await eventually(
    async () => {
      // From nothing each time: what a mirror gave while this member was away is not asked for again.
      await rm(join(lab.folder, 'changed'), { recursive: true, force: true });
      return await lab.callbook('audit replay --cache changed');
    },
    ({ code }) => code === verifiedBad,
    60_000,
  );
  const last = lastLine(ran);
  expect(last).toContain(`PROBLEM  ${name}: `);
  expect(last).toContain(`leaf_differs, ${origin} leaf ${index}`);
  const evidence = /evidence: (\S+?)(;|$)/.exec(last)?.[1];
  expect(existsSync(join(lab.folder, 'changed', evidence!))).toBe(true);
  // What is right came from the mirrors: the rest is as ever, but for what a start logs.
  expect(await goFold('changed')).toMatchObject({
    bindings: holderCount,
    root: (await goFold('audit')).root,
    violations: [],
  });
}, 120_000);

it('shows the problem on a page that anybody can read, in both themes and at every width', async () => {
  const ran = await lab.callbook('audit report --cache changed --report changed.html');
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  await using chromium = await startChromium([]);
  const page = await chromium.browser.newPage();
  await page.goto(pathToFileURL(join(lab.folder, 'changed.html')).href);
  const { name } = lab.testnet.layout.members[0]!;
  expect(await page.textContent('h1')).toBe(`Something is wrong: ${name}`);
  expect(await page.textContent('.findings.grave')).toContain('leaf_differs');
  await inspect(page, 'audit-report');
}, 120_000);

/**
 * Replays until all members have signed what all updates come to, and two replays say the same; what is
 * wrong stays wrong. A quorum of two has logged each claim, and the third perhaps.
 */
async function settled(cache: string): Promise<Settled> {
  const leavesMin = 2 * holderCount + writers.published;
  let lastRoot: string | undefined;
  return await eventually(
    async () => {
      const ran = await lab.callbook(`audit replay --cache ${cache} --json`);
      if (![0, unavailable].includes(ran.code)) throw new Error(ran.stdout + ran.stderr);
      const result = JSON.parse(lastLine(ran)) as Settled;
      const isStill = result.root === lastRoot;
      lastRoot = result.root;
      return { ...result, isStill };
    },
    ({ verdict, logs, isStill }) =>
      isStill && verdict === 'agree' && logs.reduce((sum, { size }) => sum + size, 0) >= leavesMin,
    120_000,
  );
}

interface Settled {
  readonly root: string;
  readonly verdict: string;
  readonly logs: readonly { readonly size: number }[];
}

async function goFold(cache: string): Promise<GoFolded> {
  const folded = await foldInGo(checker, join(lab.folder, cache));
  if (isRefused(folded)) throw new Error(folded.refused);
  return folded;
}

/**
 * Starts a replay and kills it when there is something in the folder of that name. What is started is
 * the audit itself: `callbook` in the repository is a process before it, which would be killed instead.
 */
async function killedAt(cache: string, sign: string): Promise<void> {
  const main = join(import.meta.dirname, '../../../packages/cli/src/main.ts');
  const flags = ['--conditions=@callbook/source', main, 'audit', 'replay', '--cache', cache];
  const signals: unknown[] = [];
  while (signals.at(-1) !== 'SIGKILL' && signals.length < killAttemptsMax) {
    // One that came to its end while this process had no turn leaves nothing to go on with.
    if (signals.length > 0) await rm(join(lab.folder, cache), { recursive: true });
    const child = spawn(process.execPath, flags, {
      cwd: lab.folder,
      env: environment(lab.folder),
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    await eventually(
      async () => await isThere(join(lab.folder, cache, sign)),
      (seen) => seen,
      60_000,
    );
    child.kill('SIGKILL');
    await ended;
    signals.push(child.signalCode);
  }
  expect(signals.at(-1)).toBe('SIGKILL');
}

const killAttemptsMax = 5;

async function isThere(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  return await readdir(path).then(
    (names) => names.length > 0,
    () => true,
  );
}

/** Changes a byte of a leaf in the first bundle of a log; returns the leaf. */
async function changeOneByte(store: string, origin: string): Promise<number> {
  const rows = await openLevelStore(store, { cacheBytes: 1 << 20 });
  try {
    const prefix = Buffer.from(`b${origin}\0`);
    const last = Buffer.from(`b${origin}\u0001`);
    const [row] = await rows.range({ gte: prefix, lt: last, countMax: 1 });
    const [rowKey, value] = row!;
    const leaves = parseEntryBundle(value);
    if (leaves.verdict !== 'accept') throw new Error(leaves.message);
    const index = 100;
    const before = leaves.value.slice(0, index).reduce((sum, { length }) => sum + length + 2, 0);
    const changed = Buffer.from(value);
    const place = before + 2 + Math.floor(leaves.value[index]!.length / 2);
    changed[place] = changed[place]! ^ 1;
    await rows.batch([{ rowKey, value: changed }], { durable: true });
    return index;
  } finally {
    await rows.close();
  }
}

function lastLine({ stdout }: Ran): string {
  return stdout.trimEnd().split('\n').at(-1)!;
}
