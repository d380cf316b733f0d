/**
 * Programs of others as processes, for tests and tours that send through them. Each is stopped by its own
 * process id; on loopback it listens on a port that was free a moment ago.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const startMsMax = 20_000;
const packages = 'see the list in README.md';

export interface Peer extends AsyncDisposable {
  readonly port: number;
}

/** PEM files of a server. */
export interface PeerCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface PeerProcess extends AsyncDisposable {
  /** What it has printed, to both of its streams. */
  readonly said: () => string;
  /** Writes a line for it to read; only where `input` was asked for. */
  tell(line: string): void;
  /** Stops its clock, so to say: it answers nothing until it goes on. */
  freeze(): void;
  thaw(): void;
}

/**
 * Below those that the kernel gives to connections by itself (32768 and up), which would take one between the
 * look and the use, and beside those of testnets (20000 to 29999).
 */
const portFirst = 10_000;
const portCount = 10_000;
/** Each process begins elsewhere, and gives none twice. */
let portsGiven = Math.floor(Math.random() * portCount);

export async function freePort(): Promise<number> {
  for (;;) {
    const port = portFirst + (portsGiven++ % portCount);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.close(() => resolve(true));
    });
  });
}

export interface PeerOptions {
  readonly cwd: string;
  readonly port?: number;
  /** Of the port; loopback where not given. */
  readonly host?: string;
  readonly ready?: string;
  readonly input?: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a program and waits until it listens on the port, or says `ready`, where one is given. */
export async function startPeer(
  command: readonly string[],
  options: PeerOptions,
): Promise<PeerProcess> {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    cwd: options.cwd,
    stdio: [options.input ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    env: { ...environment(), ...options.env },
  }) as ChildProcess & { readonly stdout: Readable; readonly stderr: Readable };
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  let trouble: string | undefined;
  child.once('error', (error) => (trouble = `${error.message}; Debian packages: ${packages}`));
  child.once('exit', (code) => (trouble ??= `${program} ended with ${code}`));
  const deadlineMs = Date.now() + startMsMax;
  const { host = '127.0.0.1', port, ready } = options;
  const isReady = async (): Promise<boolean> =>
    (port === undefined || (await listens(host, port))) &&
    (ready === undefined || Buffer.concat(said).includes(ready));
  while (!(await isReady())) {
    if (trouble !== undefined || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`${trouble ?? `${program} is not ready`}\n${Buffer.concat(said).toString()}`);
    }
    await sleep(20);
  }
  child.stdin?.on('error', () => {});
  return {
    said: () => Buffer.concat(said).toString(),
    tell: (line) => void child.stdin?.write(`${line}\n`),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => await stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGCONT');
  child.kill('SIGTERM');
  const stubborn = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(stubborn);
}

async function listens(host: string, port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ host, port });
    const say = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', say(true)).once('error', say(false));
  });
}

/** Runs a program to its end, with a text for it to read. */
export async function runPeerTool(command: readonly string[], input = ''): Promise<void> {
  const [program, ...args] = command;
  const child = spawn(program!, args, { stdio: ['pipe', 'ignore', 'pipe'], env: environment() });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  if (code === 0) return;
  const reason = `${program}: ${String(code)}, ${Buffer.concat(said).toString()}`;
  throw new Error(`${reason}; Debian packages: ${packages}`);
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin`, TERM: 'dumb' };
}
