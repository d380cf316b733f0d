/** A simulator that finds nothing may be blind: each of these bugs, planted through a port, is found. */
import type { Cryptography } from '@callbook/protocol';
import type { FrameStream, Network, Store } from '@callbook/replication';
import { describe, expect, it } from 'vitest';
import type { Scenario } from '../src/simulation/scenario.ts';
import { simulate } from '../src/simulation/simulation.ts';
import type { SimulationOptions, SimulationResult } from '../src/simulation/simulation-options.ts';

const seedsMax = 40;

/** Plays seeds until one breaks an invariant: one of those wanted, where a bug can break others first. */
async function findWith(
  planted: Partial<SimulationOptions>,
  wanted = /./,
): Promise<SimulationResult> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const result = await simulate({ seed, ...planted });
    if (result.violation !== undefined && wanted.test(result.violation.invariant)) return result;
  }
  throw new Error(`not found in ${seedsMax} seeds`);
}

/** Says that a batch is on disk when it is not. */
const lyingAboutDurability = (store: Store): Store => ({
  ...store,
  batch: (changes) => store.batch(changes, { durable: false }),
});

/** Loses one row of larger batches: no batch is whole any more. */
const tearingBatches = (store: Store): Store => ({
  ...store,
  batch: (changes, options) =>
    store.batch(changes.length > 9 ? changes.slice(0, -1) : changes, options),
});

/** Gives rows of a range in the wrong order. */
const misorderingRanges = (store: Store): Store => ({
  ...store,
  range: async (range) => (await store.range(range)).reverse(),
});

/** Takes every signature for good. */
const believingEverything = (crypto: Cryptography): Cryptography => ({
  ...crypto,
  ed25519Verify: () => true,
});

/** The same port, to put something in its place. */
const portOf = (network: Network): Network => ({
  addresses: () => network.addresses(),
  connected: () => network.connected(),
  admit: (peers) => network.admit(peers),
  open: (name, protocol) => network.open(name, protocol),
  serve: (protocol, serve) => network.serve(protocol, serve),
  onConnect: (listener) => network.onConnect(listener),
  publish: (message) => network.publish(message),
  onMessage: (judge) => network.onMessage(judge),
  [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
});

/** Loses the end of long frames. */
const truncatingFrames = (network: Network): Network => ({
  ...portOf(network),
  open: async (name, protocol) => truncating(await network.open(name, protocol)),
});

/** Lets nobody in whom a later charter names. */
const closingItsDoors = (network: Network): Network => {
  let isClosed = false;
  const admit: Network['admit'] = (peers) => {
    if (!isClosed) network.admit(peers);
    isClosed = true;
  };
  return { ...portOf(network), admit };
};

const truncating = (stream: FrameStream): FrameStream => ({
  read: async (timeoutMs) => (await stream.read(timeoutMs))?.slice(0, 600),
  write: (frame, timeoutMs) => stream.write(frame, timeoutMs),
  close: () => stream.close(),
  abort: () => stream.abort(),
});

describe('a planted bug', { timeout: 120_000 }, () => {
  it('is found: a store that lies about durability', async () => {
    // A log that others mirror comes back from them: only what a crash takes at once is lost.
    const adjust = (drawn: Scenario): Scenario => ({
      ...drawn,
      everyMs: { cut: 1500, crash: 1500 },
      liars: [],
    });
    const durable = /append-only|two roots|receipts|own log/;
    const { violation } = await findWith({ wrapStore: lyingAboutDurability, adjust }, durable);
    expect(violation?.invariant).toMatch(durable);
  });

  it('is found: a store whose batches are not atomic', async () => {
    expect((await findWith({ wrapStore: tearingBatches })).violation).toBeDefined();
  });

  it('is found: a store that reads ranges backwards', async () => {
    expect((await findWith({ wrapStore: misorderingRanges })).violation).toBeDefined();
  });

  it('is found: a check of signatures that accepts everything', async () => {
    const adjust = (drawn: Scenario): Scenario => ({
      ...drawn,
      memberCount: 4,
      faults: 1,
      liars: [['forges entries']],
    });
    const planted = { wrapCryptography: believingEverything, adjust };
    expect((await findWith(planted)).violation).toBeDefined();
  });

  it('is found: a network that loses the ends of frames', async () => {
    expect((await findWith({ wrapNetwork: truncatingFrames })).violation).toBeDefined();
  });

  it('is found: a network that does not follow the charter', async () => {
    const charter = { change: 'joins', signedAfterMs: 3000, leadMs: 0, isSpoilt: false } as const;
    const adjust = (drawn: Scenario): Scenario => ({
      ...drawn,
      charter,
      everyMs: {},
      diskFaultProbability: 0,
    });
    const { violation } = await findWith({ wrapNetwork: closingItsDoors, adjust });
    expect(violation?.message).toMatch(/lacks leaves|has \d+ leaves|charter/);
  });

  it('is found: changes of the draft that anybody may sign', async () => {
    const charter = {
      change: 'parameter',
      signedAfterMs: 60_000,
      leadMs: 0,
      isSpoilt: true,
    } as const;
    const adjust = (drawn: Scenario): Scenario => ({
      ...drawn,
      memberCount: 4,
      faults: 1,
      charter,
      liars: [['spoils drafts']],
    });
    const { violation } = await findWith({ wrapCryptography: believingEverything, adjust });
    // Whoever excludes an honest member for changes that it never signed accuses it at once.
    expect(violation?.invariant).toBe('honest incident');
  });
});
