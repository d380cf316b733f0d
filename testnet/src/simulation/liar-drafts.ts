/**
 * Hostile drafts: what a liar sends over `/callbook/draft/1`, by hand. It learns from a member which
 * draft there is, and answers with changes that nobody may take in, or that all have to take in the
 * same way; or with frames that are none.
 */
import type { CborValue } from '@callbook/protocol';
import { concatBytes, encodeCbor, isCborMap, parseCbor, utf8 } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { FrameStream } from '@callbook/replication';
import { protocolOf } from './liar.ts';
import type { Liar } from './liar.ts';
import type { SeededRandom } from './seeded-random.ts';

type Map = { readonly [name: string]: CborValue };

/** The draft as a member has shown it. */
interface SeenDraft {
  readonly liar: Liar;
  readonly random: SeededRandom;
  /** What the member said; a liar says the same back, but for what it makes up. */
  readonly news: Map;
  /** The charter that it follows, 32 bytes. */
  readonly base: CborValue;
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** The liar's next change. */
  readonly number: number;
}

const timeoutMs = 10_000;
const protocolName = '/callbook/draft/1';

/** Answers whoever asks the liar for its drafts: with its own changes, or with rubbish. */
export async function serveDrafts(liar: Liar, stream: FrameStream): Promise<void> {
  for (;;) {
    const frame = await stream.read(timeoutMs);
    const seen = frame && seenDraft(liar, frame);
    if (seen === undefined) return;
    await stream.write(answerTo(seen), timeoutMs);
  }
}

/** One act: asks a member for its draft, and makes something of it; the same towards another. */
export async function spoilDraft(liar: Liar): Promise<void> {
  const { random, others } = liar.parts;
  const [to, then] = random.shuffled(others) as [string, string];
  const stream = await liar.port.open(to, protocolOf(protocolName));
  await stream.write(encodeCbor({ ...nothing, base: liar.parts.charter }), timeoutMs);
  const frame = await stream.read(timeoutMs);
  const seen = frame && seenDraft(liar, frame);
  if (seen === undefined) return stream.close();
  const act = random.pick(acts);
  liar.parts.world.note(liar.name, `spoils the draft: ${act.name}`);
  const [here, there] = act(seen);
  for (const one of here) await stream.write(one, timeoutMs);
  await stream.read(timeoutMs);
  if (random.chance(0.5)) stream.abort();
  else await stream.close();
  const other = await liar.port.open(then, protocolOf(protocolName));
  for (const one of there) await other.write(one, timeoutMs);
  await other.read(timeoutMs);
  await other.close();
}

const nothing = {
  v: 1,
  version: 1,
  excluded: [],
  held: [],
  charter: null,
  discards: [],
  forks: [],
  changes: [],
};

function answerTo(seen: SeenDraft): Uint8Array {
  if (seen.random.chance(0.5)) return newsOf(seen, {});
  const [here] = seen.random.pick(acts)(seen);
  return here[0] ?? newsOf(seen, {});
}

function seenDraft(liar: Liar, frame: Uint8Array): SeenDraft | undefined {
  const parsed = parseCbor(frame);
  if (parsed.verdict !== 'accept' || !isCborMap(parsed.value)) return undefined;
  const news = parsed.value;
  const { base, discards, excluded, held } = news;
  if (!Array.isArray(discards) || !Array.isArray(held) || !(base instanceof Uint8Array)) {
    return undefined;
  }
  const begun = (discards as readonly Uint8Array[]).flatMap(begunAgain).sort(byName);
  const id = crypto.sha256(
    concatBytes(utf8('callbook/1 draft\n'), encodeCbor([base, begun, excluded!])),
  );
  const own = (held as readonly (readonly [string, number])[]).find(([name]) => name === liar.name);
  const number = (own?.[1] ?? 0) + 1;
  return { liar, random: liar.parts.random, news, base, id, number };
}

function begunAgain(bytes: Uint8Array): [string, number][] {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept' || !isCborMap(parsed.value)) return [];
  return [[parsed.value['member'] as string, parsed.value['count'] as number]];
}

function byName([a]: readonly [string, number], [b]: readonly [string, number]): number {
  return a < b ? -1 : 1;
}

interface Made {
  readonly number?: number;
  readonly member?: string;
  readonly text?: string;
  readonly seen?: CborValue;
  readonly sig?: Uint8Array;
}

/** A change by the real key of the liar, whoever is said to have made it. */
function changeOf({ base, id, liar, number }: SeenDraft, made: Made): Uint8Array {
  const change = {
    v: 1,
    base,
    draft: id,
    member: made.member ?? liar.name,
    number: made.number ?? number,
    seen: made.seen ?? [],
    statements: [['parameter/theftMs', made.text ?? '1']],
  };
  return encodeCbor({ ...change, sig: made.sig ?? signed(liar, 'change', change) });
}

function signed(liar: Liar, what: string, map: Map): Uint8Array {
  const signer = crypto.ed25519Signer(liar.parts.secrets.logSecretKey);
  return signer.sign(concatBytes(utf8(`callbook/1 draft ${what}\n`), encodeCbor(map)));
}

function newsOf({ news }: SeenDraft, said: Map): Uint8Array {
  return encodeCbor({
    ...nothing,
    ...news,
    charter: null,
    discards: [],
    forks: [],
    changes: [],
    ...said,
  });
}

/** Frames for one member, and for another. */
type Frames = readonly [readonly Uint8Array[], readonly Uint8Array[]];

function alike(...frames: readonly Uint8Array[]): Frames {
  return [frames, frames];
}

const acts: readonly ((seen: SeenDraft) => Frames)[] = [
  function signsBadly(seen) {
    const sig = seen.random.bytes(64);
    return alike(newsOf(seen, { changes: [changeOf(seen, { sig })] }));
  },
  function forks(seen) {
    const [one, other] = ['1', '2'].map((text) =>
      newsOf(seen, { changes: [changeOf(seen, { text })] }),
    );
    return [[one!], [other!]];
  },
  function writesForOthers(seen) {
    const member = seen.random.pick(seen.liar.parts.others);
    return alike(newsOf(seen, { changes: [changeOf(seen, { member, number: 1 })] }));
  },
  function writesForNobody(seen) {
    return alike(newsOf(seen, { changes: [changeOf(seen, { member: 'omega', number: 1 })] }));
  },
  /** Two changes in the name of an honest member, as if it had signed both. */
  function accuses(seen) {
    const member = seen.random.pick(seen.liar.parts.others);
    const pair = ['1', '2'].map((text) => changeOf(seen, { member, text, number: 1 }));
    return alike(newsOf(seen, { forks: [pair] }));
  },
  function oversizes(seen) {
    const changes = [changeOf(seen, { text: '1'.repeat(13_000) })];
    return [[newsOf(seen, { changes })], [new Uint8Array(800_000)]];
  },
  /** All of its share at once, and more; one member gets it in the wrong order. */
  function fills(seen) {
    const all = Array.from({ length: 64 }, (_, place) =>
      changeOf(seen, { number: seen.number + place }),
    );
    return [[newsOf(seen, { changes: all })], [newsOf(seen, { changes: all.toReversed() })]];
  },
  function seesTheFuture(seen) {
    const others = [...seen.liar.parts.others].sort();
    const future = others.map((name) => [name, seen.random.between(1, 64)]);
    return alike(newsOf(seen, { changes: [changeOf(seen, { seen: future })] }));
  },
  function beginsAgain(seen) {
    const { base, liar, random } = seen;
    const count = random.between(1, 9);
    const word = { v: 1, base, member: liar.name, count };
    const discards = [encodeCbor({ ...word, sig: signed(liar, 'discard', word) })];
    return alike(newsOf(seen, { discards }));
  },
  function bringsCharters(seen) {
    const note = Buffer.from(seen.random.bytes(300)).toString('latin1');
    return alike(newsOf(seen, { charter: `${note}\n\n— nobody ${note}\n`, version: 2 ** 32 }));
  },
  function holdsTheImpossible(seen) {
    const held = seen.liar.parts.others.map((name) => [name, 64, seen.random.bytes(16)]);
    return alike(newsOf(seen, { held, base: seen.random.bytes(32) }), newsOf(seen, { held }));
  },
  function floods(seen) {
    return alike(...Array.from({ length: 60 }, () => newsOf(seen, {})));
  },
  function sendsRubbish({ random }) {
    return [[random.bytes(random.below(2000))], [encodeCbor({ v: 1 }), new Uint8Array(0)]];
  },
];
