/**
 * A member's DNS beside the name servers that others run: one zone, one machine, in turns, so that what
 * else the machine does hits all alike. `CALLBOOK_FULL=1` takes a zone of a million numbers in place of a
 * hundred thousand.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createZoneKeys } from '@callbook/dns';
import type { ZoneAlgorithm } from '@callbook/dns';
import { recordTypes } from '@callbook/dns/wire';
import { nodeCommand } from './daemon-command.ts';
import { askFor, askOnce, latencyUsP99 } from './dns-load.ts';
import { isInstalled, knotOnline, knotPresigned, nsd, powerdns, signZone } from './dns-peers.ts';
import type { PeerZone } from './dns-peers.ts';
import { freePort, ServerProcess } from './dns-server-process.ts';
import type { ServerCommand } from './dns-server-process.ts';
import { DnsTurns } from './dns-turns.ts';
import type { Figures, Loads } from './dns-turns.ts';
import { numberName, writeZone } from './dns-zone.ts';
import { measured } from './measurement.ts';
import type { MeasuredFigure, Measurement } from './measurement.ts';

const isFull = process.env['CALLBOOK_FULL'] !== undefined;
const numberCount = isFull ? 1_000_000 : 100_000;
const runCount = 5;
const secondsARun = isFull ? 5 : 3;
/** Names that fit into our table of answers with room to spare. */
const hotNameCount = 50_000;
/** Asked once each; a run of a slow server then takes some seconds. */
const unregisteredPerRun = 60_000;
const ourName = 'callbook';
const firstQuestion = { name: numberName(0), type: recordTypes.NAPTR };

type Say = (line: string) => void;

/** Measures the DNS path of one member; needs dnsperf, and leaves out what else is not installed. */
export async function benchDns(say: Say): Promise<Measurement[]> {
  if (!isInstalled('dnsperf')) {
    say('dnsperf is missing; Debian package: dnsperf');
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    say(`writing a zone of ${numberCount} numbers`);
    const zoneFile = join(folder, 'zone');
    await writeZone(numberCount, { storeFolder: join(folder, 'store'), zoneFile });
    const bench = new DnsBench({ folder, zoneFile, workers: availableParallelism() }, say);
    return [
      ...(await bench.existing()),
      ...(await bench.unregistered(13)),
      ...(await bench.unregistered(15)),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Goals = Readonly<Record<string, NonNullable<MeasuredFigure['goal']>>>;

class DnsBench {
  private readonly zone: PeerZone;
  private readonly say: Say;
  private readonly turns: DnsTurns;

  constructor(zone: PeerZone, say: Say) {
    this.zone = zone;
    this.say = say;
    this.turns = new DnsTurns({ folder: zone.folder, runCount, say });
  }

  /** Numbers that are registered; algorithm 13. */
  async existing(): Promise<Measurement[]> {
    await using running = await this.startAll(await this.serversOfExisting());
    const { servers } = running;
    // One part of the zone for each run; and one before, since a process that has just started is slow
    // until its code is compiled for speed. All types of that part: it takes some 20 000 answers a thread.
    const partCount = Math.floor(numberCount / (runCount + 1));
    for (const type of ['NAPTR', 'TXT', 'TLSA']) {
      const warmUpFile = await this.turns.questions(runCount * partCount, partCount, type);
      for (const { port } of servers) askOnce(port, warmUpFile);
    }
    const firstTime = await this.turns.loads('asked for the first time', servers, async (run) => {
      const file = await this.turns.questions(run * partCount, partCount);
      return ({ port }) => askOnce(port, file);
    });
    const hotFile = await this.turns.questions(0, hotNameCount);
    for (const { port } of servers) askOnce(port, hotFile);
    const hot = await this.turns.loads('asked before', servers, async () =>
      Promise.resolve(({ port }) => askFor(port, hotFile, secondsARun)),
    );
    const ofServers = (figure: (server: ServerProcess) => number): Figures =>
      new Map(servers.map((server) => [server.name, figure(server)]));
    const memory = ofServers((server) => server.residentBytes() / 2 ** 20);
    const queriesPerSecond = Math.min(...hot.rates.values()) / 2;
    this.say(`latency at ${Math.round(queriesPerSecond)} queries/s`);
    const latency = await this.turns.figures('p99 latency', servers.slice(0, 2), async () =>
      Promise.resolve(({ port }) => latencyUsP99(port, hotFile, { queriesPerSecond, seconds: 2 })),
    );
    const rateGoals: Goals = { knot: '>= 1.2', nsd: '>= 1.2', powerdns: '>= 2' };
    const starts = ofServers(({ startMs }) => startMs);
    return [
      ...compareLoads('dns, asked before', hot, rateGoals),
      ...compareLoads('dns, asked for the first time', firstTime, { knot: '>= 0.25' }),
      ...compare({ name: 'dns, memory', unit: 'MiB' }, memory, { knot: '<= 0.25' }),
      ...compare({ name: 'dns, p99 latency at half load', unit: 'µs' }, latency, {
        knot: '<= 2',
      }),
      ...compare({ name: 'dns, start of the zone server to first answer', unit: 'ms' }, starts, {}),
    ];
  }

  /** Numbers that nobody has, each asked for once: every answer is signed when it is asked for. */
  async unregistered(algorithm: ZoneAlgorithm): Promise<Measurement[]> {
    const peers = [
      ...(isInstalled('knotd') ? [await knotOnline(this.zone, algorithm)] : []),
      ...(isInstalled('pdns_server') ? [await powerdns(this.zone, algorithm)] : []),
    ];
    await using running = await this.startAll([await this.callbook(algorithm), ...peers]);
    const { servers } = running;
    const what = `unregistered, algorithm ${algorithm}`;
    const loads = await this.turns.loads(what, servers, async (run) => {
      const first = numberCount * 2 + run * unregisteredPerRun;
      const file = await this.turns.questions(first, unregisteredPerRun);
      return ({ port }) => askOnce(port, file);
    });
    return compareLoads(`dns, ${what}`, loads, { 'knot online': '>= 2.2', powerdns: '>= 3' });
  }

  private async serversOfExisting(): Promise<ServerCommand[]> {
    const { zone, say } = this;
    const commands = [await this.callbook(13)];
    if (isInstalled('dnssec-signzone')) {
      say('signing the zone for Knot and NSD');
      const signed = await signZone(zone);
      if (isInstalled('knotd')) commands.push(await knotPresigned(zone, signed));
      if (isInstalled('nsd')) commands.push(await nsd(zone, signed));
    }
    if (isInstalled('pdns_server')) commands.push(await powerdns(zone, 13));
    return commands;
  }

  /** Our own server, with the flags that the daemon has. */
  private async callbook(algorithm: ZoneAlgorithm): Promise<ServerCommand> {
    const { folder, workers } = this.zone;
    const keys = join(folder, `keys-${algorithm}`);
    await createZoneKeys(keys, algorithm);
    const port = await freePort();
    const member = join(import.meta.dirname, 'dns-member.ts');
    const settings = [join(folder, 'store'), keys, `${workers}`, `${port}`];
    return { name: ourName, ...nodeCommand(member, settings), port };
  }

  private async startAll(
    commands: readonly ServerCommand[],
  ): Promise<AsyncDisposable & { readonly servers: readonly ServerProcess[] }> {
    await using started = new AsyncDisposableStack();
    const servers: ServerProcess[] = [];
    for (const command of commands) {
      this.say(`starting ${command.name}`);
      servers.push(started.use(await ServerProcess.start(command, firstQuestion)));
    }
    const running = started.move();
    return { servers, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
  }
}

function compareLoads(name: string, { rates, cpuUs }: Loads, goals: Goals): Measurement[] {
  return [
    ...compare({ name, unit: 'answers/s' }, rates, goals),
    ...compare({ name: `${name}, CPU`, unit: 'µs/answer' }, cpuUs, {}),
  ];
}

/** Holds our figure against each other server's; alone where there is none. */
function compare(
  figure: { readonly name: string; readonly unit: string },
  figures: Figures,
  goals: Goals,
): Measurement[] {
  const value = figures.get(ourName)!;
  const peers = [...figures].filter(([name]) => name !== ourName);
  if (peers.length === 0) return [measured({ ...figure, value })];
  return peers.map(([what, peerValue]) => {
    const goal = goals[what];
    const against = { what, value: peerValue };
    return measured({ ...figure, value, against, ...(goal !== undefined && { goal }) });
  });
}
