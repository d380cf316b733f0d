/**
 * The report of an audit: one page that needs nothing else, without scripts, problems first. What it
 * says is in `transparency.ts` and in what the audit remembers of its runs; here is how it looks.
 */
import { findingCodes } from '../errors.ts';
import type { Finding } from '../findings.ts';
import { findingsShownMax } from '../limits.ts';
import { reportStyle } from './report-style.ts';
import type { AuditRun, RunHistory } from './run-history.ts';
import { percent, runStrips, timeOf } from './run-strips.ts';
import { escaped, grouped, svgPlot } from './svg-plot.ts';
import { total } from './transparency.ts';
import type { Transparency } from './transparency.ts';

const ownershipKinds = ['register', 'rotate', 'release', 'request', 'veto', 'commit'] as const;
const kinds: readonly string[] = ['update', ...ownershipKinds];

/** Returns the page: less than 1 MB, as everything in it is bounded. */
export function reportPage(transparency: Transparency, history: RunHistory): string {
  const { verdict, root, bindings, runs, runsAgreed, problems } = transparency;
  const title = titles[verdict];
  const named = [...new Set(problems.map(({ member }) => member))].map(escaped).join(', ');
  const heading = verdict === 'disagree' && named !== '' ? `${title}: ${named}` : title;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Callbook audit: ${title}</title>
<style>${reportStyle}</style>
</head>
<body>
<main>
<p class="quiet">Callbook audit, ${timeOf(transparency)}</p>
<h1 class="${verdict}">${heading}</h1>
${problemsOf(history.findings)}
<dl class="facts">
<div><dt>numbers held</dt><dd>${grouped(bindings)}</dd></div>
<div><dt>runs in agreement</dt><dd>${grouped(runsAgreed)} of ${grouped(runs)}</dd></div>
<div class="wide"><dt>root of the index</dt><dd><code>${escaped(root)}</code></dd></div>
</dl>
<h2>Members</h2>
${membersTable(transparency)}
<h2>Over time</h2>
${plotsOf(transparency, history).join('\n')}
</main>
</body>
</html>
`;
}

const titles: Readonly<Record<AuditRun['verdict'], string>> = {
  agree: 'All members agree',
  disagree: 'Something is wrong',
  incomplete: 'Not all members could be compared',
  folded: 'Folded without asking the members',
};

const outcomes: Readonly<Record<string, string>> = {
  agrees: 'agrees',
  differs: 'differs',
  uncompared: 'not compared',
};

function problemsOf(findings: readonly Finding[]): string {
  const shown = findings.slice(0, findingsShownMax);
  const grave = shown.filter((finding) => finding.grave);
  const others = shown.filter((finding) => !finding.grave);
  const left = findings.length - shown.length;
  return [
    grave.length === 0 ? '' : `<h2>Problems</h2>${findingList(grave, 'grave')}`,
    others.length === 0 ? '' : `<h2>Away or late</h2>${findingList(others, 'note')}`,
    left === 0 ? '' : `<p>${grouped(left)} more are in the folder of the audit.</p>`,
    findings.length === 0 ? '<p>The last run found nothing wrong.</p>' : '',
  ].join('\n');
}

function findingList(findings: readonly Finding[], style: 'grave' | 'note'): string {
  const items = findings.map((finding) => {
    const { code, member, log, index, kind, evidence, convicts } = finding;
    const leaf = index === undefined ? '' : `, leaf ${index}`;
    const facts = [
      `<code>${code}</code>${kind === undefined ? '' : ` <code>${escaped(kind)}</code>`}`,
      log === undefined ? '' : `log ${escaped(log)}${leaf}`,
      convicts.length === 0 ? '' : `convicts <b>${escaped(convicts.join(', '))}</b>`,
      evidence === undefined ? '' : `evidence <code>${escaped(evidence)}</code>`,
    ];
    const said = facts.filter((fact) => fact !== '').join('<br>');
    return `<li><b>${escaped(member)}</b>: ${findingCodes[code]}<p class="quiet">${said}</p></li>`;
  });
  return `<ul class="findings ${style}">${items.join('')}</ul>`;
}

function membersTable({ members }: Transparency): string {
  const rows = members.map(({ name, log, outcome, uptime, entries }) => {
    const numbers = [
      total(entries),
      entries['request'] ?? 0,
      entries['commit'] ?? 0,
      entries['veto'] ?? 0,
    ].map((count) => `<td class="number">${grouped(count)}</td>`);
    const said = outcomes[outcome] ?? escaped(outcome);
    return `<tr><th scope="row">${escaped(name)}<span class="quiet">${escaped(log)}</span></th><td class="${escaped(outcome)}">${said}</td><td class="number">${percent(uptime)}</td>${numbers.join('')}</tr>`;
  });
  const heads = ['entries', 'requests', 'commits', 'vetoes'].map(
    (head) => `<th scope="col" class="number">${head}</th>`,
  );
  return `<div class="table" role="region" aria-label="Members" tabindex="0"><table><thead><tr><th scope="col">member and log</th><th scope="col">index root</th><th scope="col" class="number">up</th>${heads.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function plotsOf(transparency: Transparency, history: RunHistory): string[] {
  const days = Object.keys(transparency.days).sort();
  const span = { from: days[0] ?? '', to: days.at(-1) ?? '' };
  const { runs } = history;
  const during = { from: timeOf(runs[0]), to: timeOf(runs.at(-1)) };
  const byKind = (shown: readonly string[]) =>
    shown.map((name) => ({
      name,
      place: kinds.indexOf(name),
      values: days.map((day) => transparency.days[day]![name] ?? 0),
    }));
  const byMember = transparency.members.map(({ name, log }, place) => ({
    name,
    place,
    values: days.map((day) => total(history.days[day]?.[log] ?? {})),
  }));
  const behind = transparency.members.map(({ name }, place) => ({
    name,
    place,
    values: runs.map(({ members }) => members.find((one) => one.name === name)?.behind ?? 0),
  }));
  const bars = { ...span, style: 'bars' } as const;
  return [
    runStrips(runs, transparency.members),
    svgPlot({ ...bars, title: 'Entries by day and kind', series: byKind(kinds) }),
    svgPlot({ ...bars, title: 'The same without updates', series: byKind(ownershipKinds) }),
    svgPlot({ ...bars, title: 'Entries by day and member', series: byMember }),
    svgPlot({
      ...bars,
      title: 'Holds and vetoes by day',
      series: byKind(['request', 'commit', 'veto']),
    }),
    svgPlot({
      ...during,
      title: 'Leaves behind the farthest member, by run',
      style: 'lines',
      series: behind,
    }),
  ];
}
