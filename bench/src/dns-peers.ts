/**
 * The name servers that the DNS bench runs beside ours, each with the same zone, as many threads, no
 * rate limit and no cookies. What is not installed is left out. Debian packages: knot, nsd,
 * pdns-server with pdns-backend-bind, and bind9-utils, which signs the zone for the first two.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ZoneAlgorithm } from '@callbook/dns';
import { freePort } from './dns-server-process.ts';
import type { ServerCommand } from './dns-server-process.ts';
import { benchApex } from './dns-zone.ts';

export interface PeerZone {
  readonly folder: string;
  /** Unsigned. */
  readonly zoneFile: string;
  readonly workers: number;
}

export function isInstalled(program: string): boolean {
  return spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${program}`]).status === 0;
}

/** Signs the zone as BIND does, with NSEC and algorithm 13; returns the file. */
export async function signZone({ folder, zoneFile }: PeerZone): Promise<string> {
  const keys = [['-f', 'KSK'], []].map((flags) =>
    run(folder, 'dnssec-keygen', ['-q', '-a', 'ECDSAP256SHA256', ...flags, benchApex]).trim(),
  );
  const publicKeys = await Promise.all(
    keys.map(async (key) => await readFile(join(folder, `${key}.key`), 'utf8')),
  );
  const unsigned = join(folder, 'with-keys.zone');
  await writeFile(unsigned, `$INCLUDE ${zoneFile}\n${publicKeys.join('')}`);
  const signed = join(folder, 'signed.zone');
  const flags = ['-P', '-q', '-O', 'full', '-n', '2', '-o', benchApex];
  run(folder, 'dnssec-signzone', [...flags, '-f', signed, unsigned, ...keys]);
  return signed;
}

/** Knot with a zone that is signed already. */
export async function knotPresigned(zone: PeerZone, signedFile: string): Promise<ServerCommand> {
  const zoneLines = [`  - domain: ${benchApex}`, `    file: ${signedFile}`];
  return await knot(zone, { name: 'knot', lines: ['zone:', ...zoneLines] });
}

/** Knot that signs each answer (RFC 4470). */
export async function knotOnline(zone: PeerZone, algorithm: ZoneAlgorithm): Promise<ServerCommand> {
  const lines = [
    'policy:',
    '  - id: online',
    `    algorithm: ${{ 13: 'ecdsap256sha256', 15: 'ed25519' }[algorithm]}`,
    'mod-onlinesign:',
    '  - id: online',
    '    policy: online',
    'zone:',
    `  - domain: ${benchApex}`,
    `    file: ${zone.zoneFile}`,
    '    module: mod-onlinesign/online',
  ];
  return await knot(zone, { name: 'knot online', lines });
}

async function knot(
  zone: PeerZone,
  variant: { readonly name: string; readonly lines: readonly string[] },
): Promise<ServerCommand> {
  const { name } = variant;
  const port = await freePort();
  const folder = await mkdtemp(join(zone.folder, 'knot-'));
  const lines = [
    'server:',
    `    listen: 127.0.0.1@${port}`,
    `    rundir: ${folder}`,
    `    udp-workers: ${zone.workers}`,
    '    tcp-workers: 1',
    'log:',
    '  - target: stderr',
    '    any: error',
    'database:',
    `    storage: ${folder}`,
    'template:',
    '  - id: default',
    `    storage: ${folder}`,
    '    zonefile-sync: -1',
    '    journal-content: none',
    ...variant.lines,
  ];
  const configFile = join(folder, 'knot.conf');
  await writeFile(configFile, `${lines.join('\n')}\n`);
  return { name, program: 'knotd', args: ['-c', configFile], port };
}

/** NSD with a zone that is signed already. */
export async function nsd(zone: PeerZone, signedFile: string): Promise<ServerCommand> {
  const port = await freePort();
  const folder = await mkdtemp(join(zone.folder, 'nsd-'));
  const lines = [
    'server:',
    `  ip-address: 127.0.0.1@${port}`,
    `  server-count: ${zone.workers}`,
    '  reuseport: yes',
    '  username: ""',
    '  database: ""',
    `  zonesdir: ${folder}`,
    `  zonelistfile: ${folder}/zone.list`,
    `  xfrdfile: ${folder}/xfrd.state`,
    `  xfrdir: ${folder}`,
    `  pidfile: ${folder}/nsd.pid`,
    '  rrl-ratelimit: 0',
    '  verbosity: 0',
    'remote-control:',
    '  control-enable: no',
    'zone:',
    `  name: ${benchApex}`,
    `  zonefile: ${signedFile}`,
  ];
  const configFile = join(folder, 'nsd.conf');
  await writeFile(configFile, `${lines.join('\n')}\n`);
  return { name: 'nsd', program: 'nsd', args: ['-d', '-c', configFile], port };
}

/** PowerDNS that signs each answer, and denies by NSEC3 made for the name (RFC 7129, "white lies"). */
export async function powerdns(zone: PeerZone, algorithm: ZoneAlgorithm): Promise<ServerCommand> {
  const folder = await mkdtemp(join(zone.folder, 'powerdns-'));
  await writeFile(
    join(folder, 'named.conf'),
    `zone "${benchApex}" { type master; file "${zone.zoneFile}"; };\n`,
  );
  const keys = join(folder, 'keys.sqlite');
  const settings = {
    launch: 'bind',
    'bind-config': join(folder, 'named.conf'),
    'bind-dnssec-db': keys,
    'distributor-threads': 1,
  };
  const made = { name: 'powerdns', folder, workers: zone.workers, algorithm, settings };
  return await signingPowerdns(made, (tool) => tool('create-bind-db', keys));
}

/** PowerDNS as configured, with keys of its own for the zone that it finds there. */
export async function signingPowerdns(
  made: {
    readonly name: string;
    readonly folder: string;
    readonly workers: number;
    readonly algorithm: ZoneAlgorithm;
    readonly settings: Readonly<Record<string, string | number>>;
  },
  prepare: (tool: (...args: string[]) => string) => void = () => undefined,
): Promise<ServerCommand> {
  const { name, folder, workers, algorithm } = made;
  const port = await freePort();
  const settings = {
    'local-address': '127.0.0.1',
    'local-port': port,
    'socket-dir': folder,
    'receiver-threads': workers,
    reuseport: 'yes',
    'consistent-backends': 'yes',
    'zone-cache-refresh-interval': 0,
    daemon: 'no',
    guardian: 'no',
    loglevel: 3,
    'security-poll-suffix': '',
    setuid: '',
    setgid: '',
    ...made.settings,
  };
  const lines = Object.entries(settings).map(([setting, value]) => `${setting}=${value}\n`);
  await writeFile(join(folder, 'pdns.conf'), lines.join(''));
  const tool = (...args: string[]): string =>
    run(folder, 'pdnsutil', [`--config-dir=${folder}`, ...args]);
  prepare(tool);
  const key = { 13: 'ecdsa256', 15: 'ed25519' }[algorithm];
  for (const role of ['ksk', 'zsk']) tool('add-zone-key', benchApex, role, 'active', key);
  tool('set-nsec3', benchApex, '1 0 0 -', 'narrow');
  return { name, program: 'pdns_server', args: [`--config-dir=${folder}`], port };
}

function run(folder: string, program: string, args: readonly string[]): string {
  const path = `${process.env['PATH']}:/usr/sbin`;
  const env = { ...process.env, PATH: path };
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env,
  });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  return stdout;
}
