/** The report: small whatever happened, nothing that members wrote is markup, problems first. */
import { expect, it } from 'vitest';
import { reportPage, transparencyOf } from '../src/index.ts';
import type { RunHistory } from '../src/index.ts';
import { Federation } from './support/federation.ts';

const kinds = {
  register: 9,
  update: 99_999,
  rotate: 1,
  release: 1,
  request: 2,
  veto: 1,
  commit: 1,
};

/** Ten years of days and as many runs as are kept. */
function longHistory({ charters }: Federation): RunHistory {
  const origins = [...charters.current.memberByOrigin];
  const days = Object.fromEntries(
    Array.from({ length: 3660 }, (_, day) => [
      new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10),
      Object.fromEntries(origins.map(([origin]) => [origin, kinds])),
    ]),
  );
  const members = origins.map(([, { name }], place) => {
    return { name, outcome: 'agrees', isAway: place === 1, behind: 12_345 + place };
  });
  const run = {
    verdict: 'agree',
    root: 'ab'.repeat(32),
    bindings: 7,
    leaves: 9,
    members,
    grave: 0,
  } as const;
  const runs = Array.from({ length: 4000 }, (_, place) => ({
    ...run,
    atMs: 1_800_000_000_000 + place,
  }));
  const findings = Array.from({ length: 1000 }, (_, index) => ({
    code: 'leaf_differs' as const,
    member: '<script>alert(1)</script>',
    log: 'api.alpha.example/log',
    index,
    convicts: [],
    grave: true,
  }));
  return { runs, days, findings };
}

it('has less than 1 MB after ten years, no script, and its problems before its plots', () => {
  const members = new Federation();
  const history = longHistory(members);
  const transparency = transparencyOf(history, members.charters)!;
  const page = reportPage(transparency, history);
  expect(Buffer.byteLength(page)).toBeLessThan(1_000_000);
  expect(page).not.toContain('<script');
  expect(page.indexOf('Problems')).toBeLessThan(page.indexOf('<svg'));
  expect(page.match(/<figure>/g)).toHaveLength(6);
  // A strip for each member and one for all, and five plots.
  expect(page.match(/<svg/g)).toHaveLength(4 + 5);
});

it('shows of joined runs the worst, and how often each member answered', () => {
  const members = new Federation();
  const history = longHistory(members);
  const [run, ...rest] = history.runs as [RunHistory['runs'][number], ...RunHistory['runs']];
  const wrong = { ...run, verdict: 'disagree', members: [] } as const;
  const page = (one: RunHistory): string => reportPage(transparencyOf(one, members.charters)!, one);
  expect(page(history)).not.toContain('<rect class="differs"');
  expect(page({ ...history, runs: [wrong, ...rest] })).toContain('<rect class="differs"');
  expect(page(history)).toMatch(/aria-label="beta: up 0.0 %".*aria-label="gamma: up 100 %"/s);
});

it('says the same for programs', () => {
  const members = new Federation();
  const transparency = transparencyOf(longHistory(members), members.charters)!;
  expect(transparency).toMatchObject({ v: 1, verdict: 'agree', runs: 4000, runsAgreed: 4000 });
  expect(transparency.members.map(({ uptime }) => uptime)).toEqual([1, 0, 1]);
  expect(transparency.members[0]!.entries['update']).toBe(3660 * 99_999);
  expect(transparency.problems).toHaveLength(200);
});
