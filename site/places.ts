/**
 * Where a file of the repository is in the site. Pages of the documentation keep their paths below the root, with
 * `README.md` as the index of its folder; everything else that a page links to is shown as text below
 * `files`, because there is no other place at which a reader could look at it.
 */
import { posix } from 'node:path';

/** Where a page is that stands at `path` in the repository. */
export function placeOfPage(path: string): string {
  if (path === 'README.md') return 'tour.html';
  const within = path.startsWith('docs/') ? path.slice('docs/'.length) : path;
  return within.replace(/(^|\/)README\.md$/, '$1index.md').replace(/\.md$/, '.html');
}

/** Where a file is that is no page: pictures as they are, anything else as a page with its text. */
export function placeOfFile(path: string): string {
  if (isPicture(path)) return path.startsWith('docs/') ? path.slice('docs/'.length) : path;
  return `files/${path}.html`;
}

export function isPicture(path: string): boolean {
  return /\.(?:png|svg|jpg)$/.test(path);
}

/** The way from one place to another. */
export function wayBetween(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to);
}

/** What a target that stands in a page of the repository means: a path in the repository and an anchor. */
export function targetOf(page: string, target: string): { path: string; anchor: string } {
  const [path = '', anchor = ''] = target.split('#');
  const resolved = path === '' ? page : posix.join(posix.dirname(page), path);
  return { path: resolved.replace(/\/$/, ''), anchor: anchor === '' ? '' : `#${anchor}` };
}

export function isOutside(target: string): boolean {
  return /^[a-z]+:/.test(target);
}
