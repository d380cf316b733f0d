/**
 * Programs of others as processes on loopback, for tests that send through them. Each listens on a port
 * that was free a moment ago, and is stopped by its own process id.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const startMsMax = 20_000;
const packages =
  'libnet-smpp-perl postfix sasl2-bin libsasl2-modules kamailio kamailio-tls-modules sip-tester';

export interface Peer extends AsyncDisposable {
  readonly port: number;
}

/** PEM files of a server. */
export interface PeerCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface PeerProcess extends AsyncDisposable {
  /** Stops its clock, so to say: it answers nothing until it goes on. */
  freeze(): void;
  thaw(): void;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program and waits until it listens on the port, or says `ready`, where one is given. */
export async function startPeer(
  command: readonly string[],
  options: { readonly cwd: string; readonly port?: number; readonly ready?: string },
): Promise<PeerProcess> {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
  });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  let trouble: string | undefined;
  child.once('error', (error) => (trouble = `${error.message}; Debian packages: ${packages}`));
  child.once('exit', (code) => (trouble ??= `${program} ended with ${code}`));
  const deadlineMs = Date.now() + startMsMax;
  const { port, ready } = options;
  const isReady = async (): Promise<boolean> =>
    (port === undefined || (await listens(port))) &&
    (ready === undefined || Buffer.concat(said).includes(ready));
  while (!(await isReady())) {
    if (trouble !== undefined || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`${trouble ?? `${program} is not ready`}\n${Buffer.concat(said).toString()}`);
    }
    await sleep(20);
  }
  return {
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

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
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
