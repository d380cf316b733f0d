/** The operator's page as HTML: all of it is made here, so it can be read without scripts as well. */
import type { Advice } from '../status/advice.ts';
import type { StatusTable, StatusView } from '../status/status-view.ts';

/** Returns a whole document. */
export function operatorHtml(view: StatusView): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(view.heading)}</title>
<link rel="stylesheet" href="/page.css">
<script src="/page.js" defer></script>
</head>
<body>
<header>
<h1>${escape(view.heading)}</h1>
<p class="refresh" hidden><label><input type="checkbox" checked> refresh every 10 seconds</label></p>
</header>
<main>
<p class="state ${view.isReady ? 'good' : 'bad'}">${escape(view.state)}</p>
<p class="quiet">as of <time>${escape(view.at)}</time></p>
<h2>What to do next</h2>
${nextList(view.next)}
${view.tables.map(tableHtml).join('\n')}
</main>
<footer><p class="quiet">What each name means, and what to do: docs/operators/monitoring.md. The same as
<code>callbook-node status</code>, and for programs at <a href="/status.json">/status.json</a>.</p></footer>
</body>
</html>
`;
}

function nextList(next: readonly Advice[]): string {
  if (next.length === 0) return '<p>Nothing to do.</p>';
  const items = next.map(
    ({ urgency, what, alert }) =>
      `<li class="${urgency}"><strong>${urgency === 'act' ? 'Act' : 'Watch'}:</strong> ` +
      `${escape(what)} <span class="quiet">(${escape(alert)})</span></li>`,
  );
  return `<ul class="next">\n${items.join('\n')}\n</ul>`;
}

/** The box can be scrolled, so the keyboard must reach it (WCAG 2.1.1), and it must have a name then. */
function tableHtml({ caption, head, rows }: StatusTable, place: number): string {
  const heads = head.map((title) => `<th scope="col">${escape(title)}</th>`).join('');
  const lines = rows.map(([first = '', ...cells]) => {
    const rest = cells.map((cell) => `<td>${escape(cell)}</td>`).join('');
    return `<tr><th scope="row">${escape(first)}</th>${rest}</tr>`;
  });
  return `<h2 id="table-${place}">${escape(caption)}</h2>
<div class="table" role="region" aria-labelledby="table-${place}" tabindex="0">
<table><thead><tr>${heads}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody></table></div>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(words: string): string {
  return words.replaceAll(/[&<>"']/g, (character) => entities[character]!);
}
