/**
 * Programs from Debian packages, run by tests. One that is missing fails the test with the name of
 * its package; nothing is skipped.
 */
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { promisify } from 'node:util';

const debianPackages = {
  unbound: 'unbound',
  dig: 'bind9-dnsutils',
  delv: 'bind9-dnsutils',
  drill: 'ldnsutils',
} as const;

export type PeerTool = keyof typeof debianPackages;

const toolMsMax = 20_000;
// Daemons are in sbin, which users' shells do not always search.
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

function missing(tool: PeerTool): Error {
  return new Error(`${tool} is missing: apt-get install ${debianPackages[tool]}`);
}

/** Runs a tool to its end; returns what it printed on both outputs, whatever its exit code. */
export async function runTool(tool: PeerTool, args: readonly string[]): Promise<string> {
  try {
    const { stdout, stderr } = await promisify(execFile)(tool, args, { env, timeout: toolMsMax });
    return stdout + stderr;
  } catch (error) {
    const failure = error as { code?: string | number; stdout?: string; stderr?: string };
    if (failure.code === 'ENOENT') throw missing(tool);
    return `${failure.stdout ?? ''}${failure.stderr ?? ''}`;
  }
}

/** Starts a daemon in the foreground; resolves when its output has `readyText`. */
export async function startDaemon(
  tool: PeerTool,
  args: readonly string[],
  readyText: string,
): Promise<AsyncDisposable> {
  const child = spawn(tool, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.on('error', () => reject(missing(tool)));
    child.on('exit', (code) => reject(new Error(`${tool} ended with ${code}: ${output}`)));
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes(readyText)) resolve();
    });
  });
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** Finds a port that is free on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
