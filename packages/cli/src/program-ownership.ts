/** The commands about who holds a number: replacing, vetoing, lock, recovery, moving, giving up. */
import type { Command } from 'commander';
import {
  argument,
  numberHelp,
  numberOption,
  visibilityOption,
  withCodeOptions,
  type AddCommand,
} from './add-command.ts';
import type { ConfirmOptions } from './commands/confirm.ts';
import type { MoveOptions } from './commands/move.ts';
import type { ReleaseOptions } from './commands/release.ts';
import type { ReplaceOptions } from './commands/replace.ts';
import type { EmailCommandOptions, RecoveryOptions, TermsOptions } from './commands/terms.ts';
import type { VetoCommandOptions } from './commands/veto.ts';

/** Adds all of them. */
export function addOwnership(program: Command, add: AddCommand): void {
  addReplacement(program, add);
  addTerms(program, add);
  addRecovery(program, add);
  addEnds(program, add);
}

function addReplacement(program: Command, add: AddCommand): void {
  withCodeOptions(
    add(program, 'replace', async (session, command) =>
      (await import('./commands/replace.ts')).replace(
        session,
        argument(command, 0),
        command.opts<ReplaceOptions>(),
      ),
    )
      .description('take over a number whose key is lost; run it again after the hold')
      .argument('<number>', 'telephone number')
      .option(
        '--recovery-code <from>',
        'shorten the hold by a recovery code: a file, or - to type it',
      )
      .option(
        '--email <address>',
        'shorten the hold by the e-mail address that the number commits to',
      )
      .option('--sip <uri>', 'SIP address to publish, such as sip:alice@sip.example')
      .addOption(visibilityOption())
      .option('--wait', 'wait for the end of the hold')
      .option('--again', 'request anew after a veto'),
  );
  withCodeOptions(
    add(program, 'veto', async (session, command) =>
      (await import('./commands/veto.ts')).veto(
        session,
        command.args[0],
        command.opts<VetoCommandOptions>(),
      ),
    )
      .description('refuse every request to take over a number you hold')
      .argument('[number]', 'the number that is meant, when several are held')
      .option('--with-code', 'prove control of the number as well'),
  );
}

function addTerms(program: Command, add: AddCommand): void {
  const terms = (command: Command): TermsOptions => command.opts<TermsOptions>();
  add(program, 'lock', async (session, command) =>
    (await import('./commands/terms.ts')).lock(session, terms(command)),
  )
    .description('let nobody take the number over in less than the longest hold')
    .option(numberOption, numberHelp);
  add(program, 'unlock', async (session, command) =>
    (await import('./commands/terms.ts')).unlock(session, terms(command)),
  )
    .description('take the lock off, after a pause')
    .option(numberOption, numberHelp);
  withCodeOptions(
    add(program, 'email', async (session, command) =>
      (await import('./commands/terms.ts')).setEmail(
        session,
        command.args[0],
        command.opts<EmailCommandOptions>(),
      ),
    )
      .description('commit to an e-mail address that shortens the hold of a replacement')
      .argument('[address]', 'user@domain; a code is sent there')
      .option('--remove', 'commit to none')
      .option(numberOption, numberHelp),
  );
  add(program, 'confirm', async (session, command) =>
    (await import('./commands/confirm.ts')).confirm(
      session,
      command.args[0],
      command.opts<ConfirmOptions>(),
    ),
  )
    .description('say that a number is still in use; at most every 180 days')
    .argument('[number]', 'the number that is meant, when several are held')
    .option('--now', 'also when it is not due');
}

function addRecovery(program: Command, add: AddCommand): void {
  const recovery = program.command('recovery').description('the recovery code of a number');
  add(recovery, 'new', async (session, command) =>
    (await import('./commands/terms.ts')).newRecoveryCode(session, command.opts<RecoveryOptions>()),
  )
    .description('make a code, to be written down; the one before is void then')
    .option(numberOption, numberHelp)
    .option('--print', 'print the code instead of having it typed back');
  add(recovery, 'check', async (session, command) =>
    (await import('./commands/terms.ts')).checkRecoveryCode(session, {
      ...command.opts<TermsOptions>(),
      from: command.args[0] ?? '-',
    }),
  )
    .description('check whether a code is the right one')
    .argument('[from]', 'a file, or - to type it')
    .option(numberOption, numberHelp);
}

function addEnds(program: Command, add: AddCommand): void {
  withCodeOptions(
    add(program, 'move', async (session, command) => {
      const { move } = await import('./commands/move.ts');
      const numbers = { old: argument(command, 0), new: argument(command, 1) };
      return await move(session, numbers, command.opts<MoveOptions>());
    })
      .description('register a new number with the same routes, and release the old one')
      .argument('<old>', 'the number you hold')
      .argument('<new>', 'the number to hold instead')
      .option('--yes', 'do not ask for confirmation'),
  );
  add(program, 'release', async (session, command) =>
    (await import('./commands/release.ts')).release(session, command.opts<ReleaseOptions>()),
  )
    .description('give a number up')
    .option(numberOption, numberHelp)
    .option('--yes', 'do not ask for confirmation');
}
