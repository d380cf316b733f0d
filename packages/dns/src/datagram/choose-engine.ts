/**
 * Chooses the engine of a machine: the fast one where it proves itself, `node:dgram` else. `node:ffi` is
 * experimental and believes whatever layout it is told, so before it is let near clients it answers
 * real datagrams on the loopback address, several in a batch, and every octet is compared.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { datagramQueryBytesMax } from './datagram-engine.ts';
import type { DatagramEngine } from './datagram-engine.ts';
import { dgramEngine } from './dgram-engine.ts';
import { ffiEngine } from './ffi-engine.ts';

const loopbackAddress = '127.0.0.1';
const loopbackOctets = [127, 0, 0, 1];
const selfTestMsMax = 3_000;
/** Loopback loses nothing unless a socket is full; tried again, in case the machine is that busy. */
const selfTestRoundMs = 300;
/** Sizes of the test's queries; with an empty and an oversized one between, which must go unanswered. */
const queryBytesOfTest = [1, 12, 64, 0, 257, datagramQueryBytesMax + 1, 1000];

export interface EngineChoice {
  readonly engine: DatagramEngine;
  /** Why it is not the fast one. */
  readonly fallbackCause?: unknown;
}

/** Returns the fastest engine that works here. Takes some 100 ms, at most a few seconds. */
export async function chooseDatagramEngine(): Promise<EngineChoice> {
  try {
    await assertEngineAnswers(ffiEngine);
    return { engine: ffiEngine };
  } catch (fallbackCause) {
    return { engine: dgramEngine, fallbackCause };
  }
}

/** Rejects unless the engine answers on the loopback address as its test's responder does. */
export async function assertEngineAnswers(engine: DatagramEngine): Promise<void> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  await using server = await engine.start({
    address: loopbackAddress,
    port: 0,
    workers: 1,
    responderModule: new URL(`./self-test-responder${extension}`, import.meta.url),
    responderData: () => undefined,
  });
  const socket = createSocket('udp4');
  try {
    const listening = once(socket, 'listening');
    socket.bind(0, loopbackAddress);
    await listening;
    await assertAnswers(socket, server.port);
  } finally {
    socket.close();
  }
  const { dropped, sendFailures, responderFailures } = server.counts();
  assert(dropped > 0, 'self-test: an empty and an oversized query were not dropped');
  assert(sendFailures + responderFailures === 0, 'self-test: answers were lost');
}

async function assertAnswers(socket: Socket, port: number): Promise<void> {
  const queries = queryBytesOfTest.map(createQuery);
  const clientPort = socket.address().port;
  const answerable = queries.filter(({ length }) => length > 0 && length <= datagramQueryBytesMax);
  const missing = new Set(answerable.map((query) => expectedAnswer(query, clientPort).toHex()));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const send = (): void =>
    queries.forEach((query) => socket.send(query, port, loopbackAddress, () => undefined));
  const expected = new Set(missing);
  socket.on('error', reject);
  socket.on('message', (answer) => {
    const hex = answer.toString('hex');
    if (!expected.has(hex)) reject(new Error('self-test: an answer differs'));
    missing.delete(hex);
    if (missing.size === 0) resolve();
  });
  const rounds = setInterval(send, selfTestRoundMs);
  const timeout = setTimeout(() => reject(new Error('self-test: no answer')), selfTestMsMax);
  send();
  try {
    await promise;
  } finally {
    clearInterval(rounds);
    clearTimeout(timeout);
  }
}

function createQuery(sizeBytes: number): Uint8Array {
  return Uint8Array.from(
    { length: sizeBytes },
    (_nothing, index) => (sizeBytes + 7 * index) & 0xff,
  );
}

function expectedAnswer(query: Uint8Array, clientPort: number): Uint8Array {
  const backwards = Uint8Array.from(query).reverse();
  return Uint8Array.of(...loopbackOctets, clientPort >> 8, clientPort & 0xff, ...backwards);
}
