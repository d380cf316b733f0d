/** What liars do unasked, one act at a time, at times that chance decides. */
import { encodeCbor, encodeEntry } from '@callbook/protocol';
import { encodeLogBatch } from '@callbook/replication';
import type { LogBatch } from '@callbook/replication';
import { serveDrafts, spoilDraft } from './liar-drafts.ts';
import type { LiarFault } from './liar-faults.ts';
import { leavesInvented, lengthened, protocolOf, roleOf } from './liar.ts';
import type { Liar } from './liar.ts';

type Act = (liar: Liar) => void | Promise<void>;

const actEveryMs = 2500;
const minuteMs = 60_000;

/** Lets a liar act until it is over. */
export function makeMischief(liar: Liar, isOver: () => boolean): void {
  const { random, world } = liar.parts;
  const acts = [...liar.parts.faults].map((fault) => actsOf[fault]);
  const event = { owner: liar.name, what: 'mischief' };
  if (liar.has('spoils drafts')) {
    void liar.port.serve(protocolOf('/callbook/draft/1'), (stream) => serveDrafts(liar, stream));
  }
  const next = (): void =>
    world.after(random.between(1, 2 * actEveryMs), event, () => {
      if (isOver()) return;
      // What a peer refuses or breaks off is no concern of a liar's.
      void Promise.resolve(random.pick(acts)(liar)).catch(() => undefined);
      next();
    });
  if (acts.length > 0) next();
}

const actsOf: Readonly<Record<LiarFault, Act>> = {
  forks(liar) {
    liar.fork();
    // The two branches are of the same length, or not, as chance will have it.
    const { random, others } = liar.parts;
    for (let leaves = random.below(3); leaves >= 0; leaves--) {
      logSomething(liar, random.pick(others));
    }
  },

  backdates(liar) {
    const { clock, random } = liar.parts;
    liar.append({ role: 'charter', atMs: clock.nowMs() - random.between(1, 20 * minuteMs) });
  },

  'commits early'(liar) {
    const commit = liar.met.find(({ entry }) => entry.kind === 'commit');
    if (commit !== undefined) liar.append({ role: 'challenged', entry: commit.entryBytes });
  },

  'logs both'(liar) {
    const { random } = liar.parts;
    const slots = liar.met.filter(({ entry }) => entry.kind !== 'update');
    for (const { entry, entryBytes, opened } of random.shuffled(slots).slice(0, 3)) {
      const role = roleOf(entry, true);
      liar.append({ role, entry: entryBytes, ...(opened && { opened }) });
    }
  },

  'forges entries'(liar) {
    const { random } = liar.parts;
    const found = liar.met.length === 0 ? undefined : random.pick(liar.met);
    if (found === undefined) return;
    const { entry } = found;
    const seq = entry.kind === 'update' ? entry.seq + random.below(100) : entry.seq;
    const forged = encodeEntry({ ...entry, seq, sig: random.bytes(64) });
    liar.append({ role: roleOf(entry, true), entry: forged });
  },

  async 'witnesses alone'(liar) {
    const { accomplice } = liar.parts;
    const { entry, opened } = await accomplice.register({ epoch: 0, prev: null, generation: 0 });
    liar.append({ role: 'witnessed', entry, ...(opened && { opened }) });
  },

  stalls(liar) {
    const { random } = liar.parts;
    if (random.chance(0.7)) liar.stall();
    else liar.resume();
  },

  withholds(liar) {
    logSomething(liar);
  },

  frames(liar) {
    const { random, others } = liar.parts;
    const batch = liar.heard.findLast(({ origin }) => origin !== liar.origin);
    if (batch === undefined) return;
    const to = random.pick(others);
    liar.port.gossipTo(to, encodeLogBatch(random.pick(forgeries)(batch, liar)));
    return sendEvidence(liar, to, batch);
  },

  floods(liar) {
    const { random, others } = liar.parts;
    for (let messages = random.between(1, 40); messages > 0; messages--) {
      const size = random.chance(0.05) ? 600_000 : random.below(400);
      liar.port.gossipTo(random.pick(others), new Uint8Array(size).fill(random.below(256)));
    }
    return sendRubbish(liar, random.pick(others));
  },

  'spoils drafts': spoilDraft,
};

/** Logs an entry that it has met, or nothing in particular. */
function logSomething(liar: Liar, towards?: string): void {
  const { random } = liar.parts;
  const found = liar.met.length > 0 && random.chance(0.7) ? random.pick(liar.met) : undefined;
  if (found === undefined) return void liar.append({ role: 'charter' }, towards);
  const { entry, entryBytes, opened } = found;
  const role = roleOf(entry, random.chance(0.5));
  liar.append({ role, entry: entryBytes, ...(opened && { opened }) }, towards);
}

/** Batches in the name of an honest member that it never sent. */
const forgeries: readonly ((batch: LogBatch, liar: Liar) => LogBatch)[] = [
  // Another leaf under a genuine checkpoint.
  (batch, { parts }) => ({ ...batch, leaves: batch.leaves.map(() => parts.random.bytes(60)) }),
  // A checkpoint that the liar has signed.
  (batch, liar) => ({ ...batch, checkpoint: liar.receiptOfFirst().checkpoint }),
  // A longer log than there is, under a signature that is not of it.
  ({ checkpoint, ...batch }) => {
    const forged = { ...batch, checkpoint: lengthened(checkpoint) };
    return { ...forged, first: batch.first + leavesInvented, leaves: [], payloads: [], proof: [] };
  },
  // Genuine, but of another place.
  (batch) => ({ ...batch, first: batch.first + 1 }),
  // Genuine, and long known.
  (batch) => batch,
];

/** Evidence that proves nothing against whom it names. */
async function sendEvidence(liar: Liar, to: string, batch: LogBatch): Promise<void> {
  const { random } = liar.parts;
  const other = random.pick(liar.heard);
  const evidence = encodeCbor(
    random.pick([
      { v: 1, kind: 'two_roots', checkpoints: [batch.checkpoint, other.checkpoint] },
      { v: 1, kind: 'two_roots', checkpoints: [batch.checkpoint, batch.checkpoint] },
      { v: 1, kind: 'time_back', leaves: [] },
    ]),
  );
  const stream = await liar.port.open(to, protocolOf('/callbook/evidence/1'));
  await stream.write(encodeCbor({ v: 1, want: 'keep', evidence }), 1000);
  await stream.read(5000);
  await stream.close();
}

const floodedProtocols = ['tail', 'notarise', 'cosign', 'evidence', 'payloads'] as const;

/** Frames that are none, too large, or requests without an end. */
async function sendRubbish(liar: Liar, to: string): Promise<void> {
  const { random } = liar.parts;
  const name = `/callbook/${random.pick(floodedProtocols)}/1`;
  for (let streams = random.between(1, 12); streams > 0; streams--) {
    const stream = await liar.port.open(to, protocolOf(name));
    const size = random.pick([0, 1, 40, 2000, 200_000]);
    const frame = random.chance(0.5)
      ? new Uint8Array(size).fill(random.below(256))
      : encodeCbor({ v: 1, want: random.pick(['leaves', 'checkpoints', 'branch', 'keep']) });
    await stream.write(frame, 1000);
    if (random.chance(0.5)) stream.abort();
  }
}
