/** What the template for the organisations says can be done by a command, the command can do. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { charterCommand } from '../../src/commands/charter.ts';
import { keysCommand } from '../../src/commands/keys.ts';
import { vrfCommand } from '../../src/commands/vrf.ts';

const page = join(import.meta.dirname, '../../../../docs/governance/README.md');
const print = (): boolean => true;
const roots = [charterCommand(print), keysCommand(print), vrfCommand(print)];

/** The command that the words lead to, and the words that are left. */
function follow(words: readonly string[]): {
  readonly command: Command | undefined;
  readonly rest: readonly string[];
} {
  let command = roots.find((root) => root.name() === words[0]);
  let depth = 1;
  while (command !== undefined && command.commands.length > 0) {
    const next = command.commands.find((child) => child.name() === words[depth]);
    // `charter draft …` names all of them.
    if (next === undefined && !/^[a-z]/.test(words[depth] ?? '')) break;
    command = next;
    depth++;
  }
  return { command, rest: words.slice(depth) };
}

it('the template names commands and options that there are', async () => {
  const text = await readFile(page, 'utf8');
  const named = Array.from(text.matchAll(/`((?:charter|keys|vrf) [^`]+)`/g), ([, words]) => words!);
  expect(named.length).toBeGreaterThan(12);
  const wrong = named.filter((line) => {
    const { command, rest } = follow(line.split(' '));
    const options = rest.filter((word) => word.startsWith('--'));
    const known = command?.options.map(({ long }) => long) ?? [];
    return command === undefined || options.some((option) => !known.includes(option));
  });
  expect(wrong).toEqual([]);
});

it('the template has every parameter of a charter', async () => {
  const text = await readFile(page, 'utf8');
  const set = follow(['charter', 'draft', 'set']).command!;
  const [parameter] = set.registeredArguments;
  expect(parameter!.argChoices!.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});
