/**
 * `callbook-node init`: from an empty folder to what a federation needs to take a member in. The
 * configuration gets its name last: if we crash before, the next run goes on with the same keys, and
 * what is there under its name is never touched.
 */
import { existsSync } from 'node:fs';
import { chmod, chown, lchown, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { createFirstKeys, openKeyFolder, readKeyState } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { CharterMember, Cryptography } from '@callbook/protocol';
import { parseConfig, readConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import { prepareDataFolder } from '../data-folder.ts';
import type { NodeErrorCode } from '../errors.ts';
import { systemClock } from '../system-ports.ts';
import { describeMember, governanceKey } from './charter-founding.ts';
import { collectAnswers, openQuestions } from './init-answers.ts';
import type { Ask, GivenAnswers, InitAnswers } from './init-answers.ts';
import { initFileText, letsEncryptDirectory } from './init-file.ts';
import type { Report } from './key-report.ts';
import type { Print } from './keys.ts';
import { requestSecret, sealingKeyPath } from './vrf.ts';

interface InitOptions extends GivenAnswers {
  readonly folder: string;
  readonly data: string;
  readonly listen?: readonly string[];
  readonly nameserver?: string;
  readonly api?: string;
  readonly dnsPort: number;
  readonly apiPort: number;
  readonly meshPort: number;
  readonly metricsPort: number;
  readonly acme?: string;
  readonly certificate: string;
  readonly privateKey: string;
  readonly governanceKey?: string;
  readonly auditor: string;
  readonly lastAudit?: string;
  readonly owner?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Returns the command; `print` is given lines with their ends. */
export function initCommand(print: Print): Command {
  return new Command('init')
    .description(
      'begin a member: asks five questions, writes a configuration, keys and what to hand on',
    )
    .option('--name <name>', 'name in the charter')
    .option('--organisation <words>', 'who runs it, a comma, and the legal form')
    .option('--zone <name>', 'DNS zone that it serves')
    .option('--address <address...>', 'public IP addresses of this machine')
    .option('--contact <address>', 'e-mail address of who runs it')
    .option('--folder <folder>', 'where node.yaml and the keys are written', '.')
    .option('--data <folder>', 'data folder, relative to the file', 'data')
    .option('--listen <address...>', 'addresses to bind, where they are not the public ones')
    .option('--nameserver <name>', 'host name of its name server; else ns.<zone>')
    .option('--api <url>', 'URL of the API; else https://api.<zone>')
    .option('--dns-port <port>', 'port of DNS', portOf, 53)
    .option('--api-port <port>', 'port of the API', portOf, 443)
    .option('--mesh-port <port>', 'port for the other members', portOf, 4001)
    .option('--metrics-port <port>', 'port of the metrics, on 127.0.0.1', portOf, 9464)
    .option(
      '--acme <url>',
      'have an authority make the certificate, by its directory or as letsencrypt; you accept its terms',
    )
    .option('--certificate <file>', 'certificate of the API, PEM', 'api.pem')
    .option('--private-key <file>', 'its private key, PEM', 'api.key')
    .option('--governance-key <key>', 'verifier key of one made elsewhere (charter key)')
    .option('--auditor <words>', 'who audits the member', 'none yet')
    .option('--last-audit <date>', 'YYYY-MM-DD; else today')
    .option('--owner <user>', 'user of the member, who gets the keys and the data folder')
    .option('--yes', 'ask nothing: take what is usual where no option says otherwise')
    .option('--json', 'one JSON object; asks nothing')
    .action(async (options: InitOptions) => {
      const { json } = options;
      const { result, lines } = await answered(options);
      print(json === true ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`);
    });
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new InvalidArgumentError('a port, 0 to 65535');
}

async function answered(options: InitOptions): Promise<Report> {
  if (options.yes === true || options.json === true) return await init(options, undefined);
  using questions = openQuestions(process.stdin, process.stderr);
  return await init(options, questions.ask);
}

/** Codes: `init_answer_invalid`, `output_unwritable`, `data_folder_unusable`. */
async function init(options: InitOptions, ask: Ask | undefined): Promise<Report> {
  const folder = resolve(options.folder);
  const at = (name: string): string => join(folder, name);
  const configFile = at('node.yaml');
  if (existsSync(configFile)) {
    throw unwritable(`${configFile} exists already: init never writes over a member`);
  }
  const owner = options.owner === undefined ? undefined : await ownerNamed(options.owner);
  const answers = await collectAnswers(options, ask);
  const text = textFor(answers, options);
  parseConfig(text);
  const crypto = await pickCryptography();
  await orUnwritable(async () => await mkdir(at('charters'), { recursive: true }));
  const draft = at('node.yaml.new');
  await writeWhole(draft, text);
  const config = await readConfig(draft);
  await prepareDataFolder(config.dataDir);
  await createZoneKeysOnce(config.keys.zone);
  const member = await describe(answers, { options, draft, at, crypto });
  const requestFile = at('vrf.request');
  // Those of a run that did not come to its end; nobody was told of them.
  for (const path of [requestFile, sealingKeyPath(config.keys.vrf)])
    await rm(path, { force: true });
  await requestSecret({ config: draft, member: member.file, out: requestFile }, crypto);
  const { log, peer } = config.keys;
  if (owner !== undefined) {
    const files = [log, peer];
    await giveTo(owner, { files, folder: config.dataDir, configFile: draft });
  }
  await rename(draft, configFile);
  return reportInit({ answers, configFile, member, requestFile, options });
}

function textFor(answers: InitAnswers, options: InitOptions): string {
  const { name, zone, addresses, contact } = answers;
  const { data, listen = addresses, dnsPort, apiPort, meshPort, metricsPort } = options;
  return initFileText({
    name,
    dataDir: data,
    listen,
    nameserver: { name: options.nameserver ?? `ns.${zone}`, addresses },
    contact,
    dnsPort,
    apiPort,
    meshPort,
    metricsPort,
    tls:
      options.acme === undefined
        ? { certificate: options.certificate, privateKey: options.privateKey }
        : { acme: options.acme === 'letsencrypt' ? letsEncryptDirectory : options.acme },
  });
}

interface DescribedMember {
  readonly file: string;
  readonly description: Omit<CharterMember, 'state'>;
  /** Undefined where it was made elsewhere. */
  readonly governanceKeyFile: string | undefined;
}

async function describe(
  { name, organisation, legalForm, zone, addresses }: InitAnswers,
  parts: {
    readonly options: InitOptions;
    readonly draft: string;
    readonly at: (name: string) => string;
    readonly crypto: Cryptography;
  },
): Promise<DescribedMember> {
  const { options, draft, at, crypto } = parts;
  const governanceKeyFile = options.governanceKey === undefined ? at('governance.key') : undefined;
  const verifierKey =
    options.governanceKey ?? (await ownGovernanceKey(governanceKeyFile!, zone, crypto));
  const file = at(`${name}.json`);
  await rm(file, { force: true });
  const port = options.apiPort === 443 ? '' : `:${options.apiPort}`;
  const { result } = await describeMember(
    {
      config: draft,
      governanceKey: [verifierKey],
      organisation,
      legalForm,
      auditor: options.auditor,
      lastAudit: options.lastAudit ?? new Date(systemClock.nowMs()).toISOString().slice(0, 10),
      api: options.api ?? `https://api.${zone}${port}`,
      zone,
      origin: `api.${zone}/log`,
      address: addresses.map(
        (ip) => `${ip.includes(':') ? '/ip6/' : '/ip4/'}${ip}/tcp/${options.meshPort}`,
      ),
      out: file,
    },
    crypto,
  );
  const { member } = result as { member: Omit<CharterMember, 'state'> };
  return { file, description: member, governanceKeyFile };
}

async function ownGovernanceKey(file: string, zone: string, crypto: Cryptography): Promise<string> {
  const shown = { name: `${zone}/governance`, show: existsSync(file) };
  const { result } = await governanceKey(file, shown, crypto);
  return (result as { verifierKey: string }).verifierKey;
}

async function createZoneKeysOnce(folder: string): Promise<void> {
  const store = openKeyFolder(folder);
  if (existsSync(folder) && (await readdir(folder)).length > 0) {
    await readKeyState(store, systemClock.nowMs());
    return;
  }
  const first = { roles: ['ksk', 'zsk'], algorithm: 13 } as const;
  await createFirstKeys(store, first, systemClock.nowMs());
}

/** Flushed before it gets its name. */
async function writeWhole(path: string, text: string): Promise<void> {
  await orUnwritable(async () => {
    const file = await open(path, 'w', 0o640);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  });
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** From passwd(5): the daemon runs as a user of this machine. */
async function ownerNamed(name: string): Promise<Owner> {
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n');
  const fields = lines.map((line) => line.split(':')).find(([user]) => user === name);
  if (fields === undefined) {
    throw new DirectoryError<NodeErrorCode>(
      'init_answer_invalid',
      '--owner: a user of this machine, as the package or useradd makes it',
    );
  }
  return { uid: Number(fields[2]), gid: Number(fields[3]) };
}

/** The member reads its keys and owns its data; the configuration it may read and never write. */
async function giveTo(
  { uid, gid }: Owner,
  what: { readonly files: readonly string[]; readonly folder: string; readonly configFile: string },
): Promise<void> {
  await orUnwritable(async () => {
    for (const file of what.files) await chown(file, uid, gid);
    await chown(what.configFile, process.getuid!(), gid);
    await chmod(what.configFile, 0o640);
    await chown(what.folder, uid, gid);
    for (const name of await readdir(what.folder, { recursive: true })) {
      await lchown(join(what.folder, name), uid, gid);
    }
  });
}

function reportInit(made: {
  readonly answers: InitAnswers;
  readonly configFile: string;
  readonly member: DescribedMember;
  readonly requestFile: string;
  readonly options: InitOptions;
}): Report {
  const { answers, configFile, member, requestFile, options } = made;
  const { zone, addresses, name } = answers;
  const nameserver = options.nameserver ?? `ns.${zone}`;
  const delegation = [
    `${zone}. NS ${nameserver}.`,
    ...addresses.map((ip) => `${nameserver}. ${ip.includes(':') ? 'AAAA' : 'A'} ${ip}`),
    ...member.description.zoneDs.map((ds) => `${zone}. DS ${ds}`),
  ];
  const { governanceKeyFile, file } = member;
  const keep =
    governanceKeyFile === undefined
      ? []
      : [
          `Move ${governanceKeyFile} to a machine without network, with a backup: it signs charters.`,
        ];
  const steps = [
    ...keep,
    `Give ${file} and ${requestFile} to a member of the federation, over a channel by which it knows you. No secret is in them.`,
    `Have the parent of your zone delegate to it:\n${delegation.map((line) => `       ${line}`).join('\n')}`,
    ...(options.acme === undefined ? [certificateStep(member.description, options)] : []),
    `When the charter names ${name}: callbook-node charter fetch --config ${configFile} --from https://<a member> --hash <hash of version 1>`,
    `When the secret comes back: callbook-node vrf open ${name}.sealed --config ${configFile}`,
    `callbook-node config check --config ${configFile}, then callbook-node doctor --config ${configFile}, then serve.`,
  ];
  return {
    result: {
      config: configFile,
      member: member.description,
      description: file,
      request: requestFile,
      governanceKey: governanceKeyFile,
      delegation,
      next: steps,
    },
    lines: [`${configFile} is written. Next:`, ...steps.map((step, i) => `  ${i + 1}. ${step}`)],
  };
}

function certificateStep(
  { api }: Pick<CharterMember, 'api'>,
  { certificate, privateKey }: InitOptions,
): string {
  const { hostname } = new URL(api);
  return `Put the certificate of ${hostname} in ${certificate} and its key in ${privateKey} (mode 0600, of the member's user).`;
}

async function orUnwritable(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw unwritable(
      `cannot write into the folder of the configuration (${code ?? 'unknown'})`,
      cause,
    );
  }
}

function unwritable(message: string, cause?: unknown): DirectoryError<NodeErrorCode> {
  return new DirectoryError('output_unwritable', message, { cause });
}
