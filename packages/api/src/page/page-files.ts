/**
 * The files of a built web page as they travel, and the policy that goes with them: read once, so that what
 * a member serves cannot change under it, and compressed once. The policy names the hash of every inline
 * script, of which a build has one, the import map with the hashes of the others.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { assert } from '@callbook/protocol';
import { pageBytesMax, pageFilesMax } from '../limits.ts';

const compress = promisify(gzip);

export interface PageFile {
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly gzip: Uint8Array;
  /** Strong validator of the bytes (RFC 9110 §8.8.3). */
  readonly etag: string;
}

export interface PageFiles {
  readonly index: PageFile;
  /** By their names, which have the hash of their content in them. */
  readonly assets: ReadonlyMap<string, PageFile>;
  /** Of the inline scripts of the index: `'sha256-…'`, as a policy wants them (CSP 3 §2.3.1). */
  readonly scriptHashes: readonly string[];
}

const contentTypes: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** Reads `index.html` and `assets/` of a folder. Rejects when that is not a page. */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const index = await readPageFile(join(folder, 'index.html'));
  const names = await readdir(join(folder, 'assets'));
  assert(names.length <= pageFilesMax, `a page has at most ${pageFilesMax} files`);
  const assets = new Map<string, PageFile>();
  let size = index.bytes.length;
  for (const name of names.sort()) {
    const file = await readPageFile(join(folder, 'assets', name));
    size += file.bytes.length;
    assert(size <= pageBytesMax, `a page is at most ${pageBytesMax} bytes`);
    assets.set(name, file);
  }
  return { index, assets, scriptHashes: inlineScriptHashes(new TextDecoder().decode(index.bytes)) };
}

async function readPageFile(path: string): Promise<PageFile> {
  const contentType = contentTypes[path.slice(path.lastIndexOf('.') + 1)];
  assert(contentType !== undefined, 'a page is HTML, CSS, JavaScript and SVG');
  const bytes = await readFile(path);
  const digest = createHash('sha256').update(bytes).digest('base64url');
  return {
    contentType,
    bytes,
    gzip: await compress(bytes, { level: 9 }),
    etag: `"${digest.slice(0, 22)}"`,
  };
}

function inlineScriptHashes(html: string): readonly string[] {
  const inline = html.matchAll(/<script\b(?![^>]*\ssrc=)[^>]*>([^]*?)<\/script>/g);
  return [...inline].map(
    ([, text = '']) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`,
  );
}
