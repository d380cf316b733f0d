/**
 * Front ends and a stand-by as docs/operators/scale.md and standby.md tell an operator to set them up: their
 * commands, in their order, with the addresses of this machine in place of those on the page. What a service
 * manager does is done here.
 */
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { createDirectory } from '@callbook/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { MemberLayout, TestnetLayout } from '../../src/layout.ts';
import { MemberProcess } from '../../src/member-process.ts';
import { freePort } from '../../src/peer-process.ts';
import { Postgres } from '../../src/postgres.ts';
import { environment, eventually, openLabWith, runCommand } from '../lab.ts';
import type { Lab, Ran } from '../lab.ts';
import { ask } from '../scale/dns-question.ts';
import { FrontProcess } from '../scale/front-process.ts';
import { changeConfig, logOf, moveToFreePorts, newestCode } from '../scale/member-elsewhere.ts';

const pages = join(import.meta.dirname, '../../../docs/operators');
const stepMsMax = 60_000;
const digits = '34912600300';
const uri = 'sip:somebody@sip.example';

type Machine = 'the database' | 'alpha' | 'alpha-2' | 'front-1';

const parts = new AsyncDisposableStack();
let postgres: Postgres;
let databasePort: number;
let lab: Lab;
let alpha: MemberLayout;
let alphaTwo: MemberLayout;
let front: FrontProcess | undefined;
let frontPorts: { readonly dnsPort: number; readonly metricsPort: number };

beforeAll(async () => {
  postgres = parts.use(await Postgres.start());
  databasePort = await openWay();
  frontPorts = { dnsPort: await freePort(), metricsPort: await freePort() };
  lab = parts.use(await openLabWith({ memberCount: 3, onFounded: likeAMachine }));
  [alpha] = lab.testnet.layout.members as [MemberLayout];
  await mkdir(join(lab.folder, 'bin'));
  // Another machine is another folder.
  const scp = `#!/bin/sh\nexec cp -rp "\${2#alpha.example:}" "$3"\n`;
  await writeFile(join(lab.folder, 'bin/scp'), scp);
  await chmod(join(lab.folder, 'bin/scp'), 0o755);
  await claim();
}, 180_000);

afterAll(async () => await parts.disposeAsync());

/** TCP, as the page has it, to the socket of the database of this test. */
async function openWay(): Promise<number> {
  const folder = new URL(postgres.url.replace(':///', '://localhost/')).searchParams.get('host')!;
  const port = await freePort();
  const server = createServer((client) => {
    const target = connect({ path: join(folder, '.s.PGSQL.5432') });
    for (const socket of [client, target]) socket.on('error', () => undefined);
    client.once('close', () => target.destroy());
    target.once('close', () => client.destroy());
    client.pipe(target).pipe(client);
  });
  server.listen(port, '127.0.0.1');
  parts.defer(() => void server.close());
  return port;
}

/** Data and zone keys where a package has them. */
async function likeAMachine({ members: [member] }: TestnetLayout): Promise<void> {
  const { folder, configFile } = member!;
  const data = `${folder}-data`;
  await mkdir(data, { mode: 0o700 });
  await cp(join(folder, 'zone-keys'), join(data, 'zone-keys'), { recursive: true });
  const { keys } = parse(await readFile(configFile, 'utf8')) as { keys: object };
  await changeConfig(member!, { dataDir: data, keys: { ...keys, zone: join(data, 'zone-keys') } });
}

async function claim(): Promise<void> {
  const { members, charterFile } = lab.testnet.layout;
  const people = createDirectory({
    charterNote: await readFile(charterFile, 'utf8'),
    privacy: 'plain',
    fetch: async (input, init) => {
      const { port, pathname } = new URL(input);
      const { webPort } = members.find(({ apiPort }) => String(apiPort) === port)!;
      return await fetch(`http://localhost:${webPort}${pathname}`, init);
    },
  });
  await people.claim({
    identifier: `tel:+${digits}`,
    seed: crypto.getRandomValues(new Uint8Array(32)),
    routes: [{ service: 'sip', uri, preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: async ({ to, attempt }) =>
      await eventually(
        async () => await newestCode(lab.description.outbox, to, attempt),
        (code) => code !== '',
        stepMsMax,
      ),
  });
}

/** Every block of a page's commands, with the machine that its first line names. */
async function blocksOf(page: string): Promise<{ machine: Machine; lines: string[] }[]> {
  const text = await readFile(join(pages, page), 'utf8');
  return [...text.matchAll(/```sh\n# at (.+)\n([\s\S]*?)```/g)].map(([, machine, block]) => ({
    machine: machine as Machine,
    lines: block!.trimEnd().split('\n'),
  }));
}

/** Runs a block: what a service manager does in this process, all else by a shell. */
async function run(machine: Machine, lines: readonly string[]): Promise<void> {
  let script: string[] = [];
  const flush = async (): Promise<void> => {
    if (script.length > 0) await runScript(machine, script.join('\n'));
    script = [];
  };
  for (const line of lines) {
    const action = actions[`${machine}: ${line.replace(/ \/etc.*$/, '')}`];
    if (action === undefined) {
      expect(line).not.toMatch(/^systemctl/);
      script.push(line);
      continue;
    }
    await flush();
    await action();
  }
  await flush();
}

const actions: Readonly<Record<string, () => Promise<void>>> = {
  'alpha: systemctl restart callbook-node': async () => {
    const before = (await logOf(alpha)).length;
    await lab.testnet.restart('alpha');
    // What the page goes on with is in the table, which the member makes and fills beside its start.
    await saidBy(alpha, 'shared_database_followed', before);
  },
  'alpha: systemctl stop callbook-node': async () => await lab.testnet.members[0]!.stop(),
  'alpha: systemctl start callbook-node': async () => await startStandby(alpha),
  "alpha-2: sed -i 's/192\\.0\\.2\\.53/192.0.2.55/'": async () => {
    const folder = homeOf('alpha-2');
    const configFile = join(folder, 'node.yaml');
    const text = await readFile(configFile, 'utf8');
    await writeFile(configFile, text.replaceAll(`${alpha.folder}-data`, `${folder}-data`));
    await writeFile(join(folder, 'node.log'), '');
    alphaTwo = await moveToFreePorts({ ...alpha, folder, configFile });
  },
  'alpha-2: systemctl enable --now callbook-node': async () => await startStandby(alphaTwo),
  'front-1: systemctl enable --now callbook-front': async () => {
    const folder = homeOf('front-1');
    const configFile = join(folder, 'front.yaml');
    front = parts.use(FrontProcess.startWith({ folder, configFile, ...frontPorts }));
  },
};

async function startStandby(member: MemberLayout): Promise<void> {
  const before = (await logOf(member)).length;
  parts.use(new MemberProcess(member));
  await saidBy(member, 'standing_by', before);
}

/** Waits for a line in a member's log, after the first so many. */
async function saidBy(member: MemberLayout, message: string, after: number): Promise<void> {
  await eventually(
    async () => (await logOf(member)).slice(after).map(({ msg }) => msg),
    (said) => said.includes(message),
    stepMsMax,
  );
}

/** What looks whether something has come to be so may have to look again. */
async function runScript(machine: Machine, script: string): Promise<void> {
  const here = moved(machine, script);
  const path = `${join(lab.folder, 'bin')}:/usr/lib/postgresql/15/bin`;
  const inherited = environment(lab.folder);
  const socket = new URL(postgres.url.replace(':///', '://localhost/')).searchParams.get('host')!;
  const env = {
    ...inherited,
    PATH: `${path}:${inherited['PATH']}`,
    PGHOST: socket,
    PGUSER: 'callbook',
  };
  const once = async (): Promise<Ran> =>
    await runCommand('bash', ['-c', `set -eu -o pipefail\n${here}`], { cwd: lab.folder, env });
  const looks = script.includes('| grep');
  const ran = await eventually(once, ({ code }) => code === 0 || !looks, stepMsMax);
  expect(ran, script).toMatchObject({ code: 0 });
}

function homeOf(machine: Machine): string {
  return machine === 'alpha' ? alpha.folder : join(lab.testnet.layout.folder, machine);
}

/** Paths, addresses and ports of the page as they are here. */
function moved(machine: Machine, script: string): string {
  const home = homeOf(machine);
  const { dnsPort, metricsPort } = frontPorts;
  const moves: readonly (readonly [string | RegExp, string])[] = [
    [/runuser -u callbook -- | -o callbook -g callbook\b/g, ''],
    [/^chown .*$/gm, 'true'],
    ['alpha.example:/etc/callbook', `alpha.example:${alpha.folder}`],
    ['alpha.example:/var/lib/callbook', `alpha.example:${alpha.folder}-data`],
    ['/etc/systemd/system', lab.folder],
    ['/etc/callbook-front', home],
    ['/etc/callbook', home],
    [/(?<!:)\/var\/backups\/callbook-standby/g, `${home}-backups`],
    ['alpha.example:/var/backups/callbook-standby', `alpha.example:${alpha.folder}-backups`],
    ['db.example:5432', `127.0.0.1:${databasePort}`],
    ['{ address: 192.0.2.54, port: 53 }', `{ address: 127.0.0.1, port: ${dnsPort} }`],
    ['@192.0.2.54', `-p ${dnsPort} @127.0.0.1`],
    ['e164.alpha.example', alpha.zone],
    [/\b9465\b/g, String(metricsPort)],
  ];
  return moves.reduce((text, [from, to]) => text.replaceAll(from, to), script);
}

async function frontAnswers(): Promise<void> {
  await eventually(
    async () =>
      await ask({ port: frontPorts.dnsPort, apex: alpha.zone, digits }).catch(() => undefined),
    (answer) => answer?.sip === uri,
    stepMsMax,
  );
}

describe('an operator', () => {
  it('sets up a front end by the page', async () => {
    const blocks = await blocksOf('scale.md');
    expect(blocks.map(({ machine }) => machine)).toContain('front-1');
    for (const { machine, lines } of blocks) await run(machine, lines);
    await frontAnswers();
    const unit = await readFile(join(lab.folder, 'callbook-front.service'), 'utf8');
    expect(unit).toContain('serve --role front');
  }, 180_000);

  it('sets up a stand-by by the page, and sees it take over', async () => {
    const blocks = await blocksOf('standby.md');
    expect(blocks.map(({ machine }) => machine)).toContain('alpha-2');
    for (const { machine, lines } of blocks) await run(machine, lines);
    await eventually(
      async () => (await lab.run(`callbook-node status --config ${alphaTwo.configFile}`)).stdout,
      (status) => /stand-bys +1, behind by \d+ batches\n/.test(status),
      stepMsMax,
    );
    await frontAnswers();
    expect((await front!.log()).map(({ code }) => code)).not.toContain('shared_store_restored');
    // The front end cannot read what the processes share.
    const all = 'SET ROLE callbook_front; SELECT count(*) FROM callbook_ledger';
    const env = { ...process.env, PGHOST: '127.0.0.1', PGPORT: String(databasePort) };
    const asked = ['-d', 'callbook', '-U', 'callbook', '-c', all];
    const { stderr } = await runCommand('psql', asked, { cwd: lab.folder, env });
    expect(stderr).toContain('permission denied');
  }, 180_000);
});
