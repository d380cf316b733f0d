/** The commands of a page as one script: its `sh` blocks in order, with the ports of a lab; its programs. */
import type { Lab } from './lab.ts';

const portBaseInPages = 7400;

/** Returns the lines of a page's `sh` blocks, those inside lists too. */
export function scriptOf(page: string): string {
  const blocks = page.matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm);
  return [...blocks]
    .map(([, indent, block]) => block!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
    .join('');
}

/** Returns the programs of a page: its `ts` blocks that begin with a comment that names their file. */
export function programsOf(page: string): Map<string, string> {
  const blocks = page.matchAll(/^```ts\n(\/\/ ([\w-]+\.ts)\n[\s\S]*?)^```$/gm);
  return new Map(Array.from(blocks, ([, text, name]) => [name!, text!]));
}

/** Moves a script to a lab; it ends at the first failure, and its background jobs with it. */
export function scriptForLab(script: string, { testnet }: Lab): string {
  const shift = testnet.layout.rootPort - portBaseInPages;
  const moved = script
    .replaceAll('npx callbook', 'callbook')
    .replaceAll(/(-p |localhost:|\/tcp\/)(74\d\d)\b/g, (_, before: string, port: string) => {
      return `${before}${Number(port) + shift}`;
    });
  return `set -eu -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n${moved}`;
}
