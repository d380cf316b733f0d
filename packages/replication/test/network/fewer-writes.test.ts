/** Two libp2p nodes over real sockets: what their connection writes, and that its windows never close. */
import type { Stream } from '@libp2p/interface';
import { tls } from '@libp2p/tls';
import { lpStream } from '@libp2p/utils';
import { afterEach, describe, expect, it } from 'vitest';

import { withFewerWrites } from '../../src/network/fewer-writes.ts';
import { connectedPair } from '../support/node-pair.ts';
import type { CreateEncrypter, NodePair } from '../support/node-pair.ts';

const protocol = '/test/1';
let pair: NodePair;

afterEach(async () => {
  await pair[Symbol.asyncDispose]();
});

/** Encrypts as TLS does and counts what it is given to send. */
function countedTls(count: () => void): CreateEncrypter {
  return (components) => {
    const encrypter = tls()(components);
    for (const side of ['secureInbound', 'secureOutbound'] as const) {
      const secure = encrypter[side].bind(encrypter);
      encrypter[side] = async (connection, options) => {
        const secured = await secure(connection, options);
        const send = secured.connection.send.bind(secured.connection);
        secured.connection.send = (data) => {
          const pieces = data instanceof Uint8Array ? [data] : [...data];
          for (const _ of pieces) count();
          return send(data);
        };
        return secured;
      };
    }
    return encrypter;
  };
}

/** A node that sends every frame back, and a stream to it. */
async function openEcho(encrypter: CreateEncrypter): Promise<Stream> {
  pair = await connectedPair(encrypter);
  await pair.server.handle(protocol, async (stream) => {
    const frames = lpStream(stream);
    try {
      for (;;) await frames.write(await frames.read());
    } catch {
      // The client has no more.
      await stream.close();
    }
  });
  return await pair.connection.newStream(protocol);
}

async function exchange(stream: Stream, frame: Uint8Array, count: number): Promise<void> {
  const frames = lpStream(stream);
  for (let n = 0; n < count; n++) {
    await frames.write(frame);
    expect((await frames.read()).byteLength).toBe(frame.length);
  }
}

describe('with fewer writes', () => {
  it('a frame is one piece, and small ones cost few window updates', async () => {
    let sent = 0;
    const stream = await openEcho(withFewerWrites(countedTls(() => sent++)));
    await exchange(stream, new Uint8Array(100), 1);
    sent = 0;
    await exchange(stream, new Uint8Array(100), 50);
    // In the first exchanges yamux doubles its window, up to six times at each end.
    expect(sent).toBeLessThanOrEqual(100 + 12);
  });

  it('without it both are several', async () => {
    let sent = 0;
    const stream = await openEcho(countedTls(() => sent++));
    await exchange(stream, new Uint8Array(100), 1);
    sent = 0;
    await exchange(stream, new Uint8Array(100), 50);
    expect(sent).toBeGreaterThanOrEqual(300);
  });

  it('a stream carries many times its first window, each way', async () => {
    const stream = await openEcho(withFewerWrites(tls()));
    await exchange(stream, new Uint8Array(300_000), 30);
  });

  it('updates left behind by many streams that ended do not stop the others', async () => {
    const stream = await openEcho(withFewerWrites(tls()));
    for (let n = 0; n < 200; n++) {
      const other = await pair.connection.newStream(protocol);
      await exchange(other, new Uint8Array(1000), 1);
      await other.close();
    }
    await exchange(stream, new Uint8Array(300_000), 10);
  });
});
