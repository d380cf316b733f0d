/**
 * The frame of every page: the way around from docs/README.md, the search, and a policy by which the page
 * asks nobody but its own site for anything.
 */
import { isOutside, placeOfPage, targetOf, wayBetween } from './places.ts';

interface NavigationItem {
  readonly text: string;
  readonly place: string;
}

export interface NavigationGroup {
  readonly text: string;
  readonly items: readonly NavigationItem[];
}

export interface PageContent {
  readonly place: string;
  readonly title: string;
  readonly html: string;
}

export interface Frame {
  readonly navigation: readonly NavigationGroup[];
  readonly version: string;
}

const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'";

/** The groups of the map: its headings, and under each the pages that it links to. */
export function navigationOf(map: string): NavigationGroup[] {
  const groups = map.split(/^## /m).slice(1);
  const read = groups.map((group) => {
    const [text = ''] = group.split('\n', 1);
    const items = [...group.matchAll(/\[([^\]]+)\]\(([^)#]+)\)/g)]
      .filter(([, , target]) => !isOutside(target!))
      .map(([, label, target]) => ({
        label: label!,
        path: targetOf('docs/README.md', target!).path,
      }));
    return {
      text: text.trim(),
      items: items.map(({ label, path }) => ({
        text: capitalised(label.replaceAll('`', '')),
        place: path.endsWith('.md') ? placeOfPage(path) : `${path}/index.html`,
      })),
    };
  });
  return read.filter(({ items }) => items.length > 0);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function framed({ place, title, html }: PageContent, frame: Frame): string {
  const way = (to: string): string => wayBetween(place, to);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="content-security-policy" content="${policy}">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escaped(title)} – Callbook</title>
    <link rel="stylesheet" href="${way('site.css')}">
    <script src="${way('site.js')}" defer></script>
  </head>
  <body data-root="${way('index.html').replace(/index\.html$/, '')}">
    <a class="skip" href="#content">To the text</a>
    <header>
      <a class="home" href="${way('index.html')}">Callbook</a>
      <form role="search" hidden>
        <label for="question">Search</label>
        <input id="question" type="search" autocomplete="off" aria-controls="found">
      </form>
    </header>
    <section id="found" aria-label="Search results" aria-live="polite" hidden></section>
    <div class="columns">
      <nav aria-label="Documentation">${frame.navigation.map((group) => groupHtml(group, place)).join('')}</nav>
      <main id="content">
${html}
      </main>
    </div>
    <footer>Callbook ${escaped(frame.version)}, under the EUPL 1.2</footer>
  </body>
</html>
`;
}

function groupHtml({ text, items }: NavigationGroup, place: string): string {
  const isHere = items.some((item) => item.place === place);
  const links = items.map(({ text: label, place: to }) => {
    const current = to === place ? ' aria-current="page"' : '';
    return `<li><a href="${wayBetween(place, to)}"${current}>${escaped(label)}</a></li>`;
  });
  return `<details${isHere ? ' open' : ''}><summary>${escaped(text)}</summary><ul>${links.join('')}</ul></details>`;
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** A file that a page links to, as text. */
export function textPage(path: string, text: string): string {
  return `<h1><code>${escaped(path)}</code></h1>\n<pre tabindex="0"><code>${escaped(text)}</code></pre>`;
}

/** A folder, as the names of what is in it, each with the place it leads to. */
export function listPage(title: string, items: readonly NavigationItem[], place: string): string {
  const links = items.map(
    ({ text, place: to }) => `<li><a href="${wayBetween(place, to)}">${escaped(text)}</a></li>`,
  );
  return `<h1>${escaped(title)}</h1>\n<ul>${links.join('\n')}</ul>`;
}
