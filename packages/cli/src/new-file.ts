/** A new file for something secret: readable by its owner alone, and never in place of another. */
import { open } from 'node:fs/promises';
import { cliError } from './errors.ts';

/** Throws `output_unwritable`. */
export async function writeNewFile(path: string, contents: string | Buffer): Promise<void> {
  try {
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(contents);
  } catch (cause) {
    throw cliError('output_unwritable', `cannot write ${path}, or it is there already`, { cause });
  }
}
