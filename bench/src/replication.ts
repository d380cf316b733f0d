/**
 * Five members, each in a process of its own, over real sockets and real disks: what they sustain
 * together, how soon all have folded an update, what receiving one costs, and proofs; in turns with
 * five members of etcd, the same number of bytes a value. Ours count until the last member has folded
 * the last update, etcd's until a majority has flushed the last value. etcd checks no signatures.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdCluster, etcdVersion } from './etcd-cluster.ts';
import { measured, median, percentile } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { startMembers } from './replication-members.ts';
import type { MemberProcess, StartedMembers } from './replication-members.ts';
import type { LogSizes, Receipted } from './replication-orders.ts';
import { SyntheticHolder } from './synthetic-federation.ts';

const holdersEach = 256;
const updatesEach = 1024;
const putCount = 8 * updatesEach;
const laneCount = 128;
const rounds = 3;
const pacedSeconds = 8;
const burstCount = 4096;
const proofCount = 400;

/** Measures replication among five members, with etcd beside it where that is installed. */
export async function benchReplication(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    await using etcd = await startEtcd(folder, say);
    using started = await startMembers(folder);
    say(`five members; registering ${holdersEach} numbers at each`);
    await registerAll(started);
    const load = await measureLoad(started, etcd, say);
    const rates = { half: load.sustained / 2, eighth: load.sustained / 8 };
    say(`convergence at half and at an eighth of that, ${pacedSeconds} s each`);
    const atHalf = await measureConvergence(started.members, rates.half);
    const atEighth = await measureConvergence(started.members, rates.eighth);
    say('what an update costs a member that receives it');
    const full = await measureReceiving(started, { count: burstCount });
    const count = Math.ceil(rates.half * pacedSeconds);
    const half = await measureReceiving(started, { count, perSecond: rates.half });
    say(`${proofCount} proofs`);
    const proofs = await started.members[0]!.do('prove', proofCount);
    await Promise.all(started.members.map((member) => member.do('stop')));
    return [
      ...loadFigures(load),
      ...convergenceFigures(atHalf, { p50: '<= 60', p99: '<= 250' }, 'half load'),
      ...convergenceFigures(atEighth, {}, 'an eighth'),
      ...receivingFigures(full, 'full load'),
      ...receivingFigures(half, 'half load'),
      measured({ name: 'proof, p50', value: median(proofs.times), unit: 'ms' }),
      measured({
        name: 'proof, p99',
        value: percentile(proofs.times, 0.99),
        unit: 'ms',
        goal: '<= 2',
      }),
      measured({
        name: 'proof, of the index',
        value: proofs.indexProofBytes,
        unit: 'bytes, longest',
        goal: '<= 4096',
      }),
      measured({ name: 'proof, answer', value: proofs.answerBytes, unit: 'bytes, longest' }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startEtcd(
  folder: string,
  say: (line: string) => void,
): Promise<EtcdCluster | undefined> {
  const version = etcdVersion();
  say(
    version === undefined ? 'no etcd here: nothing beside it' : `five members of etcd ${version}`,
  );
  return version === undefined ? undefined : await EtcdCluster.start(folder, 5);
}

async function registerAll({ members, alone }: StartedMembers): Promise<void> {
  const made = await Promise.all(members.map((member) => member.do('register', holdersEach)));
  // With one fault to bear, two members must have challenged the holder.
  await Promise.all(
    members.map((member, n) => member.do('challenge', made[(n + 1) % members.length]!)),
  );
  await Promise.all(members.map((member) => member.do('published')));
  await settled(members);
  await feed(members.slice(0, -1), alone);
}

/** Waits until all members have the same of every log, twice in a row. */
async function settled(members: readonly MemberProcess[]): Promise<void> {
  for (let before = ''; ;) {
    const all = await Promise.all(members.map((member) => member.do('sizes')));
    const texts = all.map((sizes) => textOf(sizes));
    const isSame = texts.every((text) => text === texts[0]);
    if (isSame && texts[0] === before) return;
    before = isSame ? texts[0]! : '';
    await sleep(400);
  }
}

function textOf(sizes: LogSizes): string {
  const origins = Object.keys(sizes).toSorted((a, b) => (a < b ? -1 : 1));
  return JSON.stringify(origins.map((origin) => [origin, sizes[origin]]));
}

async function feed(sources: readonly MemberProcess[], alone: MemberProcess): Promise<void> {
  for (const source of sources) await alone.do('take', await source.do('batches'));
}

function convergenceFigures(
  visibleMs: readonly number[],
  goals: { readonly p50?: '<= 60'; readonly p99?: '<= 250' },
  load: string,
): Measurement[] {
  const figures = [
    { at: 'p50', value: median(visibleMs), goal: goals.p50 },
    { at: 'p99', value: percentile(visibleMs, 0.99), goal: goals.p99 },
  ];
  return figures.map(({ at, value, goal }) =>
    measured({ name: `folded by all, ${load}, ${at}`, value, unit: 'ms', ...(goal && { goal }) }),
  );
}

interface Load {
  /** Updates a second by all members together, and puts a second. */
  readonly sustained: number;
  readonly puts: number | undefined;
  /** CPU of all five for each. */
  readonly updateMicroseconds: number;
  readonly putMicroseconds: number | undefined;
  /** CPU of etcd's client for each, which is on the same cores; what drives ours is in the members. */
  readonly clientMicroseconds: number | undefined;
}

async function measureLoad(
  { members, alone }: StartedMembers,
  etcd: EtcdCluster | undefined,
  say: (line: string) => void,
): Promise<Load> {
  const valueBytes = await valueBytesOf();
  const put = async (): Promise<{ seconds: number; cpu: number; client: number } | undefined> => {
    const before = etcd?.cpuMicroseconds() ?? 0;
    const ownBefore = process.cpuUsage();
    const seconds = await etcd?.put({ count: putCount, lanes: laneCount, valueBytes });
    const cpu = (etcd?.cpuMicroseconds() ?? 0) - before;
    const { user, system } = process.cpuUsage(ownBefore);
    return seconds === undefined ? undefined : { seconds, cpu, client: user + system };
  };
  const figures = [];
  // The first round warms both up.
  for (let round = 0; round <= rounds; round++) {
    await Promise.all(members.map((member) => member.do('sign', updatesEach)));
    const cpuBefore = await cpuOf(members);
    const seconds = await logAll(members);
    const cpu = (await cpuOf(members)) - cpuBefore;
    await feed(members.slice(0, -1), alone);
    const count = members.length * updatesEach;
    const theirs = await put();
    if (round === 0) continue;
    const puts = theirs && putCount / theirs.seconds;
    const sustained = count / seconds;
    say(
      `round ${round} of ${rounds}: ${Math.round(sustained)} updates/s, ${puts?.toFixed(0)} puts/s`,
    );
    const perPut = theirs && { put: theirs.cpu / putCount, client: theirs.client / putCount };
    figures.push({ sustained, puts, update: cpu / count, ...perPut });
  }
  const puts = figures.flatMap((figure) => figure.puts ?? []);
  const clients = figures.flatMap((figure) => figure.client ?? []);
  const ratios = figures.flatMap(({ sustained, puts: of }) => (of ? [sustained / of] : []));
  const isBeside = puts.length > 0;
  return {
    sustained: isBeside ? median(ratios) * median(puts) : median(figures.map((f) => f.sustained)),
    puts: isBeside ? median(puts) : undefined,
    updateMicroseconds: median(figures.map(({ update }) => update)),
    putMicroseconds: isBeside ? median(figures.flatMap((f) => f.put ?? [])) : undefined,
    clientMicroseconds: isBeside ? median(clients) : undefined,
  };
}

/** What an update comes to as it is submitted: entry, payload and its opening. */
async function valueBytesOf(): Promise<number> {
  const holder = new SyntheticHolder(0);
  await holder.register();
  const { entry, opened } = await holder.update();
  return entry.length + opened.payload.length + opened.opening.length;
}

async function cpuOf(members: readonly MemberProcess[]): Promise<number> {
  const all = await Promise.all(members.map((member) => member.do('cpuMicroseconds')));
  return all.reduce((sum, one) => sum + one, 0);
}

/** Seconds until every member has folded all that every member logs. */
async function logAll(members: readonly MemberProcess[]): Promise<number> {
  const before = performance.now();
  await Promise.all(members.map((member) => member.do('logAll')));
  await reachAll(members);
  return (performance.now() - before) / 1000;
}

/** Waits until all have what each has of its own log. */
async function reachAll(members: readonly MemberProcess[]): Promise<LogSizes> {
  const target: Record<string, number> = {};
  for (const sizes of await Promise.all(members.map((member) => member.do('sizes')))) {
    for (const [origin, size] of Object.entries(sizes)) {
      target[origin] = Math.max(target[origin] ?? 0, size);
    }
  }
  await Promise.all(members.map((member) => member.do('reach', target)));
  return target;
}

function loadFigures(load: Load): Measurement[] {
  const { sustained, puts, updateMicroseconds, putMicroseconds, clientMicroseconds } = load;
  const beside = puts !== undefined && { against: { what: 'etcd puts/s', value: puts } };
  const besideCpu = putMicroseconds !== undefined && {
    against: { what: 'etcd, a put', value: putMicroseconds },
  };
  return [
    measured({
      name: 'five members together',
      value: sustained,
      unit: 'updates/s',
      ...(beside && { ...beside, goal: '>= 0.8' }),
    }),
    measured({
      name: 'the same, CPU of all five',
      value: updateMicroseconds,
      unit: 'µs/update',
      ...besideCpu,
    }),
    ...(clientMicroseconds === undefined
      ? []
      : [measured({ name: "etcd's client, CPU", value: clientMicroseconds, unit: 'µs/put' })]),
  ];
}

/** Milliseconds from each receipt until the last member has folded the update. */
async function measureConvergence(
  members: readonly MemberProcess[],
  perSecond: number,
): Promise<number[]> {
  const each = perSecond / members.length;
  await Promise.all(members.map((member) => member.do('sign', Math.ceil(each * pacedSeconds))));
  await Promise.all(members.map((member) => member.do('folded')));
  const origins = members.map((member) => `api.${member.name}.test/log`);
  const receipts = await Promise.all(members.map((member) => member.do('logPaced', each)));
  await reachAll(members);
  const folded = await Promise.all(members.map((member) => member.do('folded')));
  return receipts.flatMap((own, writer) => {
    const growths = folded.map((all) => all.filter(({ origin }) => origin === origins[writer]));
    return own.map((receipt) => visibleMsOf(receipt, growths));
  });
}

function visibleMsOf(
  { index, atMs }: Receipted,
  growths: readonly (readonly { size: number; atMs: number }[])[],
): number {
  const seen = growths.map((growth) => growth.find(({ size }) => size > index)?.atMs ?? Infinity);
  return Math.max(0, Math.max(...seen) - atMs);
}

/** CPU for each update, in microseconds. */
interface ReceivingCosts {
  readonly received: number;
  /** The same taken in without a network. */
  readonly takenIn: number;
  readonly check: number;
}

/** Lets one member write, so that the others receive; then one takes in the same without a network. */
async function measureReceiving(
  { members, alone }: StartedMembers,
  write: { readonly count: number; readonly perSecond?: number },
): Promise<ReceivingCosts> {
  const [writer, ...receivers] = [members[0]!, ...members.slice(1)];
  const { count, perSecond } = write;
  await writer.do('sign', count);
  await settled(members);
  await feed(members.slice(0, -1), alone);
  const cpu = async (): Promise<number[]> =>
    await Promise.all(receivers.map(async (one) => await one.do('cpuMicroseconds')));
  const before = await cpu();
  await (perSecond === undefined ? writer.do('logAll') : writer.do('logPaced', perSecond));
  await reachAll(members);
  const received = median((await cpu()).map((after, n) => (after - before[n]!) / count));
  const checks = await Promise.all(receivers.map((one) => one.do('checkMicroseconds')));
  const takenIn = (await alone.do('take', await writer.do('batches'))) / count;
  return { received, takenIn, check: median(checks) };
}

function receivingFigures(
  { received, takenIn, check }: ReceivingCosts,
  load: string,
): Measurement[] {
  const against = { what: 'one signature check, sodium-native', value: check };
  const unit = 'µs of CPU';
  return [
    measured({
      name: `receiving an update, ${load}`,
      value: received,
      unit,
      against,
      goal: '<= 3',
    }),
    measured({ name: `taking it in, ${load}`, value: takenIn, unit, against }),
    measured({
      name: `gossip, tail, cosigning, ${load}`,
      value: received - takenIn,
      unit,
      goal: '<= 60',
    }),
  ];
}
