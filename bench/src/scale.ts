/**
 * A front end on PostgreSQL beside the member that it answers for: the same names, one machine, the same load
 * in turns, and as many threads that take datagrams. Both are the production daemon. The database is on this
 * machine too, so that its CPU is short for the front end alone; it is counted apart. Then a fail-over.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Postgres } from '@callbook/testnet';
import { askFor, askOnce, latenciesUs } from './dns-load.ts';
import type { Load } from './dns-load.ts';
import { isInstalled } from './dns-peers.ts';
import { cpuSecondsOfTree, ServerProcess } from './dns-server-process.ts';
import { DnsTurns } from './dns-turns.ts';
import type { Figures } from './dns-turns.ts';
import { measured, median, percentile } from './measurement.ts';
import type { MeasuredFigure, Measurement } from './measurement.ts';
import { benchFailOver } from './scale-fail-over.ts';
import { firstQuestion, frontName, memberName, startPair } from './scale-pair.ts';
import type { Pair } from './scale-pair.ts';
import { powerdnsOnPostgres } from './scale-peer.ts';

const numberCountDefault = 100_000;
const runCount = 5;
const secondsARun = 3;
/** A set of the table of answers has eight slots: of so many names hardly any set has more. */
const hotNamesMax = 20_000;

type Say = (line: string) => void;
type Goal = NonNullable<MeasuredFigure['goal']>;

/** Measures with so many bindings; needs dnsperf and PostgreSQL 15. */
export async function benchScale(
  say: Say,
  numberCount: number = numberCountDefault,
): Promise<Measurement[]> {
  if (!isInstalled('dnsperf') || !Postgres.isInstalled()) {
    say('dnsperf or PostgreSQL is missing; Debian packages: dnsperf, postgresql-15');
    return [];
  }
  const answers = await benchAnswers(say, numberCount);
  return [...answers, await benchFailOver(say)];
}

async function benchAnswers(say: Say, numberCount: number): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    await using postgres = await Postgres.start();
    await using pair = await startPair({ folder, postgres, numberCount, say });
    const command = await powerdnsOnPostgres(folder, postgres, numberCount);
    say(command === undefined ? 'PowerDNS on PostgreSQL is missing' : `starting ${command.name}`);
    await using peer = command && (await ServerProcess.start(command, firstQuestion));
    const others = peer === undefined ? [] : [peer];
    const turns = new DnsTurns({ folder, runCount, say });
    return await new ScaleBench(pair, { turns, postgres, numberCount, others }).run();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface ScaleParts {
  readonly turns: DnsTurns;
  readonly postgres: Postgres;
  readonly numberCount: number;
  /** What others run. */
  readonly others: readonly ServerProcess[];
}

/** Of each server: answers a second, its CPU for one, and that of the database meanwhile. */
interface Compared {
  readonly rates: Figures;
  readonly cpuUs: Figures;
  readonly databaseUs: Figures;
}

class ScaleBench {
  private readonly pair: Pair;
  private readonly parts: ScaleParts;
  /** Of the parts of all names: one for each run, one for warming up, one for latencies. */
  private readonly partCount: number;

  constructor(pair: Pair, parts: ScaleParts) {
    this.pair = pair;
    this.parts = parts;
    this.partCount = Math.floor(parts.numberCount / (runCount + 2));
  }

  async run(): Promise<Measurement[]> {
    const { turns, numberCount, others } = this.parts;
    const { partCount, ours } = this;
    // A process that has just started is slow until its code is compiled for speed.
    for (const type of ['NAPTR', 'TXT', 'TLSA']) {
      const warmUpFile = await turns.questions(runCount * partCount, partCount, type);
      for (const { port } of ours) askOnce(port, warmUpFile);
    }
    const first = await this.loads('asked for the first time', async (run) => {
      const file = await turns.questions(run * partCount, partCount);
      return (port) => askOnce(port, file);
    });
    const latencyFile = await turns.questions((runCount + 1) * partCount, partCount);
    const firstLatency = this.latencies(latencyFile, first.rates);
    const hotFile = await turns.questions(0, Math.min(hotNamesMax, numberCount));
    for (const { port } of [...ours, ...others]) askOnce(port, hotFile);
    const hot = await this.loads('asked before', async () =>
      Promise.resolve((port) => askFor(port, hotFile, secondsARun)),
    );
    const hotLatency = this.latencies(hotFile, hot.rates, secondsARun);
    return [
      ...compare('scale, asked before', hot, { latency: hotLatency, goal: '>= 0.9' }),
      ...compare('scale, asked for the first time', first, {
        latency: firstLatency,
        goal: '>= 0.5',
      }),
    ];
  }

  private get ours(): readonly ServerProcess[] {
    return [this.pair.front, this.pair.member];
  }

  private async loads(
    what: string,
    prepare: (run: number) => Promise<(port: number) => Load>,
  ): Promise<Compared> {
    const { turns, postgres, others } = this.parts;
    const { ours } = this;
    const servers = [...ours, ...others];
    const databaseUs = new Map<string, number[]>(servers.map(({ name }) => [name, []]));
    const { rates, cpuUs } = await turns.loads(what, servers, async (run) => {
      const ask = await prepare(run);
      let answerBytes: number | undefined;
      return (server) => {
        const before = cpuSecondsOfTree(postgres.processId);
        const load = ask(server.port);
        const seconds = cpuSecondsOfTree(postgres.processId) - before;
        databaseUs.get(server.name)!.push((seconds * 1e6) / load.answers);
        if (!ours.includes(server)) return load;
        answerBytes ??= load.answerBytes;
        if (answerBytes !== load.answerBytes) throw new Error('the two do not answer alike');
        return load;
      };
    });
    const medians = [...databaseUs].map(([name, all]) => [name, median(all)] as const);
    return { rates, cpuUs, databaseUs: new Map(medians) };
  }

  /** Of front end and member, at half of the rate that the slower one has. */
  private latencies(file: string, rates: Figures, seconds?: number): Map<string, number[]> {
    const { ours } = this;
    const queriesPerSecond = Math.min(...ours.map(({ name }) => rates.get(name)!)) / 2;
    const at = { queriesPerSecond, ...(seconds !== undefined && { seconds }) };
    return new Map(ours.map(({ name, port }) => [name, latenciesUs(port, file, at)]));
  }
}

/** The front end against each other server; the goal is one against the member. */
function compare(
  name: string,
  { rates, cpuUs, databaseUs }: Compared,
  { latency, goal }: { readonly latency: ReadonlyMap<string, number[]>; readonly goal: Goal },
): Measurement[] {
  const against = (
    figure: Pick<MeasuredFigure, 'name' | 'unit' | 'goal'>,
    of: Figures,
  ): Measurement[] =>
    [...of]
      .filter(([what]) => what !== frontName)
      .map(([what, value]) => {
        const { goal: bound, ...told } = figure;
        const isBound = bound !== undefined && what === memberName;
        const ours = { ...told, value: of.get(frontName)!, against: { what, value } };
        return measured({ ...ours, ...(isBound && { goal: bound }) });
      });
  const latencyAt = (share: number): Figures =>
    new Map([...latency].map(([server, samples]) => [server, percentile(samples, share)]));
  // The member asks no database.
  const asking = new Map([...databaseUs].filter(([server]) => server !== memberName));
  const database = { name: `${name}, CPU of the database`, unit: 'µs/answer' };
  return [
    ...against({ name, unit: 'answers/s', goal }, rates),
    ...against({ name: `${name}, p50 at half load`, unit: 'µs' }, latencyAt(0.5)),
    ...against({ name: `${name}, p99 at half load`, unit: 'µs' }, latencyAt(0.99)),
    ...against({ name: `${name}, CPU`, unit: 'µs/answer' }, cpuUs),
    ...(asking.size > 1
      ? against(database, asking)
      : [measured({ ...database, value: asking.get(frontName)! })]),
  ];
}
