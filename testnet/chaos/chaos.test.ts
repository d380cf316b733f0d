/**
 * One run of chaos with faults that the commit chooses, as `npm run chaos` makes it; and that its parts
 * do what they say, or it would find nothing.
 */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Holding } from '@callbook/client';
import { planFaults } from '../src/chaos/fault-plan.ts';
import { Ledger } from '../src/chaos/ledger.ts';
import { goodLink, ShapingProxy } from '../src/chaos/shaping-proxy.ts';
import { SeededRandom } from '../src/simulation/seeded-random.ts';
import { runMsMax, runOfCommit } from '../test/run-of-commit.ts';

const faultSeconds = 25;

it(
  'loses nothing and ends in agreement, whatever befalls five members under load',
  async () => {
    const ran = await runOfCommit('chaos', ['--json', '--seconds', String(faultSeconds)]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const outcome = JSON.parse(ran.stdout) as Record<string, number>;
    expect(outcome['acknowledged']).toBeGreaterThan(100);
    expect(outcome['leaves']).toBeGreaterThanOrEqual(outcome['receipts']!);
    expect(Math.min(...Object.values(outcome['faults'] as unknown as object))).toBeGreaterThan(0);
  },
  runMsMax,
);

describe('a plan of faults', () => {
  const members = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
  const planOf = (seed: string, seconds: number, smallDisk: string | undefined = 'beta') =>
    planFaults({ seconds, members, smallDisk, random: new SeededRandom(seed) });

  it('is the same for the same seed, and another for another', () => {
    expect(planOf('a', 30)).toEqual(planOf('a', 30));
    expect(planOf('a', 30)).not.toEqual(planOf('b', 30));
  });

  it('has every kind of fault in 20 seconds, and ends in time', () => {
    for (let seed = 0; seed < 200; seed++) {
      const plan = planOf(String(seed), 20);
      expect(new Set(plan.map(({ fault }) => fault.kind)).size).toBe(6);
      for (const { atMs, lengthMs, fault } of plan) {
        expect(atMs + lengthMs).toBeLessThanOrEqual(20_000);
        if (fault.kind === 'fill-disk') expect(fault.member).toBe('beta');
        if (fault.kind === 'partition') expect(fault.side.length).toBeLessThanOrEqual(2);
      }
    }
  });
});

describe('a ledger', () => {
  const leaf = (origin: string, index: number, byte: number) => ({
    origin,
    index,
    leaf: Uint8Array.of(byte),
  });
  const told = (...receipts: object[]): Holding => ({ receipts }) as unknown as Holding;

  it('refuses receipts for two leaves at one place', () => {
    const ledger = new Ledger();
    ledger.acknowledge(told(leaf('alpha.test/log', 1, 1), leaf('beta.test/log', 1, 2)));
    ledger.acknowledge(told(leaf('alpha.test/log', 1, 1)));
    expect(ledger.promised).toHaveLength(2);
    expect(ledger.violations).toEqual([]);
    ledger.acknowledge(told(leaf('alpha.test/log', 1, 2)));
    expect(ledger.violations).toEqual([expect.stringContaining('two leaves')]);
  });

  it('refuses two roots of the index for one vector, and takes them for two', () => {
    const note = (root: string, size: number): string =>
      `callbook/1 index\n1\nC=\n${root}\nalpha.test/log ${size} L=\n\n— someone x\n`;
    const ledger = new Ledger();
    ledger.meet(note('A=', 1));
    ledger.meet(note('A=', 1));
    ledger.meet(note('B=', 2));
    expect(ledger.counts).toMatchObject({ roots: 3, vectors: 2 });
    expect(ledger.violations).toEqual([]);
    ledger.meet(note('B=', 1));
    expect(ledger.violations).toEqual([expect.stringContaining('two roots')]);
  });
});

describe('a shaping proxy', () => {
  /** For what must come. */
  const echoMsMax = 10_000;

  /** A server that sends everything back, and a proxy before it. */
  async function openEcho(): Promise<ShapingProxy> {
    const server = createServer((socket) => socket.pipe(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const proxy = await ShapingProxy.open(port, new SeededRandom('proxy'));
    onTestFinished(async () => {
      await proxy[Symbol.asyncDispose]();
      server.close();
    });
    return proxy;
  }

  async function echoed(port: number, msMax: number): Promise<number | undefined> {
    const socket = connect({ port, host: '127.0.0.1' });
    const startedMs = performance.now();
    socket.write('ping');
    const answer = once(socket, 'data').then(() => performance.now() - startedMs);
    answer.catch(() => undefined);
    const ms = await Promise.race([answer, sleep(msMax)]);
    socket.destroy();
    return ms ?? undefined;
  }

  it('delays both ways', async () => {
    const proxy = await openEcho();
    // One of several is that quick on a busy machine too; with a delay none would be.
    await expect.poll(async () => await echoed(proxy.port, echoMsMax)).toBeLessThan(100);
    proxy.shape = { ...goodLink, delayMs: 100 };
    expect(await echoed(proxy.port, echoMsMax)).toBeGreaterThan(190);
  });

  it('lets nothing through while it is cut, and what was sent meanwhile after that', async () => {
    const proxy = await openEcho();
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    proxy.shape = { ...goodLink, cut: true };
    const received: string[] = [];
    socket.on('data', (piece: Buffer) => received.push(piece.toString()));
    socket.write('held');
    expect(await echoed(proxy.port, 300)).toBeUndefined();
    expect(received).toEqual([]);
    proxy.shape = goodLink;
    await expect.poll(() => received.join('')).toBe('held');
  });

  it('resets', async () => {
    const proxy = await openEcho();
    proxy.shape = { ...goodLink, resetChance: 1 };
    await expect(echoed(proxy.port, echoMsMax)).rejects.toThrow('ECONNRESET');
  });
});
