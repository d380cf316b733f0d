/**
 * Loads a part of this package when it is first needed, so that pages which never do load less. In Node
 * and in an app that is one file it is there already; a page may have lost its network, and asks again.
 */
import { clientError } from './errors.ts';

/** Returns what `load` imports. Throws `part_unavailable`. */
export async function loadPart<Part>(load: () => Promise<Part>): Promise<Part> {
  try {
    return await load();
  } catch (cause) {
    throw clientError('part_unavailable', 'a part of the client cannot be loaded', { cause });
  }
}
