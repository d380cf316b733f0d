import { describe, expect, test } from 'vitest';
import { assertEngineAnswers, chooseDatagramEngine } from '../../src/datagram/choose-engine.ts';
import type { DatagramEngine } from '../../src/datagram/datagram-engine.ts';
import { dgramEngine } from '../../src/datagram/dgram-engine.ts';
import { ffiEngine } from '../../src/datagram/ffi-engine.ts';
import { openLibc } from '../../src/datagram/libc.ts';
import { describeDatagramEngine } from './datagram-acceptance.ts';
import { TestClient } from './test-client.ts';
import { queryOrders } from './test-responder.ts';

const canCallLibc = openLibc() !== undefined;

describeDatagramEngine(dgramEngine);
if (canCallLibc) describeDatagramEngine(ffiEngine);

describe('choice of an engine', () => {
  test('is the fast one where the C library can be called', async () => {
    const { engine, fallbackCause } = await chooseDatagramEngine();
    expect(engine.name).toBe(canCallLibc ? 'ffi' : 'dgram');
    expect(fallbackCause === undefined).toBe(canCallLibc);
  });

  test('refuses an engine whose answers differ', async () => {
    const wrong: DatagramEngine = {
      name: 'ffi',
      start: async (options) =>
        await dgramEngine.start({
          ...options,
          responderModule: new URL('./test-responder.ts', import.meta.url),
        }),
    };
    await expect(assertEngineAnswers(wrong)).rejects.toThrow('an answer differs');
  });
});

describe.runIf(canCallLibc)('ffi engine', () => {
  test('keeps the queries that come while a worker is down', async () => {
    await using server = await ffiEngine.start({
      address: '127.0.0.1',
      port: 0,
      workers: 1,
      responderModule: new URL('./test-responder.ts', import.meta.url),
      responderData: () => 7,
      onWorkerCrash: () => client.send(Uint8Array.of(1, 2, 3)),
    });
    await using client = await TestClient.open({ address: '127.0.0.1', port: server.port });
    client.send(Uint8Array.of(queryOrders.exitThread));
    await expect.poll(() => server.counts()).toMatchObject({ answered: 1 });
  });
});
