/** Metrics of a front end, as text for Prometheus: how it is, never what it was asked. */
import type { Random } from '@callbook/protocol';
import { CoarseCounter } from '../metrics/coarse-counter.ts';
import type { FrontTraffic } from './front-zone.ts';

export interface FrontFigures {
  readonly stalenessMs: number;
  readonly code: string | undefined;
  readonly isReady: boolean;
  readonly generation: number;
  readonly traffic: FrontTraffic | undefined;
}

/** Every state that the database can be in for a front end. */
const states = [
  'shared_store_unavailable',
  'shared_store_slow',
  'shared_store_failed',
  'shared_store_filling',
  'shared_store_restored',
  'shared_store_foreign',
  'shared_store_stale',
] as const;

export class FrontMetrics {
  readonly #counters: Readonly<Record<keyof FrontTraffic, CoarseCounter>>;

  constructor(random: Random) {
    this.#counters = {
      received: new CoarseCounter(random),
      otherQueries: new CoarseCounter(random),
      lookedUp: new CoarseCounter(random),
      lookUpFailures: new CoarseCounter(random),
    };
  }

  /** Returns everything, in the text format 0.0.4 of Prometheus. */
  text(figures: FrontFigures): string {
    const counters = this.#counters;
    if (figures.traffic !== undefined) {
      for (const name of Object.keys(counters) as (keyof FrontTraffic)[])
        counters[name].set(figures.traffic[name]);
    }
    return textOf(figures, (name) => counters[name].value);
  }
}

function textOf(figures: FrontFigures, coarse: (name: keyof FrontTraffic) => number): string {
  const lines = [
    ...family('ready', 'gauge', 'Whether answers are given', figures.isReady ? 1 : 0),
    ...family(
      'staleness_seconds',
      'gauge',
      'How old what is answered may be',
      Number.isFinite(figures.stalenessMs) ? figures.stalenessMs / 1000 : -1,
    ),
    ...family('generation', 'gauge', 'Generation of the shared database', figures.generation),
    ...family('datagrams_total', 'counter', 'Datagrams, in sixteens', coarse('received')),
    ...family(
      'other_queries_total',
      'counter',
      'DNS queries over TCP, TLS and HTTPS, in sixteens',
      coarse('otherQueries'),
    ),
    ...family(
      'looked_up_total',
      'counter',
      'Answers from the database, in sixteens',
      coarse('lookedUp'),
    ),
    ...family(
      'look_up_failures_total',
      'counter',
      'Those that were SERVFAIL, in sixteens',
      coarse('lookUpFailures'),
    ),
    '# HELP callbook_front_database_state What is wrong with the shared database, 1 for what is',
    '# TYPE callbook_front_database_state gauge',
    ...states.map(
      (state) => `callbook_front_database_state{code="${state}"} ${state === figures.code ? 1 : 0}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

function family(
  name: string,
  ...[type, help, value]: readonly [type: 'counter' | 'gauge', help: string, value: number]
): string[] {
  const whole = `callbook_front_${name}`;
  return [`# HELP ${whole} ${help}`, `# TYPE ${whole} ${type}`, `${whole} ${value}`];
}
