/**
 * A real member, alone in its federation, that a test can look into: its output, its folder, its memory
 * and, where asked for, every system call by which it writes.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { foundTestnet } from '../../src/founding.ts';
import { freePortBase } from '../../src/free-ports.ts';
import { layOut, loopback } from '../../src/layout.ts';
import type { MemberLayout, TestnetLayout } from '../../src/layout.ts';
import type { SourceEdit } from '../edited-source.ts';

const readyMsMax = 60_000;

export interface WatchedOptions {
  /** Safeguards to be taken out of the source. */
  readonly edits?: readonly SourceEdit[];
  /** Runs under strace, which writes to `traceFile`. */
  readonly traced?: boolean;
}

export interface WatchedMember extends AsyncDisposable {
  readonly layout: MemberLayout;
  readonly testnet: TestnetLayout;
  /** The process that answers. */
  readonly pid: number;
  /** DNS over TLS. */
  readonly tlsPort: number;
  readonly metricsPort: number;
  /** Certificate of the authority that certified it. */
  readonly authority: string;
  readonly logFile: string;
  readonly traceFile: string;
  /** Ends it by a signal and waits. */
  stop(signal: NodeJS.Signals): Promise<void>;
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>;
}

/** Founds a federation of one in a new folder and starts its member. */
export async function startWatchedMember(options: WatchedOptions = {}): Promise<WatchedMember> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-forgetting-'));
  const testnet = layOut({ folder, memberCount: 1, portBase: await freePortBase(1) });
  await foundTestnet(testnet);
  const layout = testnet.members[0]!;
  const tlsPort = layout.dnsPort + 5;
  await addListeners(layout, tlsPort);
  const logFile = join(folder, 'output.log');
  const traceFile = join(folder, 'trace.log');
  const child = start({ ...options, configFile: layout.configFile, logFile, traceFile });
  const ended = once(child, 'exit');
  await untilReady(child, layout, logFile);
  const pid = options.traced === true ? childOf(child.pid!) : child.pid!;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    process.kill(pid, signal);
    await ended;
  };
  return {
    layout,
    testnet,
    pid,
    tlsPort,
    metricsPort: tlsPort + 1,
    authority: await readFile(testnet.caFile, 'utf8'),
    logFile,
    traceFile,
    ended,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function addListeners({ configFile }: MemberLayout, tlsPort: number): Promise<void> {
  const config = parse(await readFile(configFile, 'utf8')) as { dns: Record<string, unknown> };
  const tls = {
    listen: [{ address: loopback, port: tlsPort }],
    certificate: 'api.pem',
    privateKey: 'api.key',
  };
  Object.assign(config.dns, { tls, workers: 1, rateLimit: { responsesPerSecond: 0 } });
  Object.assign(config, { metrics: { listen: { address: loopback, port: tlsPort + 1 } } });
  await writeFile(configFile, stringify(config));
}

interface Start extends WatchedOptions {
  readonly configFile: string;
  readonly logFile: string;
  readonly traceFile: string;
}

/** As the daemon's launcher would start it; one process less, so that signals meet the daemon. */
function start({ configFile, logFile, traceFile, edits = [], traced }: Start): ChildProcess {
  const require = createRequire(import.meta.url);
  const node = dirname(require.resolve('@callbook/node/package.json'));
  const flags = require('@callbook/node/node-flags.json') as string[];
  const memory = require('@callbook/node/node-environment.json') as Record<string, string>;
  const preload =
    edits.length === 0 ? [] : ['--import', join(import.meta.dirname, '../edited-source.ts')];
  const daemon = [
    process.execPath,
    ...flags,
    ...preload,
    '--conditions=@callbook/source',
    join(node, 'src/main.ts'),
    'serve',
    '--config',
    configFile,
  ];
  const [command, ...args] = traced === true ? [...tracer(traceFile), ...daemon] : daemon;
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(command!, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...memory, CALLBOOK_TEST_EDITS: JSON.stringify(edits) },
  });
  closeSync(log);
  return child;
}

const writingCalls = 'write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,rename,openat';

/** Every octet in hexadecimal, every descriptor with what it stands for. */
function tracer(traceFile: string): string[] {
  return [
    'strace',
    '-f',
    '-qq',
    '-xx',
    '-yy',
    '-s',
    '1000000',
    '--seccomp-bpf',
    '-e',
    `trace=${writingCalls}`,
    '-o',
    traceFile,
  ];
}

async function untilReady(
  child: ChildProcess,
  { webPort }: MemberLayout,
  logFile: string,
): Promise<void> {
  const deadlineMs = Date.now() + readyMsMax;
  for (;;) {
    const isReady = await fetch(`http://${loopback}:${webPort}/readyz`).then(
      async (response) => (await response.arrayBuffer(), response.ok),
      () => false,
    );
    if (isReady) return;
    if (child.exitCode !== null || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`the member is not ready\n${await readFile(logFile, 'utf8')}`);
    }
    await sleep(50);
  }
}

/** The process that another one started. */
export function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}
