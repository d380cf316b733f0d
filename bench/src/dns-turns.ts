/**
 * DNS servers asked one after the other by the same load, several times over, so that what else the machine
 * does hits all alike; of each figure the median counts.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Load } from './dns-load.ts';
import type { ServerProcess } from './dns-server-process.ts';
import { numberName } from './dns-zone.ts';
import { median } from './measurement.ts';

/** By the names of servers. */
export type Figures = ReadonlyMap<string, number>;

export interface Loads {
  readonly rates: Figures;
  /** What an answer cost the server, which whoever else is on the machine changes little. */
  readonly cpuUs: Figures;
}

type Server = Pick<ServerProcess, 'name' | 'port' | 'cpuSeconds'>;

export interface DnsTurnsOptions {
  /** For files of questions. */
  readonly folder: string;
  readonly runCount: number;
  readonly say: (line: string) => void;
}

export class DnsTurns {
  private readonly options: DnsTurnsOptions;

  constructor(options: DnsTurnsOptions) {
    this.options = options;
  }

  /** Measures one server after the other, several times; returns each one's median. */
  async figures<S extends Server>(
    what: string,
    servers: readonly S[],
    prepare: (run: number) => Promise<(server: S) => number>,
  ): Promise<Figures> {
    const { runCount, say } = this.options;
    const figures = new Map<string, number[]>(servers.map(({ name }) => [name, []]));
    for (let run = 0; run < runCount; run += 1) {
      const measure = await prepare(run);
      for (const server of servers) figures.get(server.name)!.push(measure(server));
      const latest = [...figures].map(([name, all]) => `${name} ${Math.round(all.at(-1)!)}`);
      say(`${what}, run ${run + 1} of ${runCount}: ${latest.join(', ')}`);
    }
    return mediansOf(figures);
  }

  /** As `figures`, with rates and CPU; `prepare` returns what asks. */
  async loads<S extends Server>(
    what: string,
    servers: readonly S[],
    prepare: (run: number) => Promise<(server: S) => Load>,
  ): Promise<Loads> {
    const cpu = new Map<string, number[]>(servers.map(({ name }) => [name, []]));
    const rates = await this.figures(what, servers, async (run) => {
      const ask = await prepare(run);
      return (server) => {
        const before = server.cpuSeconds();
        const { answers, answersPerSecond } = ask(server);
        cpu.get(server.name)!.push(((server.cpuSeconds() - before) * 1e6) / answers);
        return answersPerSecond;
      };
    });
    return { rates, cpuUs: mediansOf(cpu) };
  }

  /** Writes a file of questions for the numbers from `first` on, in no order that a disk would like. */
  async questions(first: number, count: number, type = 'NAPTR'): Promise<string> {
    // A prime, so that it divides no count and each number comes once.
    const step = 61_813;
    const lines = Array.from(
      { length: count },
      (_nothing, n) => `${numberName(first + ((n * step) % count))} ${type}\n`,
    );
    const file = join(this.options.folder, 'questions');
    await writeFile(file, lines.join(''));
    return file;
  }
}

function mediansOf(figures: ReadonlyMap<string, readonly number[]>): Figures {
  return new Map([...figures].map(([name, all]) => [name, median(all)]));
}
