/**
 * What the bridge tells its operator about itself, in the text format of Prometheus. Every value that a label
 * can have stands here, so that nothing that came from outside can become one. Counts move in sixteens
 * from a place that is drawn at the start: who reads before and after a call learns nothing of it.
 */
import { randomInt } from 'node:crypto';
import type { CheckVerdict } from './verdict.ts';

const checkNames = [
  'certificate',
  'bearer',
  'digest',
  'passport',
  'sign',
  'route',
  'account',
] as const;
export type CheckName = (typeof checkNames)[number];
const outcomes = ['accept', 'value', 'refuse', 'none', 'unavailable'] as const;

const step = 16;

/** Asked when somebody reads. */
export interface MetricSources {
  readonly answersKept: () => number;
  readonly accounts: () => number;
}

export class BridgeMetrics {
  readonly #counts = new Map<string, number>();

  constructor() {
    for (const name of checkNames) {
      for (const outcome of outcomes) this.#counts.set(`${name} ${outcome}`, randomInt(step));
    }
  }

  noteCheck(name: CheckName, outcome: CheckVerdict['state']): void {
    const rowKey = `${name} ${outcome}`;
    this.#counts.set(rowKey, this.#counts.get(rowKey)! + 1);
  }

  /** Returns everything, in the text format 0.0.4. */
  text(sources: MetricSources): string {
    const checks = Array.from(this.#counts, ([rowKey, count]) => {
      const [name, outcome] = rowKey.split(' ');
      return `callbook_sip_checks_total{check="${name}",outcome="${outcome}"} ${coarse(count)}\n`;
    });
    const { user, system } = process.cpuUsage();
    return [
      head('callbook_sip_checks_total', 'counter', 'Questions answered, in sixteens'),
      ...checks,
      gauge('callbook_sip_answers_kept', 'Answers of the directory in memory, in sixteens', {
        value: coarse(sources.answersKept()),
      }),
      gauge('callbook_sip_accounts', 'Accounts, in sixteens', {
        value: coarse(sources.accounts()),
      }),
      gauge('callbook_sip_memory_mebibytes', 'Resident memory', {
        value: Math.round(process.memoryUsage.rss() / 2 ** 20),
      }),
      head('callbook_sip_cpu_seconds_total', 'counter', 'CPU time of the process'),
      `callbook_sip_cpu_seconds_total ${Math.floor((user + system) / 1e6)}\n`,
    ].join('');
  }
}

function coarse(count: number): number {
  return Math.floor(count / step) * step;
}

function head(name: string, type: 'counter' | 'gauge', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
}

function gauge(name: string, help: string, { value }: { readonly value: number }): string {
  return `${head(name, 'gauge', help)}${name} ${value}\n`;
}
