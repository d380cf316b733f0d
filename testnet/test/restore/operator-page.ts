/**
 * The commands of a page for operators, as they stand there, at one member of a lab: its folders in the place
 * of those that the page names, and for systemd the member's process.
 */
import { join } from 'node:path';
import { environment, runCommand } from '../lab.ts';
import type { Lab } from '../lab.ts';

export interface OperatorPage {
  readonly lab: Lab;
  /** Member whose operator reads it. */
  readonly memberName: string;
  /** Lines of the page. */
  readonly script: string;
}

/** Folder of the member's backups. */
export function backupsOf(lab: Lab): string {
  return join(lab.folder, 'backups');
}

/** Runs each line; resolves with what all of them have printed, throws at the first that fails. */
export async function runPage({ lab, memberName, script }: OperatorPage): Promise<string> {
  const { layout } = lab.testnet.members.find((one) => one.layout.name === memberName)!;
  const moved = script
    .replaceAll('/etc/callbook/node.yaml', layout.configFile)
    .replaceAll('/var/backups/callbook', backupsOf(lab))
    .replaceAll('/media/safe/callbook', join(lab.folder, 'safe'))
    .replaceAll('/var/lib/callbook', join(layout.folder, 'data'));
  let output = '';
  for (const line of moved.split('\n').filter((one) => one !== '')) {
    const member = lab.testnet.members.find((one) => one.layout.name === memberName)!;
    if (line === 'systemctl stop callbook-node') await member.stop();
    else if (line === 'systemctl start callbook-node') await lab.testnet.restart(memberName);
    else {
      const ran = await runCommand('bash', ['-c', line], {
        cwd: lab.folder,
        env: environment(lab.folder),
      });
      output += ran.stdout;
      if (ran.code !== 0) throw new Error(`${line}: ${ran.stdout}${ran.stderr}`);
    }
  }
  return output;
}
