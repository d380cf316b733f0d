/**
 * Writes the documentation as a site of files: every page of Markdown, the files that pages link to, the
 * vectors, the HTTP interface, and the reference of the packages. It is served by anything, or opened from a disk.
 */
import { existsSync, globSync, statSync } from 'node:fs';
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packageVersion, repository } from '../packaging/build.ts';
import { runProgram } from '../packaging/program.ts';
import { documentationPages } from './documentation-pages.ts';
import { framed, listPage, navigationOf, textPage } from './layout.ts';
import type { Frame, NavigationGroup, PageContent } from './layout.ts';
import { renderMarkdown } from './markdown.ts';
import type { Section } from './markdown.ts';
import { openapiDocument, openapiPages } from './openapi.ts';
import { isOutside, isPicture, placeOfFile, placeOfPage, targetOf, wayBetween } from './places.ts';

const map = 'docs/README.md';
const searchWordsMax = 2000;

export interface SiteOptions {
  readonly folder: string;
  readonly say: (line: string) => void;
  /** The reference of the packages takes most of the time. */
  readonly withReference: boolean;
}

/** Builds the site; the folder is emptied before. */
export async function buildSite({ folder, say, withReference }: SiteOptions): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  if (withReference) {
    say('reading the packages for their reference');
    const typedoc = join(repository, 'node_modules/typedoc/bin/typedoc');
    await runProgram(process.execPath, [typedoc, '--out', join(folder, 'reference')], {
      cwd: repository,
    });
  }
  const frame: Frame = {
    navigation: [...navigationOf(await read(map)), referenceGroup(withReference)],
    version: await packageVersion(),
  };
  const site = new Site(folder, frame);
  const pages = documentationPages();
  say(`writing ${pages.length} pages`);
  await site.writePages(pages);
  say('writing the vectors and the HTTP interface');
  await site.writeVectors();
  const document = await openapiDocument();
  await site.writeFile('openapi.json', JSON.stringify(document, null, 2));
  for (const page of openapiPages(document)) await site.writePage(page);
  for (const asset of ['site.css', 'site.js']) {
    await copyFile(join(import.meta.dirname, asset), join(folder, asset));
  }
  await site.writeSearch();
}

/** What is made from the sources and stands in no page. */
function referenceGroup(withReference: boolean): NavigationGroup {
  const packages = { text: 'Packages', place: 'reference/index.html' };
  const http = { text: 'HTTP interface', place: 'http/index.html' };
  return { text: 'Reference', items: withReference ? [packages, http] : [http] };
}

async function read(path: string): Promise<string> {
  return await readFile(join(repository, path), 'utf8');
}

class Site {
  readonly #folder: string;
  readonly #frame: Frame;
  readonly #pages = new Set<string>();
  readonly #files = new Set<string>();
  readonly #sections: { place: string; page: string; section: Section }[] = [];

  constructor(folder: string, frame: Frame) {
    this.#folder = folder;
    this.#frame = frame;
  }

  /** Writes pages, and then what they link to that is none. */
  async writePages(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#pages.add(path);
    for (const path of paths) {
      const place = placeOfPage(path);
      const lead = (target: string): string => this.#lead(path, target);
      const { title, html, sections } = renderMarkdown(await read(path), lead);
      await this.writePage({ place, title, html });
      for (const section of sections) this.#sections.push({ place, page: title, section });
    }
    for (const path of this.#files) await this.#writeLinked(path);
  }

  async writePage(page: PageContent): Promise<void> {
    await this.writeFile(page.place, framed(page, this.#frame));
  }

  async writeFile(place: string, text: string): Promise<void> {
    const target = join(this.#folder, place);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }

  /** A list of all vectors, and each as the file that it is. */
  async writeVectors(): Promise<void> {
    const topics = (await readdir(join(repository, 'vectors'))).sort();
    for (const topic of topics) {
      const place = `vectors/${topic}/index.html`;
      const names = globSync(`vectors/${topic}/**/*`, { cwd: repository, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => join(parentPath, name).slice(repository.length + 1))
        .sort();
      for (const path of names) {
        await mkdir(join(this.#folder, dirname(path)), { recursive: true });
        await copyFile(join(repository, path), join(this.#folder, path));
      }
      const items = names.map((path) => ({
        text: path.slice(`vectors/${topic}/`.length),
        place: path,
      }));
      const title = `Vectors: ${topic}`;
      await this.writePage({ place, title, html: listPage(title, items, place) });
    }
    const place = 'vectors/index.html';
    const items = topics.map((topic) => ({ text: topic, place: `vectors/${topic}/index.html` }));
    await this.writePage({ place, title: 'Vectors', html: listPage('Vectors', items, place) });
  }

  async writeSearch(): Promise<void> {
    const sections = this.#sections.map(({ place, page, section: { text, anchor, words } }) => ({
      place: `${place}#${anchor}`,
      page,
      heading: text,
      words: words.replaceAll(/\s+/g, ' ').trim().slice(0, searchWordsMax),
    }));
    const script = `globalThis.callbookSections = ${JSON.stringify(sections)};\n`;
    await this.writeFile('search-index.js', script);
  }

  /** Where a target of a page is, seen from that page. */
  #lead(page: string, target: string): string {
    if (isOutside(target)) return target;
    const { path, anchor } = targetOf(page, target);
    return wayBetween(placeOfPage(page), this.#placeOf(path)) + anchor;
  }

  #placeOf(path: string): string {
    if (this.#pages.has(path)) return placeOfPage(path);
    if (this.#pages.has(`${path}/README.md`)) return placeOfPage(`${path}/README.md`);
    if (path === 'vectors' || /^vectors\/[^/]+$/.test(path)) return `${path}/index.html`;
    this.#files.add(path);
    return placeOfFile(path);
  }

  async #writeLinked(path: string): Promise<void> {
    const place = placeOfFile(path);
    const source = join(repository, path);
    // The link is written all the same: whoever checks the links names the page that has it.
    if (!existsSync(source)) return;
    if (isPicture(path)) {
      await mkdir(dirname(join(this.#folder, place)), { recursive: true });
      await copyFile(source, join(this.#folder, place));
    } else if (statSync(source).isDirectory()) {
      const names = (await readdir(source, { withFileTypes: true }))
        .filter(
          ({ name }) => !['dist', 'node_modules'].includes(name) && !name.endsWith('.tsbuildinfo'),
        )
        .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
      await this.writePage({ place, title: path, html: textPage(path, names.sort().join('\n')) });
    } else {
      await this.writePage({ place, title: path, html: textPage(path, await read(path)) });
    }
  }
}
