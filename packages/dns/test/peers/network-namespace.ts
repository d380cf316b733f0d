/**
 * A network of its own for programs that insist on port 53 or on /etc/resolv.conf: namespaces for
 * network, mounts and processes, made by `unshare`. One module of ours runs in it as its first
 * process and talks with the test by messages; when that process ends, because the test has ended or
 * died, the kernel ends every other and the network is gone. Needs root.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findTool } from './peer-tools.ts';
import type { ToolPlace } from './peer-tools.ts';

export interface NetworkNamespace extends ToolPlace, AsyncDisposable {
  /** Sends and receives the messages of the first process. */
  readonly first: ChildProcess;
  /** Scratch directory, removed at the end. */
  readonly directory: string;
  /** What went wrong in the first process, for messages of failed tests. */
  readonly complaints: () => string;
  /** Waits until somebody in the namespace has bound a UDP port of an IPv4 address. */
  waitForUdp(address: string, port: number): Promise<void>;
}

export interface NamespaceOptions {
  /** Runs as the first process; must exit when its channel to us is closed. */
  readonly module: URL;
  /** IPv4, all on the loopback interface. */
  readonly addresses: readonly string[];
  /** Of the resolver in /etc/resolv.conf. */
  readonly resolverAddress: string;
}

const bindMsMax = 25_000;
const bindPauseMs = 20;

const entrance = `set -e
ip link set lo up
for address in $1; do ip address add "$address/32" dev lo; done
mount --bind "$2" /etc/resolv.conf
shift 2
exec "$@"`;

/** Makes the namespaces and starts the module in them. */
export async function createNetworkNamespace(options: NamespaceOptions): Promise<NetworkNamespace> {
  for (const tool of ['ip', 'mount'] as const) findTool(tool);
  const directory = await mkdtemp(join(tmpdir(), 'callbook-net-'));
  const resolvConf = join(directory, 'resolv.conf');
  await writeFile(resolvConf, `nameserver ${options.resolverAddress}\n`);
  const unshareArgs = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const node = [process.execPath, '--conditions=@callbook/source', fileURLToPath(options.module)];
  const shell = ['sh', '-c', entrance, 'sh', options.addresses.join(' '), resolvConf, ...node];
  const first = spawn(findTool('unshare'), [...unshareArgs, ...shell], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  const exited = new Promise((resolve) => first.once('exit', resolve));
  let complaints = '';
  first.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
  const proc = `/proc/${first.pid}`;
  return {
    first,
    directory,
    complaints: () => complaints,
    // `unshare` itself stays outside of the process namespace that its child is the first of.
    enterArgs: [
      `--net=${proc}/ns/net`,
      `--mount=${proc}/ns/mnt`,
      `--pid=${proc}/ns/pid_for_children`,
    ],
    waitForUdp: async (address, port) => await waitForUdp(`${proc}/net/udp`, { address, port }),
    [Symbol.asyncDispose]: async () => {
      if (first.connected) first.disconnect();
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function waitForUdp(
  table: string,
  at: { readonly address: string; readonly port: number },
): Promise<void> {
  // The kernel prints the address as a little-endian number.
  const octets = Uint8Array.from(at.address.split('.'), Number).reverse();
  const wanted = `${octets.toHex()}:${at.port.toString(16).padStart(4, '0')}`.toUpperCase();
  const endAtMs = performance.now() + bindMsMax;
  while (!(await readFile(table, 'utf8')).includes(` ${wanted} `)) {
    if (performance.now() > endAtMs) throw new Error(`nobody bound UDP port ${at.port}`);
    await sleep(bindPauseMs);
  }
}
