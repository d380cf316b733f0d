/** What the parts of the command tree share: how a command is added, and the options for codes. */
import { Option, type Command } from 'commander';
import type { ExitCode } from './exit-codes.ts';
import type { Session } from './session.ts';

export type Run = (session: Session, command: Command) => Promise<ExitCode>;
export type AddCommand = (parent: Command, name: string, run: Run) => Command;

export const numberOption = '--number <number>';
export const numberHelp = 'the number that is meant, when several are held';

/** Adds the options that say which member sends a code, in which form, and where it is read. */
export function withCodeOptions(command: Command): Command {
  return command
    .option('--member <name>', 'member to ask first')
    .addOption(
      new Option(
        '--form <form>',
        'what the code looks like: for a program, or to be typed',
      ).choices(['app', 'digits']),
    )
    .addOption(
      new Option(
        '--code-from <file>',
        'read the code from the outbox of a development member',
      ).conflicts('codeStdin'),
    )
    .option('--code-stdin', 'read the code from standard input');
}

export function visibilityOption(): Option {
  return new Option('--visibility <where>', 'publish in DNS and the API, or in the API only')
    .choices(['dns', 'api'])
    .default('dns');
}

export function trustOption(): Option {
  return new Option('--trust <whom>', 'how many members have to say the same')
    .choices(['any-member', 'agreed', 'all-members'])
    .default('agreed');
}

export function privacyOption(): Option {
  return new Option(
    '--privacy <how>',
    'obliviously: one member sees who asks, another for what; or plainly (default: obliviously from three members on)',
  ).choices(['plain', 'oblivious']);
}

export function argument(command: Command, index: number): string {
  const value = command.args[index];
  if (value === undefined) throw new TypeError('commander has checked the number of arguments');
  return value;
}
