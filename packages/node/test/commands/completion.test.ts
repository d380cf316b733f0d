/** What a shell offers, asked of the shell itself. */
import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { charterCommand } from '../../src/commands/charter.ts';
import { completionCommand } from '../../src/commands/completion.ts';
import { keysCommand } from '../../src/commands/keys.ts';

async function scriptFor(shell: string): Promise<string> {
  let printed = '';
  const print = (text: string): void => {
    printed += text;
  };
  const program = new Command('callbook-node');
  program.addCommand(charterCommand(print)).addCommand(keysCommand(print));
  program.addCommand(completionCommand(print, program));
  await program.parseAsync(['completion', shell], { from: 'user' });
  return printed;
}

async function offered(...words: readonly string[]): Promise<string[]> {
  const line = ['callbook-node', ...words];
  const ask = `COMP_WORDS=(${line.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}`;
  const script = `${await scriptFor('bash')}\n${ask}; _callbook_node; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync('bash', ['-c', script]).toString().trim().split('\n');
}

describe('the completion for bash', () => {
  it.each([
    [['ke'], ['keys']],
    [['charter', 'dr'], ['draft']],
    [['charter', 'draft', 'set-'], ['set-state']],
    [['charter', 'fetch', '--fr'], ['--from']],
    [['keys', 'roll', 'k'], ['ksk']],
    [['completion', 'f'], ['fish']],
  ])('offers after %j', async (words, expected) => {
    expect(await offered(...words)).toEqual(expected);
  });
});

it('other shells get the same words', async () => {
  expect(await scriptFor('zsh')).toContain('#compdef callbook-node');
  expect(await scriptFor('fish')).toContain(
    "complete -c callbook-node -n '__fish_seen_subcommand_from keys; and __fish_seen_subcommand_from roll' -a ksk",
  );
});
