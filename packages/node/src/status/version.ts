/** The version of this program, as its package has it. */
import { readFileSync } from 'node:fs';

const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');

export const programVersion: string = (JSON.parse(manifest) as { readonly version: string })
  .version;
