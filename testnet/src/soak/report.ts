/** What a soak has come to, in words and figures, for people and as JSON. */
import { countKinds } from '../chaos/inflict.ts';
import { judgeGrowth } from './growth.ts';
import type { Growth, GrowthBounds } from './growth.ts';
import type { MemberSample } from './member-samples.ts';
import type { SoakRecord } from './soak-run.ts';
import { sparkline } from './chart.ts';

interface MemberReport {
  readonly name: string;
  readonly restarts: number;
  /** How long the process lived that lived longest; what follows is of it. */
  readonly minutes: number;
  /** MiB at its end, and what it came to at most. */
  readonly residentAtEnd: number;
  readonly residentMax: number;
  /** Of its anonymous memory. */
  readonly growth: Growth;
  /** Between the end of its warm-up and its end, MiB: what a growth is made of. */
  readonly parts: Readonly<Record<(typeof parts)[number], number | undefined>>;
}

export interface SoakReport {
  readonly seed: string;
  readonly seconds: number;
  readonly passed: boolean;
  /** What is wrong, the memory's growth included. */
  readonly faultsFound: readonly string[];
  readonly faults: Readonly<Record<string, number>>;
  readonly answered: SoakRecord['answered'];
  /** Single look-ups at every member. */
  readonly surveyed: number;
  readonly acknowledged: number;
  readonly receipts: number;
  readonly rootsCompared: number;
  readonly leaves: number | undefined;
  /** Calls that came to nothing, by code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly oldestAnswerMs: number;
  readonly members: readonly MemberReport[];
}

const parts = ['anonymous', 'mapped', 'heap', 'external', 'store'] as const;

/** A leak of ten bytes a look-up shows in twenty minutes; caches and the collector's habits do not. */
export const memoryBounds: GrowthBounds = {
  warmUpMs: 240_000,
  perHourMax: 60,
  riseMax: 24,
};

export function reportOn(record: SoakRecord, of: { seed: string; seconds: number }): SoakReport {
  const { outcome, counts, error, violations, samples } = record;
  const members = [...samples].map(([name, taken]) => reportMember(name, taken));
  const growing = members.flatMap(({ name, growth }) =>
    growth.verdict === 'grows'
      ? [`the memory of ${name} grows by ${growth.perHour.toFixed(0)} MiB an hour`]
      : [],
  );
  const ended = error === undefined || violations.length > 0 ? [] : [messageOf(error)];
  const faultsFound = [...violations, ...ended, ...growing];
  return {
    ...of,
    passed: faultsFound.length === 0,
    faultsFound,
    faults: countKinds(record.plan),
    answered: record.answered,
    surveyed: counts.lookups,
    acknowledged: counts.acknowledged,
    receipts: counts.receipts,
    rootsCompared: counts.roots,
    leaves: outcome?.leaves,
    failures: counts.failures,
    oldestAnswerMs: Math.round(record.oldestAnswerMs),
    members,
  };
}

function reportMember(name: string, samples: readonly MemberSample[]): MemberReport {
  const lives = [...Map.groupBy(samples, ({ restarts }) => restarts).values()];
  const [life = []] = lives.sort((a, b) => lengthOf(b) - lengthOf(a));
  const growth = judgeGrowth(
    life.map(({ atMs, anonymous }) => ({ atMs, value: anonymous })),
    memoryBounds,
  );
  const warm = life.find(({ atMs }) => atMs >= life[0]!.atMs + memoryBounds.warmUpMs);
  const last = life.at(-1);
  return {
    name,
    restarts: samples.at(-1)?.restarts ?? 0,
    minutes: lengthOf(life) / 60_000,
    residentAtEnd: last === undefined ? 0 : residentOf(last),
    residentMax: Math.max(0, ...life.map(residentOf)),
    growth,
    parts: Object.fromEntries(
      parts.map((part) => [part, difference(last?.[part], warm?.[part])]),
    ) as MemberReport['parts'],
  };
}

function lengthOf(life: readonly MemberSample[]): number {
  return (life.at(-1)?.atMs ?? 0) - (life[0]?.atMs ?? 0);
}

function residentOf({ anonymous, mapped }: MemberSample): number {
  return anonymous + mapped;
}

function difference(after: number | undefined, before: number | undefined): number | undefined {
  return after === undefined || before === undefined ? undefined : after - before;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The report as people read it, with a curve for each member and each rate. */
export function reportText(report: SoakReport, record: SoakRecord): string {
  const { answered, faultsFound } = report;
  const verdict = report.passed ? 'nothing was wrong' : `${faultsFound.length} things were wrong`;
  const rows = [
    `soak of ${report.seconds} s, SEED=${report.seed}: ${verdict}`,
    ...faultsFound.map((what) => `  WRONG: ${what}`),
    '',
    `faults          ${countsText(report.faults)}`,
    `answers         ${countsText({ ...answered, single: report.surveyed })}`,
    `entries         ${report.acknowledged} acknowledged with ${report.receipts} receipts; ${report.leaves ?? '?'} leaves`,
    `index roots     ${report.rootsCompared} compared`,
    `no answer       ${countsText(report.failures)}`,
    `oldest answer   ${report.oldestAnswerMs} ms behind what was settled, while all were well`,
    '',
    ...report.members.flatMap((member) => memberLines(member, record)),
    ...rateLines(record),
  ];
  return rows.join('\n');
}

function memberLines(member: MemberReport, { samples }: SoakRecord): string[] {
  const { name, growth, minutes, residentAtEnd, residentMax } = member;
  const curve = sparkline((samples.get(name) ?? []).map(residentOf));
  const lives = `${member.restarts} restarts, the longest life ${minutes.toFixed(1)} min`;
  const size = `${residentAtEnd.toFixed(0)} MiB at its end, ${residentMax.toFixed(0)} at most`;
  const made = parts.flatMap((part) => {
    const by = member.parts[part];
    return by === undefined ? [] : [`${part} ${signed(by, 1)}`];
  });
  return [
    `${name.padEnd(8)} ${curve}`,
    `         ${lives}: ${size}`,
    `         ${growthText(growth)}${made.length === 0 ? '' : `; since it was warm: ${made.join(', ')}`}`,
  ];
}

function growthText(growth: Growth): string {
  if (growth.verdict === 'too-short') return 'too short a life to tell of growth';
  const { perHour, lowPerHour, highPerHour, minutes, verdict } = growth;
  const interval = `${signed(lowPerHour, 0)} to ${signed(highPerHour, 0)}`;
  return `${verdict}: ${signed(perHour, 0)} MiB an hour (${interval}) over ${minutes.toFixed(1)} min`;
}

function rateLines({ tallies }: SoakRecord): string[] {
  return (['dns', 'api', 'writes'] as const).map((what) => {
    const rates = tallies.slice(1).map((tally, place) => {
      const before = tallies[place]!;
      return (1000 * (tally[what] - before[what])) / Math.max(1, tally.atMs - before.atMs);
    });
    const middle = rates.toSorted((a, b) => a - b)[rates.length >> 1] ?? 0;
    return `${`${what}/s`.padEnd(8)} ${sparkline(rates)} ${middle.toFixed(0)} in the middle`;
  });
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '' : '+'}${value.toFixed(digits)}`;
}

function countsText(counts: Readonly<Record<string, number>>): string {
  const texts = Object.entries(counts).map(([what, count]) => `${what} ${count}`);
  return texts.length === 0 ? 'none' : texts.join(', ');
}
