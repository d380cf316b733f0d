/** `callbook audit …`: the part of the command tree for auditors; what it runs is loaded when it runs. */
import type { Command } from 'commander';
import { visibilityOption, withCodeOptions } from './add-command.ts';
import type { AuditOptions } from './audit-session.ts';
import type { AskingOptions } from './canaries.ts';
import type { CanaryOptions } from './commands/audit-canary.ts';
import type { CompareCommandOptions } from './commands/audit-compare.ts';
import type { ReplayCommandOptions } from './commands/audit-replay.ts';
import type { ReportCommandOptions, WatchAuditOptions } from './commands/audit-watch.ts';
import type { RegisterOptions } from './commands/register.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

interface AuditProgram {
  readonly program: Command;
  readonly terminal: Terminal;
  readonly finish: (code: ExitCode) => void;
}

/** Adds the commands. Most need no key files and no number, so they open no session. */
export function addAudit({ program, terminal, finish }: AuditProgram): void {
  const audit = program.command('audit').description('replay what the members log, and compare');
  withFolder(audit.command('replay'))
    .description('replay all logs, and compare the result with what every member has signed')
    .option('--offline', 'ask nobody: fold what is in the folder')
    .option('--threads <n>', 'threads that verify signatures; one for each core if left out')
    .action(async function action(this: Command): Promise<void> {
      const { auditReplay } = await import('./commands/audit-replay.ts');
      finish(await auditReplay(terminal, this.optsWithGlobals<ReplayCommandOptions>()));
    });
  withNumbers(withFolder(audit.command('compare')))
    .description('compare every copy of every log, and DNS with the index for numbers of your own')
    .argument('[number...]', 'numbers whose holders have handed them over')
    .option('--canaries', 'compare the canaries as well')
    .action(async function action(this: Command, numbers: readonly string[]): Promise<void> {
      const { auditCompare } = await import('./commands/audit-compare.ts');
      finish(await auditCompare(terminal, numbers, this.optsWithGlobals<CompareCommandOptions>()));
    });
  addCanaries(audit, terminal, finish);
  addReports(audit, terminal, finish);
  const evidence = audit.command('evidence').description('files of evidence');
  withFolder(evidence.command('verify'))
    .description('check a file of evidence against the charters, offline')
    .argument('<file>', 'the file')
    .action(async function action(this: Command, file: string): Promise<void> {
      const { auditEvidence } = await import('./commands/audit-evidence.ts');
      finish(await auditEvidence(terminal, file, this.optsWithGlobals<AuditOptions>()));
    });
}

function withNumbers(command: Command): Command {
  return command
    .option('--resolver <address>', 'ask a resolver about numbers as well, as the public does')
    .option('--settle <seconds>', 'how long what differs is asked for again; 20 if left out');
}

function addCanaries(audit: Command, terminal: Terminal, finish: AuditProgram['finish']): void {
  const canary = audit.command('canary').description('numbers of your own to look for everywhere');
  const load = () => import('./commands/audit-canary.ts');
  withCodeOptions(withFolder(canary.command('add')))
    .description('claim a number, as its holder would, and keep its key in the folder')
    .argument('<number>', 'telephone number, with + and country code or as written locally')
    .option('--sip <uri>', 'SIP address to publish, such as sip:alice@sip.example')
    .addOption(visibilityOption())
    .action(async function action(this: Command, number: string): Promise<void> {
      const options = this.optsWithGlobals<CanaryOptions & RegisterOptions>();
      finish(await (await load()).canaryAdd(terminal, number, options));
    });
  withFolder(canary.command('list'))
    .description('list them, with the names by which findings call them')
    .action(async function action(this: Command): Promise<void> {
      finish(await (await load()).canaryList(terminal, this.optsWithGlobals<AuditOptions>()));
    });
  withNumbers(withFolder(canary.command('check')))
    .description('look for them by look-ups, proofs and DNS of every member')
    .action(async function action(this: Command): Promise<void> {
      finish(
        await (
          await load()
        ).canaryCheck(terminal, this.optsWithGlobals<AuditOptions & AskingOptions>()),
      );
    });
}

function addReports(audit: Command, terminal: Terminal, finish: AuditProgram['finish']): void {
  withReports(withNumbers(withFolder(audit.command('watch'))))
    .description('replay again and again, and tell what is new, until stopped')
    .option('--every <seconds>', 'pause between two replays', '60')
    .option('--webhook <url>', 'where problems are posted as JSON')
    .option('--until-problem', 'end with the first problem')
    .option(
      '--witness-key <file>',
      'cosign checkpoints: a line with the name and the secret of a key',
    )
    .option(
      '--witness-listen <address>',
      'where the witness listens, for a proxy',
      '127.0.0.1:8085',
    )
    .action(async function action(this: Command): Promise<void> {
      const { auditWatch } = await import('./commands/audit-watch.ts');
      finish(await auditWatch(terminal, this.optsWithGlobals<WatchAuditOptions>()));
    });
  withReports(withFolder(audit.command('report')))
    .description('write what the audits have found as a page and as JSON')
    .action(async function action(this: Command): Promise<void> {
      const { auditReport } = await import('./commands/audit-watch.ts');
      finish(await auditReport(terminal, this.optsWithGlobals<ReportCommandOptions>()));
    });
}

function withReports(command: Command): Command {
  return command
    .option('--report <file>', 'the page')
    .option('--transparency <file>', 'the same for programs, as JSON');
}

function withFolder(command: Command): Command {
  return command.option('--cache <dir>', 'folder of the audit, which grows with the logs');
}
