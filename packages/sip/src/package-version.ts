/** The version of this package, as its manifest has it: one number for all packages of Callbook. */
import { readFileSync } from 'node:fs';

const manifest = new URL('../package.json', import.meta.url);

export const packageVersion: string = (
  JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
).version;
