// Whoever breaks many rules is answered late, then refused, then served again.
import { encodeCbor } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { evidenceProtocol } from '../../src/evidence/evidence-messages.ts';
import { peerPointsHalfLifeMs, peerPointsMax, peerSlowMs } from '../../src/limits.ts';
import { Mesh } from '../../src/mesh.ts';
import type { MeshIncident } from '../../src/peers/incidents.ts';
import type { Replica } from '../../src/replica.ts';
import { systemScheduler } from '../../src/scheduler.ts';
import { encodeTailRequest, tailProtocol } from '../../src/tail/tail-messages.ts';
import { crypto, foundFederation, openReplica, TestClock } from '../support/federation.ts';
import { MemoryNetwork } from '../support/memory-network.ts';

let clock: TestClock;
let replica: Replica;
let mesh: Mesh;
let beta: MemoryNetwork;
let incidents: MeshIncident[];
let delays: number[];

beforeEach(async () => {
  const federation = await foundFederation();
  clock = new TestClock();
  replica = await openReplica(federation, 'alpha', { clock });
  delays = [];
  const scheduler = {
    ...systemScheduler,
    delay: (delayMs: number, signal?: AbortSignal) => {
      delays.push(delayMs);
      return systemScheduler.delay(delayMs, signal);
    },
  };
  const network = new MemoryNetwork('alpha');
  mesh = await Mesh.join({ replica, network, crypto, clock, scheduler });
  incidents = [];
  mesh.onIncident((incident) => incidents.push(incident));
  beta = new MemoryNetwork('beta');
  beta.link(network);
});
afterEach(async () => {
  await mesh[Symbol.asyncDispose]();
  await replica[Symbol.asyncDispose]();
});

async function ask(): Promise<unknown> {
  const stream = await beta.open('alpha', tailProtocol);
  await stream.write(encodeTailRequest({ want: 'checkpoints' }), 1000);
  const answer = await stream.read(5000);
  await stream.close();
  return answer && new TextDecoder().decode(answer).includes('peer_refused') ? 'refused' : 'served';
}

/** Sends evidence that is none. */
async function send(count: number): Promise<void> {
  const stream = await beta.open('alpha', evidenceProtocol);
  const junk = encodeCbor({ v: 1, want: 'keep', evidence: new Uint8Array([0xf6]) });
  for (let n = 0; n < count; n++) {
    await stream.write(junk, 1000);
    if ((await stream.read(5000)) === undefined) break;
  }
  await stream.close();
}

describe('a member that sends junk', () => {
  it('is served as before after one mistake', async () => {
    await send(1);
    expect(incidents).toEqual([{ memberName: 'beta', code: 'evidence_malformed', score: 1 }]);
    expect(await ask()).toBe('served');
    expect(delays).not.toContain(peerSlowMs);
  });

  it('is served later after eight', async () => {
    await send(8);
    expect(await ask()).toBe('served');
    expect(delays).toContain(peerSlowMs);
  });

  it('is refused after sixteen, whatever it asks, and served again when it has stopped', async () => {
    for (let n = 0; n < peerPointsMax; n++) mesh.report('beta', 'batch_malformed');
    expect(await ask()).toBe('refused');
    const before = incidents.length;
    await send(10);
    await beta.publish(new Uint8Array([0xff]));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(incidents).toHaveLength(before);
    clock.advance(peerPointsHalfLifeMs + 1);
    expect(await ask()).toBe('served');
  });
});
