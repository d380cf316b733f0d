/**
 * Real gateways as processes on loopback: an SMS centre on Net::SMPP, postfix with a configuration of
 * its own, Kamailio in front of sipp. What people would read on their telephones is collected into one
 * file of JSON lines, as a member's outbox has them, so that `callbook --code-from` reads it.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  appendFile,
  chmod,
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  writeFile,
} from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const scripts = join(import.meta.dirname, '../../interop/gateways');
const startMsMax = 20_000;
const packages = 'libnet-smpp-perl postfix kamailio sip-tester';

export interface GatewayProcess extends AsyncDisposable {
  readonly port: number;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a program and waits until it listens on the port, where one is given. */
async function start(
  command: readonly string[],
  options: { readonly cwd: string; readonly port?: number },
): Promise<AsyncDisposable> {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    cwd: options.cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin`, TERM: 'dumb' },
  });
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  let trouble: string | undefined;
  child.once('error', (error) => (trouble = `${error.message}; Debian packages: ${packages}`));
  child.once('exit', (code) => (trouble ??= `${program} ended with ${code}`));
  const deadlineMs = Date.now() + startMsMax;
  while (options.port !== undefined && !(await listens(options.port))) {
    if (trouble !== undefined || Date.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(
        `${trouble ?? `${program} does not listen`}\n${Buffer.concat(said).toString()}`,
      );
    }
    await sleep(50);
  }
  return { [Symbol.asyncDispose]: async () => await stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const stubborn = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(stubborn);
}

async function listens(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    const say = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', say(true)).once('error', say(false));
  });
}

/** The SMS centre writes its own lines. */
export async function startSmsCentre(folder: string, inbox: string): Promise<GatewayProcess> {
  const port = await freePort();
  const command = ['perl', join(scripts, 'smsc.pl'), `${port}`, inbox];
  // Not asked whether it listens: it serves one connection, the member's.
  const running = await start(command, { cwd: folder });
  return { port, ...running };
}

export interface MailServer extends GatewayProcess {
  /** Collects what has come since it was asked last. */
  collect(): Promise<void>;
}

/** Takes mail for mail.example by STARTTLS alone; its folder must be one that everybody may enter. */
export async function startMailServer(
  folder: string,
  parts: { readonly certificate: string; readonly privateKey: string; readonly inbox: string },
): Promise<MailServer> {
  const port = await freePort();
  const at = (name: string): string => join(folder, name);
  await chmod(folder, 0o755);
  for (const name of ['config', 'queue', 'data', 'mail']) await mkdir(at(name));
  // Debian's numbers: nobody and nogroup.
  await chown(at('mail'), 65_534, 65_534);
  await copyFile(parts.certificate, at('tls.pem'));
  await copyFile(parts.privateKey, at('tls.key'));
  await writeFile(at('config/main.cf'), mainConfig(folder));
  await writeFile(at('config/master.cf'), masterConfig(port));
  await run(['chown', 'postfix', at('data')]);
  await run(['postfix', '-c', at('config'), 'check']);
  const master = ['/usr/lib/postfix/sbin/master', '-c', at('config'), '-d'];
  const running = await start(master, { cwd: folder, port });
  const seen = new Set<string>();
  const collect = async (): Promise<void> => {
    for (const name of await readdir(at('mail/all/new')).catch(() => [])) {
      if (seen.has(name)) continue;
      seen.add(name);
      await collectMail(await readFile(join(at('mail/all/new'), name), 'utf8'), parts.inbox);
    }
  };
  return { port, collect, ...running };
}

async function run(command: readonly string[]): Promise<void> {
  const [program, ...args] = command;
  const child = spawn(program!, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
  });
  const said: Buffer[] = [];
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  const code = await new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  if (code !== 0) throw new Error(`${program}: ${String(code)}, ${Buffer.concat(said).toString()}`);
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
mynetworks = 127.0.0.0/8
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = ${folder}/tls.pem
smtpd_tls_key_file = ${folder}/tls.key
virtual_mailbox_domains = mail.example
virtual_mailbox_base = ${folder}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
`;
}

function masterConfig(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
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
  await collectText(`mailto:${recipient}`, body.replaceAll('=3D', '='), inbox, {
    received: /^Received: from[\s\S]*?\n(?=\S)/m.exec(mail)?.[0] ?? '',
  });
}

async function collectText(
  to: string,
  text: string,
  inbox: string,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const code = /#(\S+)\s*$/.exec(text)?.[1];
  await appendFile(inbox, `${JSON.stringify({ to, text: text.trim(), code, ...more })}\n`);
}

export interface SipProxy extends GatewayProcess {
  collect(): Promise<void>;
}

/** Kamailio takes MESSAGE for sip.example and hands it to sipp. */
export async function startSipProxy(folder: string, inbox: string): Promise<SipProxy> {
  const [port, agentPort] = [await freePort(), await freePort()];
  const template = await readFile(join(scripts, 'kamailio.cfg'), 'utf8');
  const config = template
    .replaceAll('LISTEN', `127.0.0.1:${port}`)
    .replaceAll('AGENT', `127.0.0.1:${agentPort}`);
  await writeFile(join(folder, 'kamailio.cfg'), config);
  const messages = join(folder, 'messages.log');
  await using starting = new AsyncDisposableStack();
  const sipp = ['sipp', '-sf', join(scripts, 'agent.xml'), '-i', '127.0.0.1', '-p', `${agentPort}`];
  const agent = [...sipp, '-nostdin', '-trace_msg', '-message_file', messages];
  starting.use(await start(agent, { cwd: folder }));
  const kamailio = ['kamailio', '-DD', '-E', '-f', join(folder, 'kamailio.cfg'), '-Y', folder];
  starting.use(await start([...kamailio, '-m', '32', '-M', '8'], { cwd: folder, port }));
  let taken = 0;
  const collect = async (): Promise<void> => {
    const log = await readFile(messages, 'utf8').catch(() => '');
    const pattern = /^MESSAGE (sip:\S+) SIP\/2\.0[\s\S]*?\r?\n\r?\n([\s\S]*?#\S+)/gm;
    for (const [, to, text] of [...log.matchAll(pattern)].slice(taken)) {
      taken += 1;
      await collectText(to!, text!, inbox);
    }
  };
  const running = starting.move();
  return { port, collect, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}
