/**
 * Loaded into a member before anything else, by tests alone: changes its source. It takes a safeguard out,
 * so that a test can show that it would find the number, or makes it the version after this one. Each edit
 * must be met exactly once in the file that it names; a file that has changed makes the process end, and
 * the test fail.
 */
import { registerHooks } from 'node:module';

/** One change: in the file with this end of its path, this text becomes that. */
export interface SourceEdit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const edits = JSON.parse(process.env['CALLBOOK_TEST_EDITS'] ?? '[]') as readonly SourceEdit[];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const here = edits.filter(({ file }) => url.endsWith(file));
    if (here.length === 0) return loaded;
    let source = Buffer.from(loaded.source as Uint8Array).toString();
    for (const { file, find, replace } of here) {
      const parts = source.split(find);
      if (parts.length !== 2)
        throw new Error(`${file} has ${parts.length - 1} places to edit, not 1`);
      source = parts.join(replace);
    }
    return { ...loaded, source };
  },
});
