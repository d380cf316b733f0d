/**
 * What a member tells its operator about itself, in the text format of Prometheus, on a listener of its
 * own. All that is counted stands in `metric-families.ts`; a route or an outcome that is not there is
 * `other`.
 */
import type { DatagramCounts } from '@callbook/dns';
import type { Random } from '@callbook/protocol';
import { CoarseCounter } from './coarse-counter.ts';
import {
  dnsOutcomes,
  interfaceOfRoute,
  metricFamilies,
  requestInterfaces,
  requestOutcomes,
} from './metric-families.ts';
import type { MetricFamily, RequestInterface, RequestOutcome } from './metric-families.ts';

/** Asked when somebody reads. */
export interface MetricSources {
  readonly datagrams: () => readonly DatagramCounts[];
  readonly streamQueries: () => number;
  readonly isReady: () => boolean;
  readonly connectedCount: () => number;
  readonly ownLogSize: () => number;
}

/** Label values in the order of the family's labels → a value. */
type Samples = readonly (readonly [labels: readonly string[], value: number])[];

export class MemberMetrics {
  readonly #requests: ReadonlyMap<string, CoarseCounter>;
  readonly #datagrams: ReadonlyMap<string, CoarseCounter>;
  readonly #streamQueries: CoarseCounter;

  constructor(random: Random) {
    this.#requests = new Map(
      requestInterfaces.flatMap((interfaceName) =>
        requestOutcomes.map((outcome) => [
          `${interfaceName} ${outcome}`,
          new CoarseCounter(random),
        ]),
      ),
    );
    this.#datagrams = new Map(dnsOutcomes.map((outcome) => [outcome, new CoarseCounter(random)]));
    this.#streamQueries = new CoarseCounter(random);
  }

  /** Counts a request to the API; `route` is the pattern, undefined where there is none. */
  noteRequest(route: string | undefined, statusCode: number): void {
    this.#requests.get(`${interfaceOf(route)} ${outcomeOf(statusCode)}`)!.add(1);
  }

  /** Returns everything, in the text format 0.0.4 of Prometheus. */
  text(sources: MetricSources): string {
    const { requests, datagrams, streamQueries, workerRestarts, ...gauges } = metricFamilies;
    const counts = sources.datagrams();
    this.#takeDatagrams(counts);
    this.#streamQueries.set(sources.streamQueries());
    const restarts = counts.reduce((sum, { workerRestarts: restarted }) => sum + restarted, 0);
    return [
      familyText(requests, samplesOf(this.#requests)),
      familyText(datagrams, samplesOf(this.#datagrams)),
      familyText(streamQueries, [[[], this.#streamQueries.value]]),
      familyText(workerRestarts, [[[], restarts]]),
      familyText(gauges.ready, [[[], sources.isReady() ? 1 : 0]]),
      familyText(gauges.connected, [[[], sources.connectedCount()]]),
      familyText(gauges.ownLog, [[[], Math.floor(sources.ownLogSize() / 1000)]]),
      familyText(gauges.memory, [[[], Math.round(process.memoryUsage.rss() / 2 ** 20)]]),
      familyText(gauges.cpu, [[[], Math.floor(cpuMicroseconds() / 1_000_000)]]),
      familyText(gauges.uptime, [[[], Math.floor(process.uptime() / 60)]]),
    ].join('');
  }

  #takeDatagrams(counts: readonly DatagramCounts[]): void {
    const sum = (of: (of: DatagramCounts) => number): number =>
      counts.reduce((total, each) => total + of(each), 0);
    const set = (outcome: (typeof dnsOutcomes)[number], count: number): void =>
      this.#datagrams.get(outcome)!.set(count);
    set(
      'answered',
      sum(({ answered }) => answered),
    );
    set(
      'dropped',
      sum(({ dropped }) => dropped),
    );
    set(
      'unsent',
      sum(({ sendFailures }) => sendFailures),
    );
    set(
      'failed',
      sum(({ responderFailures }) => responderFailures),
    );
  }
}

function interfaceOf(route: string | undefined): RequestInterface {
  return route !== undefined && Object.hasOwn(interfaceOfRoute, route)
    ? interfaceOfRoute[route]!
    : 'other';
}

function outcomeOf(statusCode: number): RequestOutcome {
  if (statusCode < 400) return 'answered';
  return statusCode < 500 ? 'refused' : 'failed';
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function samplesOf(counters: ReadonlyMap<string, CoarseCounter>): Samples {
  return Array.from(counters, ([labels, { value }]) => [labels.split(' '), value]);
}

function familyText({ name, type, help, labels }: MetricFamily, samples: Samples): string {
  const names = Object.keys(labels);
  const lines = samples.map(([values, value]) => {
    const pairs = names.map((label, place) => `${label}="${values[place]}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}
