/**
 * The unit for systemd: what systemd itself says of it, and whether a member lives within it. No systemd
 * runs where tests do, so its command is started here under strace, and every call, path and kind of
 * socket that a member uses is held against what the unit leaves it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { describe, expect, it } from 'vitest';
import { foundTestnet } from '../../src/founding.ts';
import { freePortBase } from '../../src/free-ports.ts';
import { layOut, loopback } from '../../src/layout.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { environment, eventually } from '../lab.ts';
import { childOf } from './watched-member.ts';

const root = join(import.meta.dirname, '../../..');
const unitFile = join(root, 'packages/node/service/callbook-node.service');
const unit = readFileSync(unitFile, 'utf8');
const page = readFileSync(join(root, 'docs/operators/service.md'), 'utf8');
const launcher = join(root, 'packages/node/bin/callbook-node.js');

/** Values of a directive, in order. */
function valuesOf(directive: string): readonly string[] {
  return Array.from(unit.matchAll(new RegExp(`^${directive}=(.*)$`, 'gm')), ([, value]) => value!);
}

function analyze(...args: readonly string[]): string {
  return execFileSync('systemd-analyze', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Names of the calls in a set of systemd's, and in the sets that it is made of. */
function callsOf(set: string): ReadonlySet<string> {
  const members = analyze('syscall-filter', set)
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  return new Set(members.flatMap((name) => (name.startsWith('@') ? [...callsOf(name)] : [name])));
}

describe('the unit of a member', () => {
  it('keeps memory off every disk', () => {
    expect(valuesOf('LimitCORE')).toEqual(['0']);
    expect(valuesOf('CoredumpFilter')).toEqual(['0']);
    expect(valuesOf('MemorySwapMax')).toEqual(['0']);
    expect(valuesOf('UnsetEnvironment').join(' ')).toContain('NODE_OPTIONS');
    expect(valuesOf('ProtectSystem')).toEqual(['strict']);
    // V8 cannot live with it.
    expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
  });

  it('is as exposed as its page says, by systemd’s own reckoning', () => {
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+) OK/.exec(
      analyze('security', '--offline=yes', unitFile),
    )!;
    expect(Number(exposure)).toBeLessThan(2);
    expect(page).toContain(`Overall exposure level for callbook-node.service: ${exposure} OK`);
  });

  it('is understood by systemd, directive by directive', () => {
    const folder = mkdtempSync(join(tmpdir(), 'callbook-unit-'));
    try {
      const copy = join(folder, 'callbook-node.service');
      writeFileSync(copy, unit.replaceAll('/usr/local/bin/callbook-node', launcher));
      const verify = (path: string): string => {
        try {
          execFileSync('systemd-analyze', ['verify', path], { encoding: 'utf8', stdio: 'pipe' });
          return '';
        } catch (error) {
          return String((error as { stderr?: string }).stderr);
        }
      };
      expect(verify(copy)).toBe('');
      writeFileSync(copy, unit.replace('/usr/local/bin/callbook-node serve', '/nowhere serve'));
      expect(verify(copy)).toContain('not executable');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('starts a member that needs nothing which the unit forbids', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-service-'));
    try {
      const { layout, places } = await settle(folder);
      const argv = (line: string): string[] =>
        line.split(' ').map((word) => places.get(word) ?? word);
      const state = join(folder, 'var/lib/callbook');
      const [check, serve] = [valuesOf('ExecStartPre')[0]!, valuesOf('ExecStart')[0]!].map(argv);
      const [command, ...args] = check!;
      const env = environment(folder);
      delete env['NODE_OPTIONS'];
      delete env['NODE_COMPILE_CACHE'];
      const checked = execFileSync(command!, args, { cwd: state, env, encoding: 'utf8' });
      expect(checked).toContain('every setting is usable');

      const traceFile = join(folder, 'trace.log');
      const tracer = ['-f', '-qq', '-s', '0', '-y', '-o', traceFile];
      expect(
        await runUntilReady(['strace', ...tracer, ...serve!], { cwd: state, env, layout }),
      ).toBe(0);
      const trace = await readFile(traceFile, 'latin1');
      expect(callsOutside(trace)).toEqual([]);
      expect(socketsOutside(trace)).toEqual([]);
      expect(writesOutside(trace, state)).toEqual([]);
      // The searches find something where there is something.
      expect(callsOutside('12 mount("a", "b") = 0')).toEqual(['mount']);
      expect(socketsOutside('12 socket(AF_PACKET, SOCK_RAW, 0) = 3')).toEqual(['AF_PACKET']);
      expect(writesOutside(trace, '/nowhere').length).toBeGreaterThan(10);
    } finally {
      await rm(folder, { recursive: true });
    }
  }, 240_000);
});

/** Starts a command, waits for the member, ends it as systemd would; returns the status. */
async function runUntilReady(
  [command, ...args]: readonly string[],
  {
    cwd,
    env,
    layout,
  }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly layout: MemberLayout },
): Promise<number | null> {
  const child = spawn(command!, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const isReady = async (): Promise<boolean> =>
    await fetch(`http://${loopback}:${layout.webPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  try {
    await eventually(isReady, (ready) => ready || child.exitCode !== null, 120_000);
    if (child.exitCode !== null) throw new Error(`ended: ${Buffer.concat(output).toString()}`);
    // KillMode=mixed: to the launcher alone, which hands it on.
    process.kill(childOf(child.pid!), 'SIGTERM');
    const [status] = await ended;
    return status;
  } catch (cause) {
    if (child.exitCode === null) process.kill(childOf(child.pid!), 'SIGTERM');
    throw new Error(`not ready: ${Buffer.concat(output).toString()}`, { cause });
  }
}

/** Installs a member as the page says, below a folder in the place of the root. */
async function settle(
  folder: string,
): Promise<{ readonly layout: MemberLayout; readonly places: ReadonlyMap<string, string> }> {
  const [etc, state] = [join(folder, 'etc/callbook'), join(folder, 'var/lib/callbook')];
  const testnet = layOut({
    folder: join(folder, 'founding'),
    memberCount: 1,
    portBase: await freePortBase(1),
  });
  await foundTestnet(testnet);
  const layout = testnet.members[0]!;
  await mkdir(state, { recursive: true, mode: 0o700 });
  await cp(layout.folder, etc, { recursive: true });
  await cp(join(etc, 'zone-keys'), join(state, 'zone-keys'), { recursive: true });
  await rm(join(etc, 'zone-keys'), { recursive: true });
  for (const shared of [testnet.charterFile, testnet.caFile]) {
    await cp(shared, join(folder, 'etc', basename(shared)));
  }
  const configFile = join(etc, 'node.yaml');
  const config = parse(await readFile(configFile, 'utf8')) as {
    dataDir: string;
    keys: { zone: string };
    challenges: { outbox: string };
  };
  config.dataDir = state;
  config.keys.zone = join(state, 'zone-keys');
  config.challenges.outbox = join(state, 'outbox.jsonl');
  await writeFile(configFile, stringify(config));
  return {
    layout,
    places: new Map([
      ['/usr/local/bin/callbook-node', launcher],
      ['/etc/callbook/node.yaml', configFile],
    ]),
  };
}

function callsOutside(trace: string): readonly string[] {
  const [allowed, ...denied] = valuesOf('SystemCallFilter');
  const calls = new Set(callsOf(allowed!));
  for (const set of denied) for (const call of callsOf(set.slice(1))) calls.delete(call);
  // systemd itself starts the command, before the filter is in force for anybody else.
  const used = new Set(Array.from(trace.matchAll(/^\d+ +([a-z]\w*)\(/gm), ([, name]) => name!));
  return [...used].filter((name) => !calls.has(name) && !callsOf('@default').has(name));
}

function socketsOutside(trace: string): readonly string[] {
  const allowed = valuesOf('RestrictAddressFamilies').join(' ').split(' ');
  const used = Array.from(trace.matchAll(/\bsocket(?:pair)?\((AF_\w+)/g), ([, family]) => family!);
  return [...new Set(used)].filter((family) => !allowed.includes(family));
}

/** Files that were opened for writing, made, renamed or removed elsewhere than in the state folder. */
function writesOutside(trace: string, state: string): readonly string[] {
  const opened = trace.matchAll(/\bopenat\(.*\bO_(?:WRONLY|RDWR|CREAT)\b.* = \d+<([^>]*)>/g);
  const paths = new Set(Array.from(opened, ([, path]) => path!));
  return [...paths].filter((path) => !path.startsWith(`${state}/`) && !path.startsWith('/dev/'));
}
