/**
 * Checks the documentation against the tree: links lead somewhere, to a heading where they name one, every attack on the page of threats
 * names a test that exists, and every test of an attack is named there, every dependency has its line of
 * reason, every code of every registry is explained, the Debian packages of the README are those that
 * `.ci/run` installs, and nothing is explained that does not exist.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { documentationPages } from '../site/documentation-pages.ts';
import { renderMarkdown } from '../site/markdown.ts';
import { isOutside, targetOf } from '../site/places.ts';

const root = join(import.meta.dirname, '..');

/** Returns one line for each broken rule. */
export function brokenDocumentation(): string[] {
  return [
    ...brokenLinks(),
    ...brokenAnchors(),
    ...brokenDependencies(),
    ...brokenPackageList(),
    ...brokenErrorPage(),
    ...brokenThreatsPage(),
  ];
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function pages(): string[] {
  return ['README.md', ...globSync('docs/**/*.md', { cwd: root })];
}

function brokenLinks(): string[] {
  return pages().flatMap((page) => {
    const prose = read(page).replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '');
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    return targets
      .filter((target) => !/^(https?:|mailto:|#)/.test(target))
      .filter((target) => !existsSync(join(root, dirname(page), target.split('#')[0]!)))
      .map((target) => `${page}: no file at ${target}`);
  });
}

/** Links into pages of the documentation lead to headings that are there. */
function brokenAnchors(): string[] {
  const rendered = new Map(
    documentationPages().map((page) => [page, renderMarkdown(read(page), (target) => target)]),
  );
  return [...rendered].flatMap(([page, { links }]) =>
    links
      .filter((target) => !isOutside(target) && target.includes('#'))
      .filter((target) => {
        const { path, anchor } = targetOf(page, target);
        const sections = rendered.get(path)?.sections;
        return sections !== undefined && !sections.some((one) => `#${one.anchor}` === anchor);
      })
      .map((target) => `${page}: no heading at ${target}`),
  );
}

function brokenDependencies(): string[] {
  const listed = new Set(
    [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name!),
  );
  const declared = new Set(declaredDependencies());
  return [
    ...[...declared]
      .filter((name) => !listed.has(name))
      .map((name) => `docs/dependencies.md: no reason for ${name}`),
    ...[...listed]
      .filter((name) => !declared.has(name))
      .map((name) => `docs/dependencies.md: ${name} is not a dependency`),
  ];
}

function declaredDependencies(): string[] {
  const manifests = [
    'package.json',
    ...globSync('{packages/*,testnet,bench,examples/*}/package.json', { cwd: root }),
  ];
  return manifests.flatMap((path) => {
    const manifest = JSON.parse(read(path)) as Record<string, Record<string, string> | undefined>;
    const sections = [
      'dependencies',
      'devDependencies',
      'optionalDependencies',
      'peerDependencies',
    ];
    return sections
      .flatMap((section) => Object.keys(manifest[section] ?? {}))
      .filter((name) => !name.startsWith('@callbook/'));
  });
}

function brokenPackageList(): string[] {
  const installed = /^packages=\(([^)]+)\)/m.exec(read('.ci/run'))?.[1]?.trim().split(/\s+/);
  const named = /with the packages\s+`([^`]+)`/.exec(read('README.md'))?.[1]?.split(/\s+/);
  if (installed !== undefined && installed.join(' ') === named?.join(' ')) return [];
  return ['README.md: the Debian packages are not those of .ci/run'];
}

/** A registry is an object literal named `…Codes` in some package's `errors.ts`. */
function brokenErrorPage(): string[] {
  const page = read('docs/errors.md');
  const explained = new Set([...page.matchAll(/^\| `([a-z0-9_]+)`/gm)].map(([, code]) => code!));
  const registered = new Set(
    globSync('packages/*/src/errors.ts', { cwd: root }).flatMap((path) =>
      registeredCodes(read(path)),
    ),
  );
  return [
    ...[...registered]
      .filter((code) => !explained.has(code))
      .map((code) => `docs/errors.md: ${code} is not explained`),
    ...[...explained]
      .filter((code) => !registered.has(code))
      .map((code) => `docs/errors.md: ${code} exists nowhere`),
  ];
}

function registeredCodes(source: string): string[] {
  const registries = [...source.matchAll(/export const \w+Codes\b[^=]*= \{([\s\S]*?)\n\}/g)];
  return registries.flatMap(([, body]) =>
    [...body!.matchAll(/^ {2}([a-z0-9_]+):/gm)].map(([, code]) => code!),
  );
}

/** A test is named as `` `path`: title ``, up to the end of the cell or sentence. */
function brokenThreatsPage(): string[] {
  const page = 'docs/threats.md';
  const named = [
    ...read(page).matchAll(/`((?:testnet|packages)\/[^`]+\.ts)`: (.+?)\s*(?:\||\.?$)/gm),
  ];
  const titles = new Set(named.map(([, path, title]) => `${path}: ${title}`));
  const tests = globSync('testnet/test/attacks/*.test.ts', { cwd: root }).flatMap((path) =>
    titlesOf(path).map((title) => `${path}: ${title}`),
  );
  return [
    ...named
      .filter(([, path]) => !existsSync(join(root, path!)))
      .map(([, path]) => `${page}: no file at ${path}`),
    ...named
      .filter(([, path]) => existsSync(join(root, path!)))
      .filter(([, path, title]) => !groupTitlesOf(path!).includes(title!))
      .map(([, path, title]) => `${page}: ${path} has no test "${title}"`),
    ...tests.filter((test) => !titles.has(test)).map((test) => `${page}: lacks ${test}`),
  ];
}

/** Of groups and of tests of several cases too. */
function groupTitlesOf(path: string): string[] {
  const titles = read(path).matchAll(/(?:\bit|\bdescribe|\))\(\s*'([^']+)'/g);
  return [...titles].map(([, title]) => title!);
}

function titlesOf(path: string): string[] {
  return [...read(path).matchAll(/^\s*it\(\s*'([^']+)'/gm)].map(([, title]) => title!);
}
