/**
 * What a member tells its operator about itself, in the text format of Prometheus. All that is counted
 * stands in `metric-families.ts`; a route or an outcome that is not there is `other`.
 */
import type { DatagramCounts } from '@callbook/dns';
import type { Random } from '@callbook/protocol';
import type { MemberStatus } from '../status/member-status.ts';
import { CoarseCounter } from './coarse-counter.ts';
import {
  dnsOutcomes,
  interfaceOfRoute,
  messageOutcomes,
  metricFamilies,
  requestInterfaces,
  requestOutcomes,
} from './metric-families.ts';
import type {
  MessageOutcome,
  MetricFamily,
  RequestInterface,
  RequestOutcome,
} from './metric-families.ts';
import { statusSamples } from './status-samples.ts';

/** What other parts have counted, and how the member is. */
export interface MetricSources {
  readonly datagrams: readonly DatagramCounts[];
  readonly streamQueries: number;
  readonly status: MemberStatus;
}

/** Label values in the order of the family's labels → a value. */
export type Samples = readonly (readonly [labels: readonly string[], value: number])[];

type FamilyName = keyof typeof metricFamilies;

export class MemberMetrics {
  readonly #requests: ReadonlyMap<string, CoarseCounter>;
  readonly #datagrams: ReadonlyMap<string, CoarseCounter>;
  readonly #messages: ReadonlyMap<string, CoarseCounter>;
  readonly #streamQueries: CoarseCounter;

  constructor(random: Random) {
    const counters = (names: readonly string[]): ReadonlyMap<string, CoarseCounter> =>
      new Map(names.map((name) => [name, new CoarseCounter(random)]));
    this.#requests = counters(
      requestInterfaces.flatMap((interfaceName) =>
        requestOutcomes.map((outcome) => `${interfaceName} ${outcome}`),
      ),
    );
    this.#datagrams = counters(dnsOutcomes);
    this.#messages = counters(messageOutcomes);
    this.#streamQueries = new CoarseCounter(random);
  }

  /** Counts a request to the API; `route` is the pattern, undefined where there is none. */
  noteRequest(route: string | undefined, statusCode: number): void {
    this.#requests.get(`${interfaceOf(route)} ${outcomeOf(statusCode)}`)!.add(1);
  }

  /** Counts a message that a gateway has taken or refused, or whose fate is unknown. */
  noteMessage(outcome: MessageOutcome): void {
    this.#messages.get(outcome)!.add(1);
  }

  /** Returns everything, in the text format 0.0.4 of Prometheus. */
  text({ datagrams, streamQueries, status }: MetricSources): string {
    this.#takeDatagrams(datagrams);
    this.#streamQueries.set(streamQueries);
    const samples: Readonly<Record<FamilyName, Samples>> = {
      requests: samplesOf(this.#requests),
      datagrams: samplesOf(this.#datagrams),
      streamQueries: [[[], this.#streamQueries.value]],
      messages: samplesOf(this.#messages),
      workerRestarts: [[[], sum(datagrams, ({ workerRestarts }) => workerRestarts)]],
      ...statusSamples(status),
    };
    const names = Object.keys(metricFamilies) as FamilyName[];
    return names.map((name) => familyText(metricFamilies[name], samples[name])).join('');
  }

  #takeDatagrams(counts: readonly DatagramCounts[]): void {
    const totals: Readonly<Record<(typeof dnsOutcomes)[number], number>> = {
      answered: sum(counts, ({ answered }) => answered),
      dropped: sum(counts, ({ dropped }) => dropped),
      unsent: sum(counts, ({ sendFailures }) => sendFailures),
      failed: sum(counts, ({ responderFailures }) => responderFailures),
    };
    for (const outcome of dnsOutcomes) this.#datagrams.get(outcome)!.set(totals[outcome]);
  }
}

function sum(
  counts: readonly DatagramCounts[],
  figure: (counts: DatagramCounts) => number,
): number {
  return counts.reduce((total, each) => total + figure(each), 0);
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
