/**
 * Bundles a script for pages as an app's own build would, with the bundler of vite: for the tests in a
 * real browser, and to know what a page has to load. Nothing is left out and nothing replaced; what the
 * SDK imports only when it is needed ends in files of its own.
 */
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

export interface PageFile {
  /** Relative to the page. */
  readonly name: string;
  readonly code: string;
  /** Loaded with the page, not when something is first asked. */
  readonly atOnce: boolean;
  /** As it travels. */
  readonly gzipBytes: number;
}

/** Bundles the module at `entryPath`; its own file comes first, and is `<name of the module>.js`. */
export async function bundlePage(entryPath: string): Promise<readonly PageFile[]> {
  await using bundle = await rolldown({
    input: entryPath,
    platform: 'browser',
    logLevel: 'silent',
    // Our own packages from their sources; all others as browsers get them.
    resolve: { conditionNames: ['@callbook/source', 'browser', 'import', 'default'] },
  });
  const { output } = await bundle.generate({
    format: 'esm',
    minify: true,
    // What is loaded at once is one file, and not cut where a later part shares some of it.
    codeSplitting: { groups: [{ name: 'at-once', tags: ['$initial'] }] },
  });
  const chunks = output.filter((file) => file.type === 'chunk');
  const atOnce = new Set<string>();
  const add = (name: string): void => {
    if (atOnce.has(name)) return;
    atOnce.add(name);
    chunks.find(({ fileName }) => fileName === name)?.imports.forEach(add);
  };
  add(chunks[0]!.fileName);
  return chunks.map(({ fileName: name, code }) => ({
    name,
    code,
    atOnce: atOnce.has(name),
    gzipBytes: gzipSync(code, { level: 9 }).length,
  }));
}
