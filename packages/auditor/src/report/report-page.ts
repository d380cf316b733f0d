/**
 * The report of an audit: one page that needs nothing else, without scripts, problems first. And the same
 * for programs, which the web page of the federation shows.
 */
import type { CharterSet } from '@callbook/protocol';
import { findingCodes } from '../errors.ts';
import type { Finding } from '../findings.ts';
import { findingsShownMax } from '../limits.ts';
import { auditedMembers } from '../sync/member-files.ts';
import type { AuditRun, RunHistory } from './run-history.ts';
import { escaped, svgPlot } from './svg-plot.ts';

const kindsShown = [
  'register',
  'update',
  'rotate',
  'release',
  'request',
  'veto',
  'commit',
] as const;

/** The transparency report as JSON (docs/auditors.md). */
export interface Transparency {
  readonly v: 1;
  readonly atMs: number;
  readonly verdict: AuditRun['verdict'];
  readonly root: string;
  readonly bindings: number;
  readonly runs: number;
  readonly runsAgreed: number;
  readonly members: readonly {
    readonly name: string;
    readonly log: string;
    readonly outcome: string;
    /** Share of the runs in which it answered, 0 to 1. */
    readonly uptime: number;
    /** Entries by kind. */
    readonly entries: Readonly<Record<string, number>>;
  }[];
  /** Entries of all members by day and kind. */
  readonly days: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly problems: readonly Pick<
    Finding,
    'code' | 'member' | 'log' | 'index' | 'kind' | 'convicts'
  >[];
}

/** Sums up the runs; undefined while there was none. */
export function transparencyOf(
  history: RunHistory,
  charters: CharterSet,
): Transparency | undefined {
  const { runs, findings } = history;
  const last = runs.at(-1);
  if (last === undefined) return undefined;
  const members = auditedMembers(charters.current.charter).map(({ name, origin }) => {
    const seen = runs.flatMap((run) => run.members.filter((member) => member.name === name));
    const uptime = seen.filter(({ isAway }) => !isAway).length / Math.max(1, seen.length);
    const outcome = last.members.find((member) => member.name === name)?.outcome ?? 'uncompared';
    return { name, log: origin, outcome, uptime, entries: entriesOf(history, origin) };
  });
  const days = Object.entries(history.days).map(
    ([day, logs]) => [day, summed(Object.values(logs))] as const,
  );
  const { atMs, verdict, root, bindings } = last;
  return {
    v: 1,
    atMs,
    verdict,
    root,
    bindings,
    runs: runs.length,
    runsAgreed: runs.filter((run) => run.verdict === 'agree').length,
    members,
    days: Object.fromEntries(days),
    problems: findings
      .filter(({ grave }) => grave)
      .slice(0, findingsShownMax)
      .map(({ code, member, log, index, kind, convicts }) => ({
        code,
        member,
        convicts,
        ...(log === undefined ? {} : { log }),
        ...(index === undefined ? {} : { index }),
        ...(kind === undefined ? {} : { kind }),
      })),
  };
}

function entriesOf({ days }: RunHistory, origin: string): Record<string, number> {
  return summed(Object.values(days).map((logs) => logs[origin] ?? {}));
}

function summed(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const kinds of all)
    for (const [kind, count] of Object.entries(kinds)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

/** Returns the page: less than 1 MB, as everything in it is bounded. */
export function reportPage(transparency: Transparency, history: RunHistory): string {
  const { verdict, atMs, root, bindings, members, runs, runsAgreed } = transparency;
  const title = verdictSentences[verdict];
  const rows = members.map(
    ({ name, log, outcome, uptime, entries }) =>
      `<tr><td>${escaped(name)}<td>${escaped(log)}<td class="${escaped(outcome)}">${escaped(outcome)}<td>${(100 * uptime).toFixed(1)} %<td>${total(entries)}<td>${(entries['request'] ?? 0) + (entries['commit'] ?? 0)}<td>${entries['veto'] ?? 0}`,
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Callbook audit: ${title}</title><style>${style}</style>
<h1 class="${verdict}">${title}</h1>
<p>${new Date(atMs).toISOString()}, root <code>${escaped(root)}</code>, ${bindings} bindings; ${runsAgreed} of ${runs} runs ended in agreement.</p>
${problemsOf(history.findings)}
<table><tr><th>member<th>log<th>index root<th>uptime<th>entries<th>requests and commits<th>vetoes${rows.join('')}</table>
${plotsOf(transparency, history).join('\n')}
</html>
`;
}

const verdictSentences: Readonly<Record<AuditRun['verdict'], string>> = {
  agree: 'all members agree',
  disagree: 'something is wrong',
  incomplete: 'not all members could be compared',
  folded: 'folded without asking the members',
};

function problemsOf(findings: readonly Finding[]): string {
  if (findings.length === 0) return '<p>Nothing was found.</p>';
  const items = findings.slice(0, findingsShownMax).map((finding) => {
    const { code, member, log, index, evidence, convicts, grave } = finding;
    const leaf = index === undefined ? '' : ` leaf ${index}`;
    const where = log === undefined ? '' : `, ${escaped(log)}${leaf}`;
    const proof = evidence === undefined ? '' : `; evidence <code>${escaped(evidence)}</code>`;
    const guilty = convicts.length === 0 ? '' : `; convicts ${escaped(convicts.join(', '))}`;
    return `<li class="${grave ? 'grave' : 'note'}"><b>${escaped(member)}</b>: ${findingCodes[code]} (<code>${code}</code>${where})${proof}${guilty}`;
  });
  return `<h2>Problems</h2><ul>${items.join('')}</ul>`;
}

function plotsOf(transparency: Transparency, history: RunHistory): string[] {
  const days = Object.keys(transparency.days).sort();
  const span = { from: days[0] ?? '', to: days.at(-1) ?? '' };
  const { runs } = history;
  const during = { from: isoOf(runs[0]), to: isoOf(runs.at(-1)) };
  const byKind = (kinds: readonly string[]) =>
    kinds.map((name) => ({ name, values: days.map((day) => transparency.days[day]![name] ?? 0) }));
  const names = transparency.members.map(({ name }) => name);
  const ofMember = (name: string, value: (run: AuditRun['members'][number]) => number) => ({
    name,
    values: runs.map(({ members }) => {
      const found = members.find((member) => member.name === name);
      return found === undefined ? 0 : value(found);
    }),
  });
  const byMember = transparency.members.map(({ name, log }) => ({
    name,
    values: days.map((day) => total(history.days[day]?.[log] ?? {})),
  }));
  const agreed = runs.map(({ verdict }) => Number(verdict === 'agree'));
  return [
    svgPlot({
      title: 'Entries by day and kind',
      ...span,
      style: 'bars',
      series: byKind(kindsShown),
    }),
    svgPlot({ title: 'Entries by day and member', ...span, style: 'bars', series: byMember }),
    svgPlot({
      title: 'Holds and vetoes',
      ...span,
      style: 'bars',
      series: byKind(['request', 'commit', 'veto']),
    }),
    svgPlot({
      title: 'Leaves behind the farthest member, by run',
      ...during,
      style: 'lines',
      series: names.map((name) => ofMember(name, ({ behind }) => behind)),
    }),
    svgPlot({
      title: 'Roots agreed, by run (1: all)',
      ...during,
      style: 'bars',
      series: [{ name: 'agreed', values: agreed }],
    }),
    svgPlot({
      title: 'Members that answered, by run',
      ...during,
      style: 'bars',
      series: names.map((name) => ofMember(name, ({ isAway }) => Number(!isAway))),
    }),
  ];
}

function isoOf(run: AuditRun | undefined): string {
  return run === undefined ? '' : new Date(run.atMs).toISOString().slice(0, 16);
}

function total(kinds: Readonly<Record<string, number>>): number {
  return Object.values(kinds).reduce((sum, count) => sum + count, 0);
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
code{font-size:.85em;overflow-wrap:anywhere}h1.agree{color:#1d6b3a}h1.disagree{color:#a01818}h1.incomplete{color:#7a5c00}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccc;padding:.3rem .5rem;text-align:left}
.grave{color:#a01818}.differs{color:#a01818}.agrees{color:#1d6b3a}figure{margin:2rem 0}figcaption{font-weight:600}
svg{width:100%;font-size:11px}.keys span{margin-right:1rem}.keys i{display:inline-block;width:.8em;height:.8em;margin-right:.3em}`;
