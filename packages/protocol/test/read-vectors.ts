/** Reads the files of `vectors/<topic>/{valid,invalid}` for the tests. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const vectorsRoot: string = join(import.meta.dirname, '../../../vectors');

export interface VectorFile {
  /** Folder and file name without its ending, such as `invalid/v_2`. */
  readonly name: string;
  /** Whatever the topic's files hold; `expect` is always there. */
  // oxlint-disable-next-line typescript/no-explicit-any -- JSON of our own making, checked by use
  readonly content: any;
}

/** Returns all files of a topic, valid ones first. */
export function readVectors(topic: string): VectorFile[] {
  return ['valid', 'invalid'].flatMap((folder) =>
    readdirSync(join(vectorsRoot, topic))
      .filter((found) => found === folder)
      .flatMap(() => readdirSync(join(vectorsRoot, topic, folder)))
      .map((file) => ({
        name: `${folder}/${file.replace('.json', '')}`,
        content: readJson(`${topic}/${folder}/${file}`),
      })),
  );
}

/** Returns a file below `vectors/`, parsed. */
// oxlint-disable-next-line typescript/no-explicit-any -- JSON of our own making, checked by use
export function readJson(path: string): any {
  return JSON.parse(readFileSync(join(vectorsRoot, path), 'utf8'));
}
