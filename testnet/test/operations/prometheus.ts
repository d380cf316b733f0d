/** A real Prometheus over the members of a lab, with the rules that come with a member. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { freePortBase } from '../../src/free-ports.ts';
import { loopback } from '../../src/layout.ts';
import { eventually } from '../lab.ts';
import type { Lab } from '../lab.ts';

export const observability: string = join(
  import.meta.dirname,
  '../../../packages/node/observability',
);

/** Label values and the value. */
interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [time: number, text: string];
}

export interface Prometheus extends AsyncDisposable {
  /** Evaluates an expression now. */
  query(expression: string): Promise<readonly Sample[]>;
}

/** Starts it with the shipped configuration, only faster; resolves when it has asked each member twice. */
export async function startPrometheus(lab: Lab): Promise<Prometheus> {
  const folder = join(lab.folder, 'prometheus');
  await mkdir(folder);
  await cp(observability, folder, { recursive: true });
  const file = join(folder, 'prometheus.yaml');
  const config = parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  const targets = lab.testnet.layout.members.map(({ metricsPort }) => `${loopback}:${metricsPort}`);
  Object.assign(config, {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    scrape_configs: [{ job_name: 'callbook', static_configs: [{ targets }] }],
  });
  await writeFile(file, stringify(config));
  const port = await freePortBase(0);
  const child = spawn(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${loopback}:${port}`,
    ],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  const query = async (expression: string): Promise<readonly Sample[]> => {
    const asked = new URLSearchParams({ query: expression });
    const response = await fetch(`http://${loopback}:${port}/api/v1/query?${asked.toString()}`);
    const answer = (await response.json()) as {
      readonly error?: string;
      readonly data?: { readonly result: readonly Sample[] };
    };
    if (answer.data === undefined) throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result;
  };
  const scrapes = 'min(count_over_time(up[5m]))';
  await eventually(
    async () => await query(`${scrapes} and count(up == 1) == ${targets.length}`).catch(() => []),
    ([least]) => Number(least?.value[1]) >= 3,
    60_000,
  );
  return {
    query,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
