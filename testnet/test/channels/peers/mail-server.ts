/**
 * Postfix with a configuration of its own: takes mail for mail.example and alpha.test by STARTTLS alone,
 * and by an account's password where one is given. What it does with some recipients is said by their
 * names, which are in `mainConfig`.
 */
import { chmod, chown, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { appendArrived } from './arrived.ts';
import { freePort, runPeerTool, startPeer } from '../../../src/peer-process.ts';
import type { Peer, PeerCertificate } from '../../../src/peer-process.ts';

export interface MailServer extends Peer {
  /** Where it speaks TLS from the first octet. */
  readonly tlsPort: number;
  /** Collects what has come since it was asked last. */
  collect(): Promise<void>;
  /** All mails that were delivered, as they lie in the mailbox. */
  mails(): Promise<string[]>;
}

export interface MailServerParts {
  readonly certificate: PeerCertificate;
  readonly inbox: string;
  /** Whose mail is taken; without it everybody's on this machine. */
  readonly account?: { readonly user: string; readonly password: string };
}

/** Debian's numbers: nobody and nogroup. */
const nobody = 65_534;

/** Starts a mail server; its folder must be one that everybody may enter. */
export async function startMailServer(folder: string, parts: MailServerParts): Promise<MailServer> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const at = (name: string): string => join(folder, name);
  await chmod(folder, 0o755);
  for (const name of ['config', 'queue', 'data', 'mail']) await mkdir(at(name));
  await chown(at('mail'), nobody, nobody);
  await copyFile(parts.certificate.certificate, at('tls.pem'));
  await copyFile(parts.certificate.privateKey, at('tls.key'));
  const access = parts.account === undefined ? openAccess : await accountAccess(folder, parts);
  await writeFile(at('config/main.cf'), mainConfig(folder) + access);
  await writeFile(at('config/master.cf'), masterConfig(port, tlsPort));
  await runPeerTool(['chown', 'postfix', at('data')]);
  await runPeerTool(['postfix', '-c', at('config'), 'check']);
  const master = ['/usr/lib/postfix/sbin/master', '-c', at('config'), '-d'];
  const running = await startPeer(master, { cwd: folder, port });
  const read = async (name: string): Promise<string> =>
    await readFile(join(at('mail/all/new'), name), 'utf8');
  const names = async (): Promise<string[]> => await readdir(at('mail/all/new')).catch(() => []);
  const seen = new Set<string>();
  const collect = async (): Promise<void> => {
    for (const name of await names()) {
      if (seen.has(name)) continue;
      seen.add(name);
      await collectMail(await read(name), parts.inbox);
    }
  };
  const mails = async (): Promise<string[]> => await Promise.all((await names()).map(read));
  return { port, tlsPort, collect, mails, [Symbol.asyncDispose]: running[Symbol.asyncDispose] };
}

const openAccess = 'mynetworks = 127.0.0.0/8\n';

/** Cyrus SASL with a password file of its own: `auxprop` asks no daemon. */
async function accountAccess(folder: string, { account }: MailServerParts): Promise<string> {
  const { user, password } = account!;
  const sasl = join(folder, 'config/sasl');
  const database = join(sasl, 'sasldb2');
  const settings = {
    pwcheck_method: 'auxprop',
    auxprop_plugin: 'sasldb',
    sasldb_path: database,
    mech_list: 'PLAIN LOGIN',
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`);
  // Where Debian's postfix looks.
  await mkdir(sasl);
  await writeFile(join(sasl, 'smtpd.conf'), lines.join(''));
  const add = ['saslpasswd2', '-p', '-c', '-f', database, '-u', 'mail.example', user];
  await runPeerTool(add, password);
  await runPeerTool(['chown', 'postfix', database]);
  return `mynetworks =
smtpd_sasl_auth_enable = yes
smtpd_sasl_path = smtpd
smtpd_sasl_local_domain = mail.example
smtpd_tls_auth_only = yes
smtpd_client_restrictions = permit_sasl_authenticated, reject
`;
}

function mainConfig(folder: string): string {
  return `compatibility_level = 3.6
queue_directory = ${folder}/queue
data_directory = ${folder}/data
maillog_file = ${folder}/data/log
maillog_file_prefixes = ${folder}
myhostname = mail.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = ${folder}/tls.pem
smtpd_tls_key_file = ${folder}/tls.key
virtual_mailbox_domains = mail.example, alpha.test
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:${nobody}
virtual_gid_maps = static:${nobody}
smtpd_recipient_restrictions = check_recipient_access inline:{
  { refused@mail.example = 550 5.1.1 no such user },
  { grey@mail.example = 450 4.2.0 greylisted, come again in 5 minutes } }, reject_unauth_destination
smtpd_end_of_data_restrictions = check_recipient_access inline:{
  { unwanted@mail.example = 554 5.7.1 looks like spam } }
transport_maps = inline:{ { bounced@mail.example = full: }, { dropped@mail.example = discard: } }
`;
}

function masterConfig(port: number, tlsPort: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
127.0.0.1:${tlsPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
full unix - n n - - pipe user=nobody argv=/bin/sh -c {exit 73}
discard unix - - n - - discard
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
error unix - - n - - error
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
`;
}

async function collectMail(mail: string, inbox: string): Promise<void> {
  const recipient = /^Delivered-To: (\S+)/m.exec(mail)?.[1];
  const body = mail.slice(mail.indexOf('\n\n') + 2).replaceAll(/=\r?\n/g, '');
  await appendArrived(inbox, `mailto:${recipient}`, body.replaceAll('=3D', '='), {
    received: /^Received: from[\s\S]*?\n(?=\S)/m.exec(mail)?.[0] ?? '',
  });
}
