/**
 * Five etcd members as Debian has them (package `etcd-server`), with what they flush by default, and
 * a small gRPC client over HTTP/2 that keeps many puts under way at each. Only what the bench needs of
 * the protocol: one message, and whether the call succeeded.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSecondsOf } from './process-cpu.ts';

const readyMsMax = 20_000;

/** Version line of the installed etcd; undefined where there is none. */
export function etcdVersion(): string | undefined {
  const { error, stdout } = spawnSync('etcd', ['--version'], { encoding: 'utf8' });
  return error === undefined ? stdout.split('\n')[0]!.replace('etcd Version: ', '') : undefined;
}

export interface PutLoad {
  readonly count: number;
  /** Under way at each member. */
  readonly lanes: number;
  readonly valueBytes: number;
}

export class EtcdCluster implements AsyncDisposable {
  readonly #processes: readonly ChildProcess[];
  readonly #sessions: readonly ClientHttp2Session[];

  private constructor(processes: readonly ChildProcess[], sessions: readonly ClientHttp2Session[]) {
    this.#processes = processes;
    this.#sessions = sessions;
  }

  static async start(folder: string, memberCount: number): Promise<EtcdCluster> {
    const members = [];
    for (let n = 0; n < memberCount; n++) {
      const [client, peer] = [await freePort(), await freePort()];
      members.push({ name: `etcd${n}`, client: url(client), peer: url(peer) });
    }
    const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
    const processes = members.map(({ name, client, peer }) => {
      const args = ['--name', name, '--data-dir', join(folder, name), '--log-level', 'error'];
      args.push('--listen-client-urls', client, '--advertise-client-urls', client);
      args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer);
      args.push('--initial-cluster', cluster, '--initial-cluster-state', 'new');
      return spawn('etcd', args, { stdio: 'ignore' });
    });
    try {
      await Promise.all(members.map(async ({ client }) => await untilHealthy(client)));
    } catch (error) {
      for (const one of processes) one.kill('SIGKILL');
      throw error;
    }
    return new EtcdCluster(
      processes,
      members.map(({ client }) => connect(client)),
    );
  }

  /** Puts so many values through all members; resolves with the seconds until the last is committed. */
  async put({ count, lanes, valueBytes }: PutLoad): Promise<number> {
    const frames = Array.from({ length: 256 }, (_, n) => putFrame(n, valueBytes));
    const before = performance.now();
    let next = 0;
    const lane = async (session: ClientHttp2Session): Promise<void> => {
      while (next < count) await putOne(session, frames[next++ % frames.length]!);
    };
    await Promise.all(
      this.#sessions.flatMap((session) => Array.from({ length: lanes }, () => lane(session))),
    );
    return (performance.now() - before) / 1000;
  }

  /** CPU of all members so far, the kernel's work for them included. */
  cpuMicroseconds(): number {
    return this.#processes.reduce((sum, { pid }) => sum + cpuSecondsOf(pid!), 0) * 1e6;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    for (const one of this.#processes) {
      const ended = once(one, 'exit');
      one.kill('SIGKILL');
      await ended;
    }
  }
}

function url(port: number): string {
  return `http://127.0.0.1:${port}`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilHealthy(client: string): Promise<void> {
  const giveUpMs = performance.now() + readyMsMax;
  for (;;) {
    const answer = await fetch(`${client}/health`).catch(() => undefined);
    if (answer?.ok === true) return;
    if (performance.now() > giveUpMs) throw new Error('etcd does not become ready');
    await sleep(50);
  }
}

/** A gRPC message (1 byte flags, 4 bytes length) with `PutRequest { bytes key = 1; bytes value = 2 }`. */
function putFrame(n: number, valueBytes: number): Buffer {
  const key = Buffer.alloc(32, n);
  const value = Buffer.alloc(valueBytes, n);
  const body = Buffer.concat([field(1, key), field(2, value)]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** A length-delimited field of Protocol Buffers; lengths below 2^14. */
function field(number: number, bytes: Buffer): Buffer {
  const { length } = bytes;
  const size = length < 128 ? [length] : [(length & 127) | 128, length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...size]), bytes]);
}

async function putOne(session: ClientHttp2Session, frame: Buffer): Promise<void> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/etcdserverpb.KV/Put',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const ended = Promise.withResolvers<void>();
  let status: unknown;
  // An error comes in the only header block, success in the trailers.
  stream.on('response', (headers) => (status = headers['grpc-status']));
  stream.on('trailers', (headers) => (status = headers['grpc-status']));
  stream.on('error', ended.reject);
  stream.on('close', ended.resolve);
  stream.resume();
  stream.end(frame);
  await ended.promise;
  if (status !== '0') throw new Error(`etcd answers with gRPC status ${String(status)}`);
}
