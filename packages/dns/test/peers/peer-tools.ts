/**
 * Programs from Debian packages, run by tests, here or in a network namespace. One that is missing
 * fails the test with the name of its package; nothing is skipped.
 */
import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { join } from 'node:path';

const debianPackages = {
  unbound: 'unbound',
  named: 'bind9',
  dig: 'bind9-dnsutils',
  delv: 'bind9-dnsutils',
  drill: 'ldnsutils',
  'ldns-keygen': 'ldnsutils',
  'ldns-signzone': 'ldnsutils',
  knotd: 'knot',
  kdig: 'knot-dnsutils',
  dnsviz: 'dnsviz',
  gpg: 'gpg',
  'gpg-agent': 'gpg-agent',
  dirmngr: 'dirmngr',
  openssl: 'openssl',
  kamailio: 'kamailio',
  sipp: 'sip-tester',
  ip: 'iproute2',
  mount: 'mount',
  nsenter: 'util-linux',
  unshare: 'util-linux',
} as const;

export type PeerTool = keyof typeof debianPackages;

/** Where a tool runs when it does not run here. */
export interface ToolPlace {
  /** Arguments by which nsenter gets there. */
  readonly enterArgs: readonly string[];
}

export interface ToolOptions {
  readonly inside?: ToolPlace;
  /** Added to our own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Our own unless told. */
  readonly workingFolder?: string;
  /** How long it may take. */
  readonly msMax?: number;
}

export interface ToolEnd {
  /** Undefined when it was stopped because it took too long. */
  readonly exitCode: number | undefined;
  /** What it printed, standard output first. */
  readonly output: string;
}

const toolMsMax = 25_000;
const daemonStartMsMax = 25_000;
// Debian's own directories first: tools in Python need Debian's. Daemons are in sbin, which users'
// shells do not always search.
const searchPath = `/usr/sbin:/usr/bin:/sbin:/bin:${process.env['PATH']}`;

/** Returns the path of a tool, or fails the test with the name of its package. */
export function findTool(tool: PeerTool): string {
  const paths = searchPath.split(':').map((directory) => join(directory, tool));
  const found = paths.find(isExecutable);
  if (found === undefined)
    throw new Error(`${tool} is missing: apt-get install ${debianPackages[tool]}`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Runs a tool to its end; returns what it printed on both outputs, whatever its exit code. */
export async function runTool(
  tool: PeerTool,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<string> {
  const { output } = await callTool(tool, args, options);
  return output;
}

/** Runs a tool to its end; returns how it ended. */
export async function callTool(
  tool: PeerTool,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<ToolEnd> {
  const { command, commandArgs, env } = invocation(tool, args, options);
  const { msMax: timeout = toolMsMax, workingFolder: cwd } = options;
  const limits = { timeout, maxBuffer: 2 ** 24, cwd };
  return await new Promise((resolve) => {
    const child = execFile(command, commandArgs, { env, ...limits }, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode ?? undefined, output: stdout + stderr });
    });
    child.stdin?.end();
  });
}

/**
 * Starts a daemon in the foreground; resolves when its standard error has `readyText`, or at once
 * without one. In a namespace, disposing only lets go of it: it ends with the namespace.
 */
export async function startDaemon(
  tool: PeerTool,
  args: readonly string[],
  options: ToolOptions & { readonly readyText?: string } = {},
): Promise<AsyncDisposable> {
  const { command, commandArgs, env } = invocation(tool, args, options);
  const child = spawn(command, commandArgs, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const { readyText } = options;
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`${tool} ${what}: ${output}`));
    const patience = setTimeout(() => fail('is not ready'), daemonStartMsMax);
    child.on('error', reject);
    child.on('exit', (code) => fail(`ended with ${code}`));
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (readyText !== undefined && output.includes(readyText)) resolve();
    });
    if (readyText === undefined) resolve();
    void exited.then(() => clearTimeout(patience));
  });
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

interface Invocation {
  readonly command: string;
  readonly commandArgs: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

function invocation(tool: PeerTool, args: readonly string[], options: ToolOptions): Invocation {
  const env = { ...process.env, LC_ALL: 'C.UTF-8', PATH: searchPath, ...options.env };
  const path = findTool(tool);
  if (options.inside === undefined) return { command: path, commandArgs: args, env };
  const commandArgs = [...options.inside.enterArgs, path, ...args];
  return { command: findTool('nsenter'), commandArgs, env };
}

/**
 * Below the ports that the kernel gives to connections by itself (32768 and up), which would take one between
 * the look and the use, and beside those of testnets (20000 to 29999).
 */
const portFirst = 10_000;
const portCount = 10_000;
/** Each process begins elsewhere, and gives none twice. */
let portsGiven = Math.floor(Math.random() * portCount);

/** Finds a port that is free on loopback, for UDP and TCP. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = portFirst + (portsGiven++ % portCount);
    if ((await isFreeForTcp(port)) && (await isFreeForUdp(port))) return port;
  }
}

async function isFreeForTcp(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

async function isFreeForUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  return await new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ address: '127.0.0.1', port, exclusive: true }, () => {
      socket.close(() => resolve(true));
    });
  });
}
