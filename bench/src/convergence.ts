/**
 * How long until everybody sees it: three members in processes of their own, updates posted over
 * HTTPS at a steady rate, and for a sample of them the time from the receipt in the client's hand to
 * the new answer in DNS at the slowest member.
 */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createDirectory } from '@callbook/client';
import type { Directory, Holding } from '@callbook/client';
import { parseName, recordTypes } from '@callbook/dns/wire';
import { sodiumCryptography } from '@callbook/protocol/crypto/sodium';
import { startTestnet } from '@callbook/testnet';
import type { Testnet } from '@callbook/testnet';
import { measured, median, percentile } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const holderCount = 40;
const ratePerSecond = 200;
const seconds = 15;
/** Every so many updates one is watched; watching all would be the larger load. */
const sampleEvery = 10;
const pollEveryMs = 5;
const visibleMsMax = 10_000;
const portBase = 28_400;

/** Measures convergence of three members at 200 updates a second. */
export async function benchConvergence(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const options = { folder: join(folder, 'testnet'), memberCount: 3, portBase, fresh: false, say };
  try {
    await using testnet = await startTestnet(options);
    const directory = await openDirectory(testnet);
    say(`registering ${holderCount} numbers`);
    const holdings = await claimAll(directory, testnet);
    say(`${ratePerSecond} updates a second for ${seconds} s`);
    const { visibleMs, achieved } = await postUpdates(directory, holdings, testnet);
    return [
      measured({ name: 'convergence rate achieved', value: achieved, unit: 'updates/s' }),
      measured({ name: 'convergence p50', value: median(visibleMs), unit: 'ms' }),
      measured({
        name: 'convergence p99',
        value: percentile(visibleMs, 0.99),
        unit: 'ms',
        goal: '<= 500',
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function openDirectory({ layout }: Testnet): Promise<Directory> {
  setDefaultCACertificates([
    ...getCACertificates('default'),
    await readFile(layout.caFile, 'utf8'),
  ]);
  const charterNote = await readFile(layout.charterFile, 'utf8');
  return createDirectory({ charterNote, crypto: sodiumCryptography });
}

async function claimAll(directory: Directory, { layout }: Testnet): Promise<Holding[]> {
  const holdings: Holding[] = [];
  for (let n = 0; n < holderCount; n++) {
    const identifier = `tel:+4915${900_000_000 + n}` as const;
    holdings.push(
      await directory.claim({
        identifier,
        seed: globalThis.crypto.getRandomValues(new Uint8Array(32)),
        routes: [{ service: 'sip', uri: 'sip:first@sip.example', preference: 10 }],
        visibility: 'dns',
        form: 'app',
        code: () => lastCode(layout.outboxFile, identifier),
      }),
    );
  }
  return holdings;
}

async function lastCode(outboxFile: string, to: string): Promise<string> {
  const lines = (await readFile(outboxFile, 'utf8')).trim().split('\n');
  const sent = lines.map((line) => JSON.parse(line) as { to: string; code: string });
  return sent.findLast((message) => message.to === to)!.code;
}

async function postUpdates(
  directory: Directory,
  holdings: Holding[],
  { layout }: Testnet,
): Promise<{ visibleMs: number[]; achieved: number }> {
  await using watcher = await DnsWatcher.open(layout.members);
  const watched: Promise<number>[] = [];
  const busy = new Set<number>();
  const total = ratePerSecond * seconds;
  const startMs = performance.now();
  for (let n = 0; n < total; n++) {
    await sleep(Math.max(0, startMs + (n * 1000) / ratePerSecond - performance.now()));
    const position = await freeHolder(busy, n);
    const update = postOne(directory, holdings, { position, n });
    busy.add(position);
    const posted = update.finally(() => busy.delete(position));
    if (n % sampleEvery === 0)
      watched.push(posted.then((holding) => watcher.untilVisible(holding)));
    else posted.catch(() => undefined);
  }
  const achieved = total / ((performance.now() - startMs) / 1000);
  return { visibleMs: await Promise.all(watched), achieved };
}

/** One holder's updates follow each other; the next one that is free takes the turn. */
async function freeHolder(busy: ReadonlySet<number>, n: number): Promise<number> {
  for (;;) {
    for (let offset = 0; offset < holderCount; offset++) {
      const position = (n + offset) % holderCount;
      if (!busy.has(position)) return position;
    }
    await sleep(1);
  }
}

async function postOne(
  directory: Directory,
  holdings: Holding[],
  { position, n }: { readonly position: number; readonly n: number },
): Promise<Holding> {
  const routes = [{ service: 'sip', uri: `sip:u${n}@sip.example`, preference: 10 }] as const;
  const holding = await directory.publish(holdings[position]!, { routes });
  holdings[position] = holding;
  return holding;
}

/** Asks every member's DNS for a number's TXT until it names the entry. */
class DnsWatcher implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #members: Testnet['layout']['members'];
  readonly #answers = new Map<number, (answer: Buffer) => void>();
  #queryId = 0;

  private constructor(socket: Socket, members: Testnet['layout']['members']) {
    this.#socket = socket;
    this.#members = members;
    socket.on('message', (answer) => this.#answers.get(answer.readUInt16BE(0))?.(answer));
  }

  static async open(members: Testnet['layout']['members']): Promise<DnsWatcher> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new DnsWatcher(socket, members);
  }

  /** Milliseconds until the last member shows the holding's newest entry. */
  async untilVisible({ identifier, entryId }: Holding): Promise<number> {
    const receiptMs = performance.now();
    const seen = this.#members.map(async (member) => {
      const name = `${Array.from(identifier.slice(5)).reverse().join('.')}.${member.zone}.`;
      while (performance.now() - receiptMs < visibleMsMax) {
        const answer = await this.#ask(member.dnsPort, name);
        if (answer?.includes(entryId.toHex())) return performance.now() - receiptMs;
        await sleep(pollEveryMs);
      }
      return visibleMsMax;
    });
    return Math.max(...(await Promise.all(seen)));
  }

  async #ask(port: number, text: string): Promise<string | undefined> {
    const name = parseName(text);
    if (name.verdict !== 'accept') throw new Error(name.message);
    const id = (this.#queryId = (this.#queryId + 1) & 0xffff);
    const query = txtQuery(id, name.value.wire);
    const answered = new Promise<Buffer | undefined>((resolve) => {
      this.#answers.set(id, resolve);
      setTimeout(() => resolve(undefined), 500).unref();
    });
    this.#socket.send(query, port, '127.0.0.1');
    const answer = await answered;
    this.#answers.delete(id);
    return answer?.toString('latin1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
  }
}

/** One question for TXT, class IN, without recursion (RFC 1035 §4.1). */
function txtQuery(id: number, wireName: Uint8Array): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, wireName, Uint8Array.of(0, recordTypes.TXT, 0, 1)]);
}
