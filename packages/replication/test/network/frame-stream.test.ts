import type { Stream } from '@libp2p/interface';
import { tls } from '@libp2p/tls';
import { lpStream } from '@libp2p/utils';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { frameStream } from '../../src/network/frame-stream.ts';
import { connectedPair } from '../support/node-pair.ts';
import type { NodePair } from '../support/node-pair.ts';

const protocol = '/test/1';
const timeoutMs = 10_000;
const frameBytesMax = 400_000;

let pair: NodePair;
let ours: Stream;
/** The same stream at the other node. */
let theirs: Stream;

beforeEach(async () => {
  pair = await connectedPair(tls());
  const opened = Promise.withResolvers<Stream>();
  await pair.server.handle(protocol, (stream) => opened.resolve(stream));
  ours = await pair.connection.newStream(protocol);
  theirs = await opened.promise;
});

afterEach(async () => {
  await pair[Symbol.asyncDispose]();
});

function frameOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, place) => (place * 7 + size) % 251);
}

describe('frames on a stream', () => {
  it('are what libp2p sends and reads as length-prefixed', async () => {
    const sizes = [0, 1, 127, 128, 16_383, 16_384, 300_000];
    const [mine, reference] = [frameStream(ours, frameBytesMax), lpStream(theirs)];
    for (const size of sizes) {
      await mine.write(frameOf(size), timeoutMs);
      expect(Uint8Array.from((await reference.read()).subarray())).toEqual(frameOf(size));
      await reference.write(frameOf(size));
      expect(await mine.read(timeoutMs)).toEqual(frameOf(size));
    }
  });

  it('come in order when many are sent at once, then the end', async () => {
    const [sender, reader] = [frameStream(ours, 2000), frameStream(theirs, 2000)];
    for (let size = 0; size < 90; size++) await sender.write(frameOf(size), timeoutMs);
    await sender.close();
    for (let size = 0; size < 90; size++) {
      expect(await reader.read(timeoutMs)).toEqual(frameOf(size));
    }
    expect(await reader.read(timeoutMs)).toBeUndefined();
  });

  it('are put together from single bytes', async () => {
    const reader = frameStream(theirs, frameBytesMax);
    const frame = frameOf(200);
    for (const byte of [200 | 0x80, 1, ...frame]) {
      ours.send(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await reader.read(timeoutMs)).toEqual(frame);
  });

  it('are read up to the longest, and a longer one costs the stream', async () => {
    const reader = frameStream(theirs, 100);
    await frameStream(ours, 100).write(frameOf(100), timeoutMs);
    expect(await reader.read(timeoutMs)).toEqual(frameOf(100));
    ours.send(Uint8Array.of(101));
    await expect(reader.read(timeoutMs)).rejects.toMatchObject({ code: 'peer_stream_broken' });
    await expect.poll(() => ours.status).not.toBe('open');
  });

  it('have a length of three bytes at most', async () => {
    const reader = frameStream(theirs, frameBytesMax);
    ours.send(Uint8Array.of(0x80, 0x80, 0x80));
    await expect(reader.read(timeoutMs)).rejects.toMatchObject({ code: 'peer_stream_broken' });
  });

  it('cost the stream when more come than anybody reads', async () => {
    const reader = frameStream(theirs, 1000);
    for (let n = 0; n < 10; n++) ours.send(new Uint8Array(1000));
    await expect.poll(() => theirs.status).not.toBe('open');
    expect(await reader.read(timeoutMs)).toBeUndefined();
  });

  it('are waited for no longer than said', async () => {
    const reader = frameStream(theirs, 100);
    await expect(reader.read(20)).rejects.toMatchObject({ code: 'peer_timeout' });
    await frameStream(ours, 100).write(frameOf(5), timeoutMs);
    expect(await reader.read(timeoutMs)).toEqual(frameOf(5));
  });

  it('end for a reader that waits when the sender gives the stream up', async () => {
    const reading = frameStream(theirs, 100).read(timeoutMs);
    ours.abort(new Error('given up'));
    await expect(reading).rejects.toMatchObject({ code: 'peer_stream_broken' });
  });

  it('that nobody reads are not sent for ever', async () => {
    const sender = frameStream(ours, frameBytesMax);
    theirs.pause();
    const sending = (async () => {
      for (let n = 0; n < 30; n++) await sender.write(frameOf(300_000), 100);
    })();
    await expect(sending).rejects.toMatchObject({ code: 'peer_timeout' });
  });
});
