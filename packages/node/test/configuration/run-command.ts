/** A command as the program would run it, without a process of its own. */
import type { Command } from 'commander';
import type { Print } from '../../src/commands/keys.ts';

/** Returns what it prints. */
export async function runCommand(
  create: (print: Print) => Command,
  args: readonly string[],
): Promise<string> {
  let printed = '';
  await create((text) => (printed += text)).parseAsync(args, { from: 'user' });
  return printed;
}
