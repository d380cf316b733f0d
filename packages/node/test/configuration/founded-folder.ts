/**
 * A member as `init` leaves it, and a charter that names it alone, made by the commands of an operator:
 * the folder of a member that is about to start.
 */
import { execFileSync } from 'node:child_process';
import { chmod, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { charterCommand } from '../../src/commands/charter.ts';
import { initCommand } from '../../src/commands/init.ts';
import { vrfCommand } from '../../src/commands/vrf.ts';
import { runCommand } from './run-command.ts';

const text = `member: alpha
dataDir: data
charters: [charters]
keys:
  log: log.key
  peer: peer.key
  vrf: vrf.key
  zone: zone-keys
dns:
  listen:
    - { address: 127.0.0.1, port: 5300 }
  nameservers:
    - { name: ns1.e164.alpha.test, addresses: [127.0.0.1] }
  contact: hostmaster@alpha.test
api:
  certificate: api.pem
  privateKey: api.key
  listen: { address: 127.0.0.1, port: 8443 }
mesh: { listen: [/ip4/127.0.0.1/tcp/4001] }
challenges: { outbox: outbox.jsonl }
`;

/** Fills a folder; `node.yaml` in it is the text above. */
export async function foundFolder(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name);
  const about = ['--name', 'alpha', '--organisation', 'Alpha, association', '--yes'];
  const zone = ['--zone', 'e164.alpha.test', '--address', '127.0.0.1', '--folder', folder];
  await runCommand(initCommand, [...about, ...zone]);
  const vrf = await runCommand(vrfCommand, ['new', at('vrf.key'), '--json']);
  const { vrfKey } = JSON.parse(vrf) as { vrfKey: string };
  const [proposal, copy] = [at('charter-1.json'), at('charter-1.alpha.note')];
  const found = ['found', at('alpha.json'), `--vrf-key=${vrfKey}`, '--out', proposal];
  await runCommand(charterCommand, found);
  const key = ['--key', at('governance.key')];
  await runCommand(charterCommand, ['sign', proposal, ...key, '--out', copy]);
  await runCommand(charterCommand, ['merge', copy, '--out', at('charters/charter-1.note')]);
  await cp(at('data/zone-keys'), at('zone-keys'), { recursive: true });
  certify(at('api.key'), at('api.pem'));
  await chmod(at('api.key'), 0o600);
  await writeFile(at('init.yaml'), await readFile(at('node.yaml')));
  await writeFile(at('node.yaml'), text);
}

function certify(key: string, certificate: string): void {
  const how = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30';
  const names = '-subj /CN=api.e164.alpha.test -addext subjectAltName=DNS:api.e164.alpha.test';
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', [...`${how} ${names}`.split(' '), ...files], { stdio: 'ignore' });
}
