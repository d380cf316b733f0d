/**
 * `docs/operators/first-member.md`, walked as it stands by an operator who joins a federation of three:
 * only names, addresses and ports are those of a testnet, and this test plays systemd and the registry of
 * the parent zone. Then what a member says that cannot start.
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemberProcess } from '../../src/member-process.ts';
import { environment, eventually, openLab, runCommand } from '../lab.ts';
import type { Lab, Ran } from '../lab.ts';

const repository = join(import.meta.dirname, '../../..');
const voters = ['alpha', 'beta', 'gamma', 'delta'];

let lab: Lab;
let walk: Walk;

beforeAll(async () => {
  lab = await openLab(3, 1);
  walk = await Walk.begin(lab);
  await walk.all();
}, 240_000);

afterAll(async () => {
  await walk?.member?.stop();
  await lab?.[Symbol.asyncDispose]();
});

describe('an operator with the page', { timeout: 90_000 }, () => {
  it('has a member that is ready, by its commands alone', () => {
    expect(walk.failure).toBeUndefined();
    expect(walk.member).toBeDefined();
  });

  it('is told by the doctor that nothing is wrong, in words and in JSON', async () => {
    const said = await walk.doctor();
    expect(said, said.stdout).toMatchObject({ code: 0 });
    expect(said.stdout).not.toMatch(/^fail/m);
    const { healthy, findings } = JSON.parse((await walk.doctor('--json')).stdout) as Diagnosis;
    expect(healthy).toBe(true);
    const states = (check: string): string[] =>
      findings.filter((finding) => finding.check === check).map(({ state }) => state);
    const checks = ['configuration', 'ports', 'clock', 'dns', 'certificate', 'members'];
    expect(checks.map((check) => [check, new Set(states(check))])).toEqual(
      checks.map((check) => [check, new Set(['ok'])]),
    );
    expect(states('members')).toHaveLength(3);
    expect(states('gateways')).toContain('warn');
  });

  it('serves what the others know', async () => {
    const code = `--code-from ${lab.description.outbox}`;
    const line = `register +34912345678 --sip sip:a@sip.example ${code}`;
    expect(await lab.callbook(line)).toMatchObject({ code: 0 });
    const { dnsPort } = walk.layout;
    const name = '8.7.6.5.4.3.2.1.9.4.3.e164.delta.test';
    await eventually(
      async () => await lab.run(`dig +norec @127.0.0.1 -p ${dnsPort} NAPTR ${name}`),
      ({ stdout }) => stdout.includes('sip:a@sip.example'),
      30_000,
    );
  });

  it('is told which member has gone', async () => {
    const gamma = lab.testnet.members.find(({ layout }) => layout.name === 'gamma')!;
    await gamma.stop();
    const { stdout, code } = await walk.doctor();
    expect(stdout).toMatch(/^fail {2}members +gamma: mesh unreachable \(ECONNREFUSED\), API/m);
    expect(code).toBe(1);
  }, 60_000);
});

describe('a member that cannot start says why, and what to do,', { timeout: 90_000 }, () => {
  it('when its ports are taken', async () => {
    const { stderr, code } = await serveCopy('taken', async () => {});
    expect(code, stderr).toBe(1);
    expect(stderr).toMatch(/\((dns_)?listen_failed[^)]*\)\nNext: free the address/);
  });

  it('when its configuration was written by half', async () => {
    const { stderr, code } = await serveCopy('half', async (file) => {
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.slice(0, text.indexOf('addresses:')));
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/line \d+: the file: is no YAML: \w+ \(config_malformed\)\nNext: /);
  });

  it('when the charters that it has are foreign to it', async () => {
    const { stderr, code } = await serveCopy('foreign', async (file) => {
      const { charterFile } = lab.testnet.layout;
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace('charters: [charters]', `charters: [${charterFile}]`));
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/\(member_unknown\)\nNext: the charter must name this member first/);
  });

  it('when others can read its key', async () => {
    const { stderr } = await serveCopy('exposed', async (_, folder) => {
      execFileSync('chmod', ['644', join(folder, 'log.key')]);
    });
    expect(stderr).toMatch(/log\.key has mode 644.*\(key_file_exposed\)\nNext: chmod 600/);
  });

  it('when its disk can only be read', async () => {
    const folder = join(lab.folder, 'readonly');
    await mkdir(folder, { recursive: true });
    const file = await copyOfMember('readonly-member');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace(/^dataDir: .*$/m, `dataDir: ${folder}`));
    const script = `mount -t tmpfs -o ro,mode=700 none ${folder} && exec callbook-node serve --config ${file}`;
    const options = { cwd: lab.folder, env: environment(lab.folder) };
    const { stderr } = await runCommand('unshare', ['--mount', 'sh', '-c', script], options);
    expect(stderr).toMatch(/disk that can only be read \(data_folder_unusable, EROFS\)\nNext: /);
  });
});

interface Diagnosis {
  readonly healthy: boolean;
  readonly findings: readonly { readonly check: string; readonly state: string }[];
}

/** The folder of the member that runs, again, with data of its own where it has none of the other's. */
async function copyOfMember(name: string): Promise<string> {
  const folder = join(lab.folder, name);
  await cp(join(lab.folder, 'delta'), folder, { recursive: true, preserveTimestamps: true });
  const text = await readFile(join(folder, 'node.yaml'), 'utf8');
  // Keys stay those of the member; the store, which has a lock, does not.
  const own = text.replace(/^dataDir: .*$/m, `dataDir: ${join(folder, 'data')}`);
  await writeFile(join(folder, 'node.yaml'), own);
  return join(folder, 'node.yaml');
}

async function serveCopy(
  name: string,
  spoil: (file: string, folder: string) => Promise<void>,
): Promise<Ran> {
  const file = await copyOfMember(name);
  await spoil(file, join(lab.folder, name));
  return await lab.run(`callbook-node serve --config ${file}`);
}

/** The `sh` blocks of the page in order, each on the machine that its first line names. */
class Walk {
  readonly layout: Lab['testnet']['layout']['members'][number];
  member: MemberProcess | undefined;
  failure: string | undefined;
  readonly #lab: Lab;
  readonly #blocks: readonly string[];
  readonly #hash: string;

  private constructor(lab: Lab, blocks: readonly string[], hash: string) {
    this.#lab = lab;
    this.#blocks = blocks;
    this.#hash = hash;
    this.layout = lab.testnet.layout.prospects[0]!;
  }

  static async begin(lab: Lab): Promise<Walk> {
    const page = await readFile(join(repository, 'docs/operators/first-member.md'), 'utf8');
    const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
    const { configFile } = lab.testnet.layout.members[0]!;
    const shown = await lab.run(`callbook-node charter show --config ${configFile} --json`);
    const { hash } = JSON.parse(shown.stdout) as { hash: string };
    // From the authority, and from the operator: neither is on the page.
    const certified = lab.testnet.layout.prospects[0]!.folder;
    await cp(join(certified, 'api.pem'), join(lab.folder, 'fullchain.pem'));
    await cp(join(certified, 'api.key'), join(lab.folder, 'privkey.pem'));
    return new Walk(lab, blocks, hash);
  }

  async all(): Promise<void> {
    for (const block of this.#blocks) {
      const [first, ...lines] = block.split('\n');
      const machine = /^# at (each member|[a-z]+)$/.exec(first!)?.[1];
      if (machine === undefined) this.failure ??= `no machine: ${first}`;
      const names = machine === 'each member' ? voters : [machine!];
      await Promise.all(names.map(async (name) => await this.#at(name, lines.join('\n'))));
      if (this.failure !== undefined) return;
    }
  }

  async doctor(more = ''): Promise<Ran> {
    return await this.#run(
      'delta',
      `callbook-node doctor --config /etc/callbook/node.yaml ${more}`,
    );
  }

  async #at(name: string, block: string): Promise<void> {
    for (const part of block.split(/^(systemctl enable --now callbook-node)$/m)) {
      if (this.failure !== undefined) return;
      if (part.startsWith('systemctl')) this.#start();
      else await this.#step(name, part);
    }
  }

  /** What systemd would do. */
  #start(): void {
    const folder = join(this.#lab.folder, 'delta');
    const configFile = join(folder, 'node.yaml');
    this.member = new MemberProcess({ ...this.layout, folder, configFile });
  }

  async #step(name: string, part: string): Promise<void> {
    // The charter is in force when its time comes; until then the member that is asked has the one before.
    const isFetch = part.includes('charter fetch');
    const ran = await eventually(
      async () => await this.#run(name, part),
      ({ code, stdout }) => code !== 0 || !isFetch || /^Version \d+ names delta/m.test(stdout),
      90_000,
    );
    if (ran.code !== 0) {
      this.failure = `at ${name}: ${part}\n${ran.stdout}${ran.stderr}\n${await this.#logs()}`;
    }
    if (part.includes('callbook-node init')) await this.#handOver();
  }

  /** The last that each member wrote, for whoever reads why this has failed. */
  async #logs(): Promise<string> {
    const { folder, testnet } = this.#lab;
    const folders = [
      ...testnet.layout.members.map((member) => member.folder),
      join(folder, 'delta'),
    ];
    const logs = folders.map(async (at) => await readFile(join(at, 'node.log'), 'utf8'));
    const texts = await Promise.all(logs.map(async (log) => await log.catch(() => '')));
    return texts.map((text, i) => `${folders[i]}\n${text.slice(-800)}`).join('\n');
  }

  /** What is given to another member travels, and the registry of the parent zone takes the DS. */
  async #handOver(): Promise<void> {
    for (const name of ['delta.json', 'vrf.request']) {
      await cp(join(this.#lab.folder, 'delta', name), join(this.#lab.folder, name));
    }
    const link = join(this.layout.folder, 'zone-keys');
    await rm(link, { recursive: true, force: true });
    await symlink(join(this.#lab.folder, 'delta-data/zone-keys'), link);
  }

  async #run(name: string, script: string): Promise<Ran> {
    const env = { ...environment(this.#lab.folder), member: name, hash: this.#hash };
    const moved = `set -eu -o pipefail\n${this.#moved(name, script)}`;
    return await runCommand('bash', ['-c', moved], { cwd: this.#lab.folder, env });
  }

  /** Names, addresses and ports of the page as they are in this testnet. */
  #moved(name: string, script: string): string {
    const { folder, testnet } = this.#lab;
    const { members, caFile, rootPort } = testnet.layout;
    const { apiPort, dnsPort, meshPort, webPort } = this.layout;
    const home = name === 'delta' ? join(folder, 'delta') : join(testnet.layout.folder, name);
    const data = name === 'delta' ? join(folder, 'delta-data') : home;
    const ports = `--api-port ${apiPort} --dns-port ${dnsPort} --mesh-port ${meshPort}`;
    const moves: readonly (readonly [string | RegExp, string])[] = [
      [/ --owner callbook\b|runuser -u callbook -- | -o callbook -g callbook\b/g, ''],
      ['systemctl enable --now callbook-backup.timer', 'true'],
      ['--key governance.key', `--key ${home}/governance.key`],
      ['--yes', `--api https://localhost:${apiPort} ${ports} --metrics-port ${webPort} --yes`],
      [/(doctor .*)/g, `$1 --ca ${caFile} --resolver 127.0.0.1:${rootPort}`],
      ['charter fetch', `charter fetch --ca ${caFile}`],
      ['https://api.e164.alpha.example', `https://localhost:${members[0]!.apiPort}`],
      ['https://api.e164.delta.example', `--cacert ${caFile} https://localhost:${apiPort}`],
      ['e164.delta.example', 'e164.delta.test'],
      ['192.0.2.53', '127.0.0.1'],
      ['127.0.0.1:9464', `127.0.0.1:${webPort}`],
      ['--sign-within 3d', '--sign-within 40s'],
      ['/var/backups/callbook', join(folder, 'backups')],
      ['/etc/callbook', home],
      ['/var/lib/callbook', data],
    ];
    return moves.reduce((text, [from, to]) => text.replaceAll(from, to), script);
  }
}
