/**
 * The command tree: names, arguments and options, each leading to one function of `commands/`. Those
 * and what they need are loaded when they run, so that help and completion start at once.
 */
import type { Privacy, Trust } from '@callbook/client';
import { Argument, Command } from 'commander';
import {
  argument,
  numberHelp,
  numberOption,
  privacyOption,
  trustOption,
  visibilityOption,
  withCodeOptions,
  type AddCommand,
  type Run,
} from './add-command.ts';
import { printCompletion, type Shell } from './commands/completion.ts';
import type { ContactsOptions } from './commands/contacts.ts';
import type { InitOptions } from './commands/init.ts';
import type { RegisterOptions } from './commands/register.ts';
import type { RoutesOptions } from './commands/routes.ts';
import type { StatusOptions } from './commands/status.ts';
import type { WatchCommandOptions } from './commands/watch.ts';
import type { ExitCode } from './exit-codes.ts';
import { packageVersion } from './package-version.ts';
import { addAudit } from './program-audit.ts';
import { addKeys } from './program-keys.ts';
import { addOwnership } from './program-ownership.ts';
import { addTokens } from './program-tokens.ts';
import type { GlobalOptions } from './session.ts';
import type { Terminal } from './terminal.ts';

interface MemberOption {
  readonly member?: string;
}

/** Builds the tree; `finish` receives the exit code of the command that ran. */
export function buildProgram(terminal: Terminal, finish: (code: ExitCode) => void): Command {
  const program = new Command('callbook')
    .description('Claim a telephone number, publish how to reach it, and look others up.')
    .version(packageVersion)
    .option('--json', 'print results as JSON, one object a line')
    .option('--config <file>', 'configuration file (also CALLBOOK_CONFIG)')
    .option('--signer <program>', 'program that has the authority keys (docs/guide/signers.md)')
    .option('--country <code>', 'country in which numbers without + are read, such as ES')
    .configureHelp({ showGlobalOptions: true });
  const add: AddCommand = (parent, name, run) =>
    // `callbook routes` alone lists them.
    parent.command(name, { isDefault: name === 'list' }).action(async function action(
      this: Command,
    ): Promise<void> {
      const options = this.optsWithGlobals<GlobalOptions & MemberOption>();
      const first = options.member === undefined ? [] : [options.member];
      const { openSession } = await import('./session.ts');
      const session = await openSession(terminal, options, first);
      finish(await run(session, this));
    });
  addInit(program, terminal, finish);
  addRegister(program, add);
  addOwnCommands(program, add);
  addKeys(program, add);
  addOwnership(program, add);
  addRoutes(program, add);
  addLookup(program, add);
  addTokens(program, add);
  addAudit({ program, terminal, finish });
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .action((shell: Shell) => finish(printCompletion(terminal, program, shell)));
  return program;
}

/** The one command that works without a configuration. */
function addInit(program: Command, terminal: Terminal, finish: (code: ExitCode) => void): void {
  program
    .command('init')
    .description('make a configuration from the founding charter of a federation')
    .argument('<charter>', 'the file, or - for standard input; get it from somebody you trust')
    .option('--hash <hex>', 'refuse a charter with another hash')
    .option('--ca <file>', 'certificate (PEM) of an authority to trust beside the system’s')
    .action(async function action(this: Command, charter: string): Promise<void> {
      const { init } = await import('./commands/init.ts');
      finish(await init(terminal, charter, this.optsWithGlobals<InitOptions>()));
    });
}

function addRegister(program: Command, add: AddCommand): void {
  const run: Run = async (session, command) => {
    const { register } = await import('./commands/register.ts');
    return await register(session, argument(command, 0), command.opts<RegisterOptions>());
  };
  withCodeOptions(
    add(program, 'register', run)
      .description('claim a number and publish it')
      .argument('<number>', 'telephone number, with + and country code or as written locally')
      .option('--sip <uri>', 'SIP address to publish, such as sip:alice@sip.example')
      .addOption(visibilityOption()),
  );
}

function addOwnCommands(program: Command, add: AddCommand): void {
  add(program, 'status', async (session, command) => {
    const { entry } = command.opts<StatusOptions>();
    const { entryStatus, status } = await import('./commands/status.ts');
    return await (entry === undefined
      ? status(session, command.args[0])
      : entryStatus(session, entry));
  })
    .description('compare what you hold with what every member says')
    .argument('[number]', 'one number instead of all that are held')
    .option('--entry <id>', 'what has become of one entry, a release for instance');
  add(program, 'watch', async (session, command) => {
    const { watch } = await import('./commands/watch.ts');
    return await watch(session, command.args[0], command.opts<WatchCommandOptions>());
  })
    .description('tell what happens to your numbers that you have not done, until stopped')
    .argument('[number]', 'one number instead of all that are held')
    .option('--veto', 'veto every request to take a number over')
    .option('--every <seconds>', 'time within which something is told', '60');
}

function addRoutes(program: Command, add: AddCommand): void {
  const routes = program.command('routes').description('the addresses a number publishes');
  const options = (command: Command): RoutesOptions => command.opts<RoutesOptions>();
  const load = () => import('./commands/routes.ts');
  add(routes, 'list', async (session, command) =>
    (await load()).listRoutes(session, options(command)),
  )
    .description('list them')
    .option(numberOption, numberHelp);
  add(routes, 'add', async (session, command) =>
    (await load()).addRoute(session, argument(command, 0), options(command)),
  )
    .description('add one')
    .argument('<uri>', 'sip:, xmpp:, mailto:, acct:, im:, pres: or https:')
    .option('--preference <n>', '0 to 65535, lower is tried first')
    .option(numberOption, numberHelp);
  add(routes, 'remove', async (session, command) =>
    (await load()).removeRoute(session, argument(command, 0), options(command)),
  )
    .description('remove one')
    .argument('<uri>')
    .option(numberOption, numberHelp);
  add(routes, 'set', async (session, command) =>
    (await load()).setRoutes(session, command.args, options(command)),
  )
    .description('publish exactly these, the first is tried first')
    .argument('<uri...>')
    .option(numberOption, numberHelp);
}

interface LookupCommandOptions extends MemberOption {
  readonly resolver?: string;
  readonly zone?: string;
  readonly privacy?: Privacy;
  readonly trust: Trust;
  readonly proof: boolean;
  readonly dnssec: boolean;
}

function addLookup(program: Command, add: AddCommand): void {
  const run: Run = async (session, command) => {
    const { member, resolver, zone, privacy, ...how } = command.opts<LookupCommandOptions>();
    const { trust, proof, dnssec } = how;
    const typed = argument(command, 0);
    if (resolver === undefined) {
      const { lookup } = await import('./commands/lookup.ts');
      const by = privacy === undefined ? {} : { privacy };
      return await lookup(session, typed, { trust, proof, dnssec, ...by });
    }
    const where = { ...(member !== undefined && { member }), ...(zone !== undefined && { zone }) };
    const { lookupZone } = await import('./commands/lookup-zone.ts');
    return await lookupZone(session, typed, where);
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
    .addOption(privacyOption())
    .option('--no-proof', 'do without a proof from the index')
    .option('--no-dnssec', 'do without a look into a member’s zone');
  const contacts = program.command('contacts').description('the numbers of other people');
  add(contacts, 'sync', async (session, command) => {
    const { syncContacts } = await import('./commands/contacts.ts');
    return await syncContacts(session, command.args[0], command.opts<ContactsOptions>());
  })
    .description('look a whole address book up, and tell what has changed')
    .argument('[file]', 'a number a line, or vCards; - or nothing for standard input')
    .option('--proof', 'have every answer proven, not only those with keys')
    .option('--accept', 'remember keys that have changed or vanished, too')
    .addOption(trustOption())
    .addOption(privacyOption());
  add(program, 'prove', async (session, command) => {
    const { prove } = await import('./commands/prove.ts');
    return await prove(session, argument(command, 0), command.opts<{ privacy?: Privacy }>());
  })
    .description('look a number up so that the answer can be checked against the charter')
    .argument('<number>', 'telephone number')
    .option('--member <name>', 'member to ask first')
    .addOption(privacyOption());
  add(program, 'members', async (session) => {
    const { members } = await import('./commands/members.ts');
    return await members(session);
  }).description('list the members and whether they can be reached');
}
