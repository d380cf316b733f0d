/**
 * That the checks of a soak find what they are there for: an answer that is not true, a receipt that is lost,
 * memory that grows; and that its plan is what its documentation says.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assertKept } from '../../src/chaos/final-checks.ts';
import { History, staleMsMax } from '../../src/chaos/history.ts';
import { Ledger } from '../../src/chaos/ledger.ts';
import type { PromisedLeaf } from '../../src/chaos/ledger.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { sparkline } from '../../src/soak/chart.ts';
import { judgeGrowth } from '../../src/soak/growth.ts';
import type { MemberSample } from '../../src/soak/member-samples.ts';
import { memoryBounds, reportOn } from '../../src/soak/report.ts';
import { planSoak } from '../../src/soak/soak-plan.ts';
import type { SoakRecord } from '../../src/soak/soak-run.ts';

describe('a plan of a soak', () => {
  const members = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
  const planOf = (seed: string, seconds: number) =>
    planSoak({ seconds, members, random: new SeededRandom(seed) });

  it('is the same for the same seed, and another for another', () => {
    expect(planOf('a', 600)).toEqual(planOf('a', 600));
    expect(planOf('a', 600)).not.toEqual(planOf('b', 600));
  });

  it('has every kind of fault in 24 seconds, ends in time, and sets no clock twice at once', () => {
    for (let seed = 0; seed < 100; seed++) {
      const plan = planOf(String(seed), seed % 2 === 0 ? 24 : 1200);
      const seconds = seed % 2 === 0 ? 24 : 1200;
      expect(new Set(plan.map(({ fault }) => fault.kind)).size).toBe(3);
      const rightFromMs = new Map<string, number>();
      for (const { atMs, lengthMs, fault } of plan) {
        expect(atMs + lengthMs).toBeLessThanOrEqual(seconds * 1000);
        if (fault.kind !== 'clock') continue;
        expect(Math.abs(fault.offMs)).toBeLessThan(300_000);
        expect(rightFromMs.get(fault.member) ?? 0).toBeLessThan(atMs);
        rightFromMs.set(fault.member, atMs + lengthMs);
      }
    }
  });

  it('kills all but two members to the end, and those at most in the first quarter', () => {
    for (let seed = 0; seed < 100; seed++) {
      const late = planOf(String(seed), 3600).filter(
        ({ atMs, fault }) => atMs >= 900_000 && fault.kind !== 'clock',
      );
      const befallen = late.map(({ fault }) => ('member' in fault ? fault.member : ''));
      expect(new Set(befallen).size).toBe(3);
    }
  });
});

describe('what was true', () => {
  const number = 'tel:+4915123100000';
  const other = 'tel:+4915123100001';

  function openHistory() {
    const time = { nowMs: 1_000_000, calmSinceMs: 0 };
    const history = new History(
      () => time.calmSinceMs,
      () => time.nowMs,
    );
    const publish = (identifier: typeof number | typeof other, uri: string | null): void => {
      history.sign(identifier, uri);
      history.acknowledge(identifier, uri);
    };
    const told = (uri: string | null, member = 'alpha', by = 'udp') =>
      history.judge(history.asking(number, member, by), uri);
    return { time, history, publish, told };
  }

  it('takes what is signed, before and after it is acknowledged, and what was before for a while', () => {
    const { time, history, publish, told } = openHistory();
    expect(told(null)).toBeUndefined();
    history.sign(number, 'sip:v0');
    expect(told(null)).toBeUndefined();
    expect(told('sip:v0')).toBeUndefined();
    publish(number, 'sip:v1');
    time.nowMs += staleMsMax - 1;
    expect(told('sip:v0')).toBeUndefined();
    expect(told('sip:v1')).toBeUndefined();
  });

  it('finds what nobody has signed, and what somebody else has', () => {
    const { publish, told } = openHistory();
    publish(number, 'sip:v0');
    publish(other, 'sip:other');
    expect(told('sip:made-up')).toContain('nobody has signed');
    expect(told('sip:other')).toContain('nobody has signed');
    expect(told('')).toContain('nobody has signed');
  });

  it('finds a member that goes back, each way in for itself', () => {
    const { publish, told } = openHistory();
    publish(number, 'sip:v0');
    publish(number, 'sip:v1');
    expect(told('sip:v1')).toBeUndefined();
    expect(told('sip:v0', 'beta')).toBeUndefined();
    expect(told('sip:v0', 'alpha', 'tcp')).toBeUndefined();
    expect(told('sip:v0')).toContain('goes back');
    expect(told(null)).toContain('goes back');
  });

  it('takes an older answer to a question that was asked before the newer was seen', () => {
    const { history, publish, told } = openHistory();
    publish(number, 'sip:v0');
    publish(number, 'sip:v1');
    const early = history.asking(number, 'alpha', 'udp');
    expect(told('sip:v1')).toBeUndefined();
    expect(history.judge(early, 'sip:v0')).toBeUndefined();
    expect(told('sip:v0')).toContain('goes back');
  });

  it('finds what is too old, while all are well and have been for long enough', () => {
    const { time, publish, told } = openHistory();
    publish(number, 'sip:v0');
    publish(number, 'sip:v1');
    time.nowMs += staleMsMax;
    expect(told('sip:v0')).toContain('was settled');
    expect(told(null)).toContain('was settled');
    time.calmSinceMs = time.nowMs - staleMsMax + 1;
    expect(told('sip:v0')).toBeUndefined();
    time.calmSinceMs = Infinity;
    expect(told('sip:v0')).toBeUndefined();
  });

  it('takes what was given up for as long as a pause may last, and not for longer', () => {
    const { time, history, publish, told } = openHistory();
    publish(number, 'sip:v0');
    history.sign(number, null);
    history.acknowledge(number, null, 60_000);
    expect(told('sip:v0')).toBeUndefined();
    expect(told(null)).toBeUndefined();
    expect(told('sip:v0')).toBeUndefined();
    time.nowMs += 60_000;
    expect(told('sip:v0')).toContain('goes back');
    time.nowMs += staleMsMax;
    expect(told('sip:v0', 'beta')).toContain('was settled');
  });

  it('says how far behind the oldest good answer was', () => {
    const { time, history, publish, told } = openHistory();
    publish(number, 'sip:v0');
    publish(number, 'sip:v1');
    time.nowMs += 700;
    told('sip:v0');
    expect(history.oldestAnswerMs).toBe(700);
  });
});

describe('a lost receipt', () => {
  const promised = (index: number, byte: number): PromisedLeaf => ({
    origin: 'alpha.test/log',
    index,
    leaf: Uint8Array.of(byte),
  });
  const logs = new Map([['alpha.test/log', [Uint8Array.of(1), Uint8Array.of(2)]]]);

  it('is found, whether its leaf is another or not there', () => {
    expect(() => assertKept([promised(0, 1), promised(1, 2)], logs)).not.toThrow();
    expect(() => assertKept([promised(0, 1), promised(1, 3)], logs)).toThrow('lost');
    expect(() => assertKept([promised(2, 3)], logs)).toThrow('lost');
    expect(() => assertKept([promised(0, 1)], new Map())).toThrow('lost');
  });
});

describe('the growth of memory', () => {
  const minuteMs = 60_000;
  /** 20 minutes of samples: a warm-up of two minutes, noise, and so many MiB an hour. */
  function samplesOf(perHour: number, seed = 'noise'): { atMs: number; value: number }[] {
    const random = new SeededRandom(seed);
    return Array.from({ length: 600 }, (_, place) => {
      const atMs = place * 2000;
      const warming = 120 * (1 - Math.exp(-atMs / (0.7 * minuteMs)));
      const noise = random.below(2000) / 100;
      return { atMs, value: 200 + warming + noise + (perHour * atMs) / (60 * minuteMs) };
    });
  }

  it('is found where there is some, in spite of noise', () => {
    for (let seed = 0; seed < 50; seed++) {
      const growth = judgeGrowth(samplesOf(150, String(seed)), memoryBounds);
      expect(growth).toMatchObject({ verdict: 'grows' });
    }
  });

  it('is not found where there is none, or little', () => {
    for (let seed = 0; seed < 50; seed++) {
      expect(judgeGrowth(samplesOf(0, String(seed)), memoryBounds).verdict).toBe('flat');
      expect(judgeGrowth(samplesOf(30, String(seed)), memoryBounds).verdict).toBe('flat');
    }
  });

  it('is measured, with an interval in which it lies', () => {
    const growth = judgeGrowth(samplesOf(150), memoryBounds);
    if (growth.verdict === 'too-short') throw new Error('too short');
    expect(growth.lowPerHour).toBeLessThan(150);
    expect(growth.highPerHour).toBeGreaterThan(150);
    expect(growth.highPerHour - growth.lowPerHour).toBeLessThan(40);
  });

  it('is not told of a short life', () => {
    expect(judgeGrowth(samplesOf(1000).slice(0, 130), memoryBounds).verdict).toBe('too-short');
    expect(judgeGrowth([], memoryBounds).verdict).toBe('too-short');
  });

  it('of one member ends a soak, as a wrong answer does and an error', () => {
    const record = (perHour: number): SoakRecord => ({
      outcome: undefined,
      error: undefined,
      violations: [],
      counts: new Ledger().counts,
      plan: [],
      answered: { udp: 0, tcp: 0, tls: 0, lookup: 0, bulk: 0, proof: 0 },
      samples: new Map([
        ['alpha', samplesOf(0).map(sampleOf)],
        ['beta', samplesOf(perHour).map(sampleOf)],
      ]),
      tallies: [],
      oldestAnswerMs: 0,
    });
    const of = { seed: 'a', seconds: 1200 };
    expect(reportOn(record(0), of)).toMatchObject({ passed: true, faultsFound: [] });
    const grown = reportOn(record(150), of);
    expect(grown.passed).toBe(false);
    expect(grown.faultsFound).toEqual([expect.stringContaining('memory of beta grows')]);
    expect(reportOn({ ...record(0), violations: ['lie'] }, of).faultsFound).toEqual(['lie']);
    expect(reportOn({ ...record(0), error: new Error('ended') }, of).passed).toBe(false);
  });
});

function sampleOf({ atMs, value }: { atMs: number; value: number }): MemberSample {
  return {
    atMs,
    restarts: 0,
    anonymous: value,
    mapped: 10,
    heap: undefined,
    external: undefined,
    store: undefined,
  };
}

it('draws what it is given, from 0 up', () => {
  expect(sparkline([0, 1, 2])).toBe('▁▅█');
  expect(sparkline(Array.from({ length: 600 }, () => 5))).toBe('█'.repeat(60));
  expect(sparkline([])).toBe('');
});

describe('the process of chaos and soak', () => {
  const guard = join(import.meta.dirname, '../../src/chaos/stall-guard.ts');

  async function guarded(work: string, bounds: object): Promise<{ signal: unknown; told: string }> {
    const script =
      `const { guardAgainstStalls } = await import(${JSON.stringify(guard)});` +
      `await guardAgainstStalls(${JSON.stringify(bounds)});` +
      `setTimeout(function culprit() { const kept = []; for (;;) { ${work} } }, 500);`;
    const args = ['--conditions=@callbook/source', '--input-type=module', '--eval', script];
    return await new Promise((resolve) => {
      execFile(process.execPath, args, (error, _, told) => {
        resolve({ signal: error?.signal, told });
      });
    });
  }

  it('is ended with a word where it hangs', async () => {
    const bounds = { silentMsMax: 2000, residentBytesMax: 2 ** 40 };
    const { signal, told } = await guarded('', bounds);
    expect(signal).toBe('SIGKILL');
    expect(told).toMatch(/this process hangs, \d+ MiB; it is at\n {4}culprit /);
  });

  it('is ended with a word where it takes too much memory', async () => {
    const bounds = { silentMsMax: 600_000, residentBytesMax: 300 * 2 ** 20 };
    const work = 'if (kept.length < 500) kept.push(Buffer.alloc(1 << 20, 1));';
    const { signal, told } = await guarded(work, bounds);
    expect(signal).toBe('SIGKILL');
    // It may be in the middle of an allocation.
    expect(told).toMatch(/this process grows, \d+ MiB; it is at\n( {4}.*\n)* {4}culprit /);
  });
});
