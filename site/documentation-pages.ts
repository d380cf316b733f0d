/** Which pages there are: the documentation, and what the packages and examples say of themselves. */
import { globSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '..');

/** Their paths in the repository. */
export function documentationPages(): string[] {
  const patterns = ['README.md', 'docs/**/*.md', '{packages,examples}/*/README.md'];
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: repository })).sort();
}
