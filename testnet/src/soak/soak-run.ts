/**
 * One soak: five members under a steady load of every kind, with kills, full disks and clocks that jump, for as
 * long as one likes. It ends in a report of what was asked, what went wrong, and what the members' memory did.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { runUnderFaults } from '../chaos/fault-run.ts';
import type { FaultRunOutcome, RunningMembers } from '../chaos/fault-run.ts';
import { Ledger } from '../chaos/ledger.ts';
import { loopback } from '../layout.ts';
import type { MemberLayout, TestnetLayout } from '../layout.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { Askers } from './askers.ts';
import type { Way } from './askers.ts';
import { MemberSamples } from './member-samples.ts';
import type { MemberSample } from './member-samples.ts';
import { planSoak } from './soak-plan.ts';

export interface SoakOptions {
  readonly seed: string;
  readonly seconds: number;
  /** Folder of the federation, empty. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** What has been done until a moment. */
interface Tally {
  /** Since the run began. */
  readonly atMs: number;
  readonly dns: number;
  readonly api: number;
  readonly writes: number;
}

export interface SoakRecord {
  /** Absent when the run could not go on; `error` says why. */
  readonly outcome: FaultRunOutcome | undefined;
  readonly error: unknown;
  readonly violations: readonly string[];
  readonly counts: Ledger['counts'];
  readonly plan: FaultRunOutcome['plan'];
  readonly answered: Readonly<Record<Way, number>>;
  readonly samples: ReadonlyMap<string, readonly MemberSample[]>;
  readonly tallies: readonly Tally[];
  /** The longest that an older state was told after a newer one was settled, while all were well. */
  readonly oldestAnswerMs: number;
}

const holderCount = 40;
const joinShare = 0.6;
const tallyEveryMs = 2000;
const sayEvery = 5;
/** Small, so that it is filled, and its memory taken, soon. */
const answerTableMebibytes = 4;
/** Beside the ports that a member has in every testnet. */
const tlsPortOf = ({ dnsPort }: MemberLayout): number => dnsPort + 4;

/** Runs to the end; whatever is wrong is in the record. */
export async function runSoak({ seed, seconds, folder, say }: SoakOptions): Promise<SoakRecord> {
  const random = new SeededRandom(`soak ${seed}`);
  const watch: { seen?: Alongside } = {};
  let outcome: FaultRunOutcome | undefined;
  let error: unknown;
  try {
    outcome = await runUnderFaults({
      random,
      folder,
      load: {
        holderCount,
        claimsFirst: false,
        pauseMsMin: 300,
        pauseMsMax: 1200,
        releaseChance: 0.01,
        joinMs: seconds * 1000 * joinShare,
      },
      smallDiskCount: Infinity,
      plan: (of) => planSoak({ ...of, seconds }),
      say,
      onFounded: async (layout) => await configure(layout),
      alongside: (run) => (watch.seen = new Alongside(run, { random, seconds, say })),
    });
  } catch (caught) {
    error = caught;
  }
  const { seen } = watch;
  return {
    outcome,
    error,
    violations: seen?.run.ledger.violations ?? [],
    counts: (seen?.run.ledger ?? new Ledger()).counts,
    plan: seen?.run.plan ?? [],
    answered: seen?.askers.answered ?? { udp: 0, tcp: 0, tls: 0, lookup: 0, bulk: 0, proof: 0 },
    samples: seen?.samples.of ?? new Map<string, MemberSample[]>(),
    tallies: seen?.tallies ?? [],
    oldestAnswerMs: seen?.run.history.oldestAnswerMs ?? 0,
  };
}

/** Has members answer DNS over TLS, and keep a small table of answers. */
async function configure({ members }: TestnetLayout): Promise<void> {
  for (const member of members) {
    const config = parse(await readFile(member.configFile, 'utf8')) as { dns: object };
    const tls = { listen: [{ address: loopback, port: tlsPortOf(member) }] };
    const dns = { ...config.dns, answerTableMebibytes, tls };
    await writeFile(member.configFile, stringify({ ...config, dns }));
  }
}

/** What goes on beside the load: more questions, a look at the members now and then, and a word of progress. */
class Alongside implements AsyncDisposable {
  readonly run: RunningMembers;
  readonly askers: Askers;
  readonly samples: MemberSamples;
  readonly tallies: Tally[] = [];
  readonly #stop = new AbortController();
  readonly #startedMs = performance.now();
  readonly #telling: Promise<void>;

  constructor(
    run: RunningMembers,
    of: { readonly random: SeededRandom; readonly seconds: number; say(line: string): void },
  ) {
    this.run = run;
    this.askers = new Askers({ run, random: of.random.branch('askers'), tlsPortOf });
    this.samples = new MemberSamples(run.layout.members, run.members, this.#startedMs);
    this.#telling = this.#tell(of.seconds, of.say);
    this.#telling.catch(() => undefined);
  }

  async #tell(seconds: number, say: (line: string) => void): Promise<void> {
    const { signal } = this.#stop;
    for (let turn = 0; !signal.aborted; turn++) {
      this.tallies.push(this.#tally());
      if (turn > 0 && turn % sayEvery === 0) say(this.#progress(seconds));
      await sleep(tallyEveryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #tally(): Tally {
    const { udp, tcp, tls, lookup, bulk, proof } = this.askers.answered;
    const { acknowledged, lookups } = this.run.ledger.counts;
    const atMs = Math.round(performance.now() - this.#startedMs);
    const api = lookups + lookup + bulk + proof;
    return { atMs, dns: udp + tcp + tls, api, writes: acknowledged };
  }

  #progress(seconds: number): string {
    const now = this.tallies.at(-1)!;
    const before = this.tallies.at(-1 - sayEvery)!;
    const rate = (what: 'api' | 'dns' | 'writes'): string =>
      ((1000 * (now[what] - before[what])) / (now.atMs - before.atMs)).toFixed(0);
    const resident = [...this.samples.of].map(([name, samples]) => {
      const last = samples.at(-1);
      return `${name} ${last === undefined ? '?' : Math.round(last.anonymous + last.mapped)}`;
    });
    const begun = this.run.plan.filter(({ atMs }) => atMs <= now.atMs).length;
    const leftSeconds = Math.max(0, Math.round(seconds - now.atMs / 1000));
    const faults = `${begun} of ${this.run.plan.length} faults`;
    return (
      `${leftSeconds} s left, ${faults}; a second: ${rate('dns')} DNS, ${rate('api')} API, ` +
      `${rate('writes')} writes; MiB: ${resident.join(', ')}`
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#telling;
    await this.samples[Symbol.asyncDispose]();
    await this.askers[Symbol.asyncDispose]();
  }
}
