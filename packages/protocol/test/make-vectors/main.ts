/**
 * Writes our own vectors into `vectors/`: run with `node packages/protocol/test/make-vectors/main.ts`
 * after a rule has changed. Keys are fixed and nothing reads a clock, so a second run changes
 * nothing; a test compares.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allCases, ownTopics } from './all-cases.ts';
import { vectorFile } from './vector-case.ts';

const root = join(import.meta.dirname, '../../../../vectors');

for (const topic of ownTopics) {
  rmSync(join(root, topic, 'valid'), { recursive: true, force: true });
  rmSync(join(root, topic, 'invalid'), { recursive: true, force: true });
}
for (const vectorCase of allCases()) {
  const { path, text } = vectorFile(vectorCase);
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
