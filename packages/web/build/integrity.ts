/**
 * Subresource Integrity for a built page: every file that it names carries the hash of its content, and the
 * scripts that it loads later have theirs in an import map, where browsers look for them (HTML §8.1.5.4).
 * A proxy or a cache between member and reader can then change nothing but the page itself.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Names the hashes of all files in `index.html` of a built page. */
export async function addIntegrity(folder: string): Promise<void> {
  const path = join(folder, 'index.html');
  const html = await readFile(path, 'utf8');
  const hashes = await assetHashes(folder);
  const later = Object.fromEntries([...hashes].filter(([name]) => name.endsWith('.js')));
  const map = `<script type="importmap">${JSON.stringify({ integrity: later })}</script>`;
  const named = html.replaceAll(
    /<(?:script|link)\b[^>]*?\b(?:src|href)="(\/assets\/[^"]+\.(?:css|js))"/g,
    (tag, name: string) => {
      const hash = hashes.get(name);
      if (hash === undefined) throw new Error(`the page names a file that was not built: ${name}`);
      return `${tag} integrity="${hash}"`;
    },
  );
  // Browsers heed only an import map that comes before every module.
  await writeFile(path, named.replace(/(?=<script\b)/, `${map}\n    `));
}

async function assetHashes(folder: string): Promise<Map<string, string>> {
  const names = (await readdir(join(folder, 'assets'))).sort();
  const hashes = names.map(async (name): Promise<[string, string]> => {
    const bytes = await readFile(join(folder, 'assets', name));
    return [`/assets/${name}`, `sha384-${createHash('sha384').update(bytes).digest('base64')}`];
  });
  return new Map(await Promise.all(hashes));
}
