/** The command tree: names, arguments and options, each leading to one function of `commands/`. */
import type { Trust } from '@callbook/client';
import { Argument, Command } from 'commander';
import {
  argument,
  numberHelp,
  numberOption,
  trustOption,
  visibilityOption,
  withCodeOptions,
  type AddCommand,
  type Run,
} from './add-command.ts';
import { printCompletion, type Shell } from './commands/completion.ts';
import { syncContacts, type ContactsOptions } from './commands/contacts.ts';
import { lookupZone } from './commands/lookup-zone.ts';
import { lookup } from './commands/lookup.ts';
import { members } from './commands/members.ts';
import { prove } from './commands/prove.ts';
import { register, type RegisterOptions } from './commands/register.ts';
import {
  addRoute,
  listRoutes,
  removeRoute,
  setRoutes,
  type RoutesOptions,
} from './commands/routes.ts';
import { entryStatus, status, type StatusOptions } from './commands/status.ts';
import { watch, type WatchCommandOptions } from './commands/watch.ts';
import type { ExitCode } from './exit-codes.ts';
import { addKeys } from './program-keys.ts';
import { addOwnership } from './program-ownership.ts';
import { openSession, type GlobalOptions } from './session.ts';
import type { Terminal } from './terminal.ts';

interface MemberOption {
  readonly member?: string;
}

/** Builds the tree; `finish` receives the exit code of the command that ran. */
export function buildProgram(terminal: Terminal, finish: (code: ExitCode) => void): Command {
  const program = new Command('callbook')
    .description('Claim a telephone number, publish how to reach it, and look others up.')
    .option('--json', 'print results as JSON, one object a line')
    .option('--config <file>', 'configuration file (also CALLBOOK_CONFIG)')
    .option('--country <code>', 'country in which numbers without + are read, such as ES')
    .configureHelp({ showGlobalOptions: true });
  const add: AddCommand = (parent, name, run) =>
    // `callbook routes` alone lists them.
    parent.command(name, { isDefault: name === 'list' }).action(async function action(
      this: Command,
    ): Promise<void> {
      const options = this.optsWithGlobals<GlobalOptions & MemberOption>();
      const first = options.member === undefined ? [] : [options.member];
      const session = await openSession(terminal, options, first);
      finish(await run(session, this));
    });
  addRegister(program, add);
  addOwnCommands(program, add);
  addKeys(program, add);
  addOwnership(program, add);
  addRoutes(program, add);
  addLookup(program, add);
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action((shell: Shell) => finish(printCompletion(terminal, program, shell)));
  return program;
}

function addRegister(program: Command, add: AddCommand): void {
  const run: Run = (session, command) =>
    register(session, argument(command, 0), command.opts<RegisterOptions>());
  withCodeOptions(
    add(program, 'register', run)
      .description('claim a number and publish it')
      .argument('<number>', 'telephone number, with + and country code or as written locally')
      .option('--sip <uri>', 'SIP address to publish, such as sip:alice@sip.example')
      .addOption(visibilityOption()),
  );
}

function addOwnCommands(program: Command, add: AddCommand): void {
  add(program, 'status', (session, command) => {
    const { entry } = command.opts<StatusOptions>();
    return entry === undefined ? status(session, command.args[0]) : entryStatus(session, entry);
  })
    .description('compare what you hold with what every member says')
    .argument('[number]', 'one number instead of all that are held')
    .option('--entry <id>', 'what has become of one entry, a release for instance');
  add(program, 'watch', (session, command) =>
    watch(session, command.args[0], command.opts<WatchCommandOptions>()),
  )
    .description('tell what happens to your numbers that you have not done, until stopped')
    .argument('[number]', 'one number instead of all that are held')
    .option('--veto', 'veto every request to take a number over')
    .option('--every <seconds>', 'time within which something is told', '60');
}

function addRoutes(program: Command, add: AddCommand): void {
  const routes = program.command('routes').description('the addresses a number publishes');
  const options = (command: Command): RoutesOptions => command.opts<RoutesOptions>();
  add(routes, 'list', (session, command) => listRoutes(session, options(command)))
    .description('list them')
    .option(numberOption, numberHelp);
  add(routes, 'add', (session, command) =>
    addRoute(session, argument(command, 0), options(command)),
  )
    .description('add one')
    .argument('<uri>', 'sip:, xmpp:, mailto:, acct:, im:, pres: or https:')
    .option('--preference <n>', '0 to 65535, lower is tried first')
    .option(numberOption, numberHelp);
  add(routes, 'remove', (session, command) =>
    removeRoute(session, argument(command, 0), options(command)),
  )
    .description('remove one')
    .argument('<uri>')
    .option(numberOption, numberHelp);
  add(routes, 'set', (session, command) => setRoutes(session, command.args, options(command)))
    .description('publish exactly these, the first is tried first')
    .argument('<uri...>')
    .option(numberOption, numberHelp);
}

interface LookupCommandOptions extends MemberOption {
  readonly resolver?: string;
  readonly zone?: string;
  readonly trust: Trust;
  readonly proof: boolean;
  readonly dnssec: boolean;
}

function addLookup(program: Command, add: AddCommand): void {
  const run: Run = (session, command) => {
    const { member, resolver, zone, trust, proof, dnssec } = command.opts<LookupCommandOptions>();
    const typed = argument(command, 0);
    if (resolver === undefined) return lookup(session, typed, { trust, proof, dnssec });
    const where = { ...(member !== undefined && { member }), ...(zone !== undefined && { zone }) };
    return lookupZone(session, typed, where);
  };
  add(program, 'lookup', run)
    .description('look a number up at the members, or through DNS')
    .argument('<number>', 'telephone number')
    .option('--member <name>', 'member to ask first, and whose zone is asked with --resolver')
    .option(
      '--resolver <address>',
      'ask DNS alone, through this resolver: addr or addr:port; validated here',
    )
    .option('--zone <apex>', 'zone to ask below with --resolver')
    .addOption(trustOption())
    .option('--no-proof', 'do without a proof from the index')
    .option('--no-dnssec', 'do without a look into a member’s zone');
  const contacts = program.command('contacts').description('the numbers of other people');
  add(contacts, 'sync', (session, command) =>
    syncContacts(session, command.args[0], command.opts<ContactsOptions>()),
  )
    .description('look a whole address book up, and tell what has changed')
    .argument('[file]', 'a number a line, or vCards; - or nothing for standard input')
    .option('--proof', 'have every answer proven')
    .option('--accept', 'remember keys that have changed or vanished, too')
    .addOption(trustOption());
  add(program, 'prove', (session, command) => prove(session, argument(command, 0)))
    .description('look a number up so that the answer can be checked against the charter')
    .argument('<number>', 'telephone number')
    .option('--member <name>', 'member to ask first');
  add(program, 'members', (session) => members(session)).description(
    'list the members and whether they can be reached',
  );
}
