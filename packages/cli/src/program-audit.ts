/** `callbook audit …`: the part of the command tree for auditors; what it runs is loaded when it runs. */
import type { Command } from 'commander';
import type { AuditOptions } from './audit-session.ts';
import type { ReplayCommandOptions } from './commands/audit-replay.ts';
import type { ExitCode } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

interface AuditProgram {
  readonly program: Command;
  readonly terminal: Terminal;
  readonly finish: (code: ExitCode) => void;
}

/** Adds the commands. They need no key files and no number, so they open no session. */
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
  const evidence = audit.command('evidence').description('files of evidence');
  withFolder(evidence.command('verify'))
    .description('check a file of evidence against the charters, offline')
    .argument('<file>', 'the file')
    .action(async function action(this: Command, file: string): Promise<void> {
      const { auditEvidence } = await import('./commands/audit-evidence.ts');
      finish(await auditEvidence(terminal, file, this.optsWithGlobals<AuditOptions>()));
    });
}

function withFolder(command: Command): Command {
  return command.option('--cache <dir>', 'folder of the audit, which grows with the logs');
}
