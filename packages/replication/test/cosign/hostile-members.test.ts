import { beforeEach, describe, expect, it } from 'vitest';
import type { CborValue, VerdictCode } from '@callbook/protocol';
import {
  cosignCheckpoint,
  encodeCbor,
  isCborMap,
  parseCbor,
  verifyAgreedCheckpoint,
} from '@callbook/protocol';

import { CheckpointGatherer } from '../../src/cosign/checkpoint-gatherer.ts';
import {
  encodeAgreed,
  encodeCompare,
  encodeCosignRequest,
} from '../../src/cosign/cosign-messages.ts';
import { CosignServer } from '../../src/cosign/cosign-server.ts';
import type { FrameStream } from '../../src/network/network.ts';
import type { Replica } from '../../src/replica.ts';
import { systemScheduler } from '../../src/scheduler.ts';
import { crypto, foundFederation, openReplica } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { HandWrittenLog } from '../support/liar.ts';

let federation: TestFederation;
let incidents: [string, VerdictCode][];
const onIncident = (name: string, code: VerdictCode): void => void incidents.push([name, code]);

beforeEach(async () => {
  federation = await foundFederation({ count: 4, faults: 1 });
  incidents = [];
});

type Answer = (checkpoint: string, oldSize: number) => CborValue | undefined;

/** What the real member of this name answers. */
function honest(name: string): Answer {
  const { logSecretKey, origin } = federation.members.find((member) => member.name === name)!;
  const cosigner = { name: origin, signer: crypto.ed25519Signer(logSecretKey) };
  return (checkpoint) => ({
    v: 1,
    cosignature: cosignCheckpoint(checkpoint, cosigner, 1_750_000_000).slice(checkpoint.length),
  });
}

/** Gathers once at alpha from members that answer like this; the rest never do. */
async function gather(
  replica: Replica,
  answers: Readonly<Record<string, Answer>>,
): Promise<string | undefined> {
  const gatherer = new CheckpointGatherer(replica.origin, {
    replica,
    crypto,
    scheduler: systemScheduler,
    connected: () => Object.keys(answers),
    onIncident,
    ask: async (name, request) => {
      const parsed = parseCbor(request);
      if (parsed.verdict !== 'accept' || !isCborMap(parsed.value)) throw new Error('request');
      const { checkpoint, oldSize } = parsed.value;
      const answer = answers[name]!(checkpoint as string, oldSize as number);
      return answer === undefined ? undefined : encodeCbor(answer);
    },
  });
  return gatherer.round(new AbortController().signal);
}

describe('a member that gathers', () => {
  it('has a quorum without one that lies, and never the lie in its note', async () => {
    const replica = await openReplica(federation, 'alpha');
    const forged: Answer = (checkpoint, oldSize) => {
      const line = (honest('delta')(checkpoint, oldSize) as { cosignature: string }).cosignature;
      return { v: 1, cosignature: line.replace(/.{8}\n$/, 'AAAAAA==\n') };
    };
    const note = await gather(replica, {
      beta: honest('beta'),
      gamma: honest('gamma'),
      delta: forged,
    });
    const verdict = verifyAgreedCheckpoint(note!, replica.membership.charters.current, crypto);
    expect(verdict).toMatchObject({ verdict: 'accept' });
    expect(note).not.toContain('api.delta.test');
    expect(incidents).toEqual([['delta', 'note_signature_invalid']]);
    expect(replica.agreedCheckpoint(replica.origin)).toBe(note);
    await replica[Symbol.asyncDispose]();
  });

  it.each<[string, (answer: Answer) => Answer]>([
    ['another member’s line', () => honest('gamma')],
    [
      'two lines',
      (answer) => (note, size) => {
        const { cosignature } = answer(note, size) as { cosignature: string };
        return { v: 1, cosignature: cosignature.repeat(2) };
      },
    ],
    [
      'a note of its own in the line',
      () => () => ({ v: 1, cosignature: '\n\nx\n\n— x AAAAAAE=\n' }),
    ],
    ['no line', () => () => ({ v: 1, cosignature: '' })],
    ['a size above ours, for ever', () => () => ({ v: 1, lastSize: 2 ** 52 })],
    ['another size each time', () => (_note, size) => ({ v: 1, lastSize: size === 0 ? 1 : 0 })],
    ['something else', () => () => [1, 2, 3]],
    ['a line of 600 characters', () => () => ({ v: 1, cosignature: 'x'.repeat(600) })],
    ['nothing', () => () => undefined],
  ])('takes no cosignature out of %s', async (_what, lie) => {
    const replica = await openReplica(federation, 'alpha');
    const liar = lie(honest('beta'));
    const note = await gather(replica, { beta: liar, gamma: honest('gamma') });
    expect(note).toBeUndefined();
    expect(replica.agreedCheckpoint(replica.origin)).toBeUndefined();
    await replica[Symbol.asyncDispose]();
  });
});

/** Sends requests on one stream and returns the codes of the answers, until it ends. */
async function serve(replica: Replica, requests: readonly Uint8Array[]): Promise<string[]> {
  const codes: string[] = [];
  const waiting = [...requests];
  const stream: FrameStream = {
    read: async () => waiting.shift(),
    write: async (frame) => {
      const parsed = parseCbor(frame);
      const map = parsed.verdict === 'accept' && isCborMap(parsed.value) ? parsed.value : {};
      const { code } = map;
      codes.push(typeof code === 'string' ? code : 'answered');
    },
    close: async () => {},
    abort: () => {},
  };
  const context = { replica, scheduler: systemScheduler, wake: () => {}, onIncident };
  await new CosignServer(context).serve(stream, 'delta');
  return codes;
}

describe('a member that serves', () => {
  const compare = encodeCompare(null, new Map([['api.alpha.test/log', 0]]));

  it.each<[string, () => Uint8Array, string]>([
    ['bytes that are no CBOR', () => new Uint8Array([0xff]), 'cbor_malformed'],
    ['another map', () => encodeCbor({ v: 1, x: 1 }), 'request_malformed'],
    ['an agreed note that is none', () => encodeAgreed('x'), 'note_malformed'],
    ['an index root that is none', () => encodeCompare('x', new Map()), 'note_malformed'],
    [
      'a checkpoint with a false proof',
      () => {
        const log = new HandWrittenLog(federation, 'delta');
        for (const text of ['one', 'two']) log.addBytes(new TextEncoder().encode(text));
        const { checkpoint } = log.batch();
        return encodeCosignRequest({ checkpoint, oldSize: 0, proof: [new Uint8Array(32)] });
      },
      'checkpoint_proof_invalid',
    ],
  ])('ends the stream after %s, and tells of it', async (_what, request, code) => {
    const replica = await openReplica(federation, 'alpha');
    expect(await serve(replica, [compare, request(), compare])).toEqual(['answered', code]);
    expect(incidents).toEqual([['delta', code]]);
    await replica[Symbol.asyncDispose]();
  });

  it('holds nothing against whoever shows what it has not stored, or too few have cosigned, or by another charter', async () => {
    const replica = await openReplica(federation, 'alpha');
    const log = new HandWrittenLog(federation, 'delta').addBytes(new TextEncoder().encode('one'));
    const { checkpoint } = log.batch();
    const cosigner = {
      name: 'api.beta.test/log',
      signer: crypto.ed25519Signer(federation.members[1]!.logSecretKey),
    };
    const few = encodeAgreed(cosignCheckpoint(checkpoint, cosigner, 1));
    const early = encodeCosignRequest({ checkpoint, oldSize: 0, proof: [] });
    const nobody = 'api.nobody.test/log\n1\nAAAA\n\n— api.nobody.test/log AAAAAAAA\n';
    const unknown = encodeCosignRequest({ checkpoint: nobody, oldSize: 0, proof: [] });
    const newcomers = encodeAgreed(checkpoint.replaceAll('delta', 'epsilon'));
    expect(await serve(replica, [few, early, unknown, newcomers, compare])).toEqual([
      'checkpoint_quorum_missing',
      'checkpoint_not_stored',
      'log_unknown',
      'log_unknown',
      'answered',
    ]);
    expect(incidents).toEqual([]);
    await replica[Symbol.asyncDispose]();
  });
});
