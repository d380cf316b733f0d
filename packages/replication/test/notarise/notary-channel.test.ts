// Requests of one turn share a frame, frames share streams, and a stream that has ended is no loss.
import { utf8 } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { notariseFrameRequestsMax, notariseStreamsUsed } from '../../src/limits.ts';
import type { FrameStream } from '../../src/network/network.ts';
import {
  encodeNotariseAnswers,
  notariseProtocol,
  parseNotariseRequests,
} from '../../src/notarise/notarise-messages.ts';
import { NotaryChannel } from '../../src/notarise/notary-channel.ts';
import { systemScheduler } from '../../src/scheduler.ts';
import { MemoryNetwork } from '../support/memory-network.ts';

let alpha: MemoryNetwork;
let beta: MemoryNetwork;
let channel: NotaryChannel;
/** Requests in each frame that came to beta, by stream. */
let streams: string[][][];
let open: FrameStream[];
/** Beta answers when this resolves. */
let gate: Promise<void>;

beforeEach(async () => {
  [alpha, beta] = [new MemoryNetwork('alpha'), new MemoryNetwork('beta')];
  [streams, open, gate] = [[], [], Promise.resolve()];
  alpha.link(beta);
  await beta.serve(notariseProtocol, serve);
  channel = new NotaryChannel('beta', { network: alpha, scheduler: systemScheduler });
});
afterEach(() => {
  channel.close();
  for (const stream of open) stream.abort();
});

async function serve(stream: FrameStream): Promise<void> {
  const frames: string[][] = [];
  streams.push(frames);
  open.push(stream);
  for (;;) {
    const frame = await stream.read(60_000);
    if (frame === undefined) return;
    const requests = parseNotariseRequests(frame);
    if (requests.verdict !== 'accept') return;
    const texts = requests.value.map((request) => Buffer.from(request).toString());
    frames.push(texts);
    await gate;
    if (texts.includes('too few')) await stream.write(encodeNotariseAnswers([utf8('one')]), 1000);
    else await stream.write(encodeNotariseAnswers(texts.map((text) => utf8(`${text}!`))), 1000);
  }
}

async function ask(...texts: readonly string[]): Promise<(string | undefined)[]> {
  const answers = await Promise.all(texts.map(async (text) => await channel.ask(utf8(text))));
  return answers.map((answer) => answer && Buffer.from(answer).toString());
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `r${n}`);

describe('requests to notarise', () => {
  it('of one turn share a frame, and frames a stream', async () => {
    expect(await ask('a', 'b', 'c')).toEqual(['a!', 'b!', 'c!']);
    expect(await ask('d')).toEqual(['d!']);
    expect(streams).toEqual([[['a', 'b', 'c'], ['d']]]);
  });

  it('collect while as many frames wait for their answers as there may be streams', async () => {
    let release!: () => void;
    gate = new Promise((resolve) => (release = resolve));
    const early = numbered(notariseStreamsUsed).map(async (text) => {
      const answer = ask(text);
      await systemScheduler.yield();
      return await answer;
    });
    await expect.poll(() => streams.flat().length).toBeGreaterThan(0);
    const asked = ask(...numbered(notariseStreamsUsed * notariseFrameRequestsMax + 5));
    await expect.poll(() => streams.length).toBe(notariseStreamsUsed);
    release();
    expect(await Promise.all(early)).toEqual(
      numbered(notariseStreamsUsed).map((text) => [`${text}!`]),
    );
    expect((await asked).every((answer) => answer?.endsWith('!'))).toBe(true);
    expect(streams).toHaveLength(notariseStreamsUsed);
    for (const frame of streams.flat()) {
      expect(frame.length).toBeLessThanOrEqual(notariseFrameRequestsMax);
    }
  });

  it('go out once more where the stream that was kept has ended', async () => {
    await ask('a');
    open[0]!.abort();
    expect(await ask('b')).toEqual(['b!']);
    expect(streams).toEqual([[['a']], [['b']]]);
  });

  it('have no answer where as many did not come, and where nobody is there', async () => {
    expect(await ask('too few', 'a')).toEqual([undefined, undefined]);
    alpha.cut(beta);
    channel.close();
    channel = new NotaryChannel('beta', { network: alpha, scheduler: systemScheduler });
    expect(await ask('a')).toEqual([undefined]);
  });

  it('end with the channel', async () => {
    gate = new Promise(() => {});
    const asked = ask('a');
    await expect.poll(() => streams.flat()).toHaveLength(1);
    channel.close();
    expect(await asked).toEqual([undefined]);
    expect(await ask('b')).toEqual([undefined]);
  });
});
