/**
 * What a daemon says about a machine that is not as it should be: ports, disks, rights, the data of another
 * federation, a clock that is set. Each time a code, and what to do. What is wrong with its own files is in
 * the tests of the federation and of the first member.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { foundTestnet } from '../../src/founding.ts';
import { freePortBase } from '../../src/free-ports.ts';
import { layOut } from '../../src/layout.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { MemberProcess } from '../../src/member-process.ts';
import { environment, eventually, runCommand } from '../lab.ts';
import type { Ran } from '../lab.ts';

const aliveMsMax = 30_000;
const testMsMax = 90_000;
const nobody = 65_534;
/** Root without the rights of root. */
const withoutRights = 'setpriv --bounding-set -all --inh-caps -all';

let folder: string;
let portBase: number;
let alpha: MemberLayout;
let beta: MemberLayout;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-surroundings-'));
  portBase = await freePortBase(2);
  [alpha, beta] = await found('federation');
}, testMsMax);
afterEach(async () => await rm(folder, { recursive: true, force: true }));

async function found(name: string): Promise<[MemberLayout, MemberLayout]> {
  const layout = layOut({ folder: join(folder, name), memberCount: 2, portBase });
  await foundTestnet(layout);
  return layout.members as [MemberLayout, MemberLayout];
}

/** Runs the daemon to its end, in a shell that has prepared its surroundings. */
async function serve({ configFile }: MemberLayout, how = ''): Promise<Ran> {
  const script = `set -e\n${how} callbook-node serve --config ${configFile}`;
  const options = { cwd: folder, env: environment(folder) };
  return await runCommand('unshare', ['--mount', 'sh', '-c', script], options);
}

async function aliveOnce(member: MemberLayout): Promise<void> {
  await using running = new MemberProcess(member);
  await running.untilAlive(Date.now() + aliveMsMax);
}

describe('a daemon that cannot start says why, and what to do:', () => {
  it.each(['apiPort', 'webPort', 'meshPort', 'metricsPort', 'operatorPort', 'dnsPort'] as const)(
    'somebody else has its %s',
    async (port) => {
      const taken = createServer().listen(alpha[port], '127.0.0.1');
      await once(taken, 'listening');
      const { code, stderr } = await serve(alpha);
      taken.close();
      expect(code, stderr).toBe(1);
      expect(stderr).toMatch(/\((dns_)?listen_failed[^)]*\)\nNext: free the address/);
    },
    testMsMax,
  );

  it(
    'somebody else has the UDP port of its DNS, or the port of DNS over TLS',
    async () => {
      const taken = createSocket('udp4').bind(alpha.dnsPort, '127.0.0.1');
      await once(taken, 'listening');
      const refused = /\(dns_listen_failed[^)]*\)\nNext: free the address/;
      expect((await serve(alpha)).stderr).toMatch(refused);
      taken.close();
      const other = createServer().listen(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const listen = [{ address: '127.0.0.1', port }];
      const dnsOverTls = { listen, certificate: 'api.pem', privateKey: 'api.key' };
      const config = parse(await readFile(alpha.configFile, 'utf8')) as { dns: object };
      const changed = { ...config, dns: { ...config.dns, tls: dnsOverTls } };
      await writeFile(alpha.configFile, stringify(changed));
      expect((await serve(alpha)).stderr).toMatch(refused);
      other.close();
    },
    testMsMax,
  );

  it.each(['log.key', 'vrf.key', 'peer.key', 'api.key'])(
    'others can read its %s, or it is another user’s',
    async (name) => {
      const path = join(alpha.folder, name);
      await chmod(path, 0o644);
      expect((await serve(alpha)).stderr).toMatch(/\(key_file_exposed\)\nNext: chmod 600/);
      await chmod(path, 0o600);
      await chown(path, nobody, nobody);
      const { code, stderr } = await serve(alpha, withoutRights);
      expect(code).toBe(1);
      expect(stderr).toMatch(/\(key_file_unreadable, EACCES\)\nNext: restore the file/);
    },
    testMsMax,
  );

  it(
    'others can write its configuration, or its data',
    async () => {
      await chmod(alpha.configFile, 0o664);
      expect((await serve(alpha)).stderr).toMatch(/mode 664.*\(config_exposed\)\nNext: chmod go-w/);
      await chmod(alpha.configFile, 0o600);
      const data = join(alpha.folder, 'data');
      await mkdir(data, { mode: 0o700 });
      await chmod(data, 0o777);
      expect((await serve(alpha)).stderr).toMatch(
        /\(data_folder_unusable\)\nNext: give the folder/,
      );
    },
    testMsMax,
  );

  it.each([
    ['store', 'store_unavailable'],
    ['tokens', 'store_unavailable'],
    ['../zone-keys', 'dns_key_state_unreadable'],
  ])(
    'the folder %s is another user’s',
    async (name, code) => {
      const path = join(alpha.folder, 'data', name);
      await mkdir(path, { recursive: true, mode: 0o700 });
      await chown(path, nobody, nobody);
      const { stderr } = await serve(alpha, withoutRights);
      expect(stderr).toContain(`(${code}`);
      expect(stderr).toMatch(/\nNext: (look at the disk, and|see) who owns/);
    },
    testMsMax,
  );

  it(
    'something else has the name of its admin socket',
    async () => {
      await mkdir(join(alpha.folder, 'data/admin.sock/full'), { recursive: true, mode: 0o700 });
      expect((await serve(alpha)).stderr).toMatch(/\(admin_socket_unusable\)\nNext: .*admin\.sock/);
    },
    testMsMax,
  );

  it.each([
    ['zone key', 'zone-keys/ksk.pem', /\(dns_key_malformed\)\nNext: restore/],
    ['peer key', 'peer.key', /\(peer_key_unusable\)\nNext: restore/],
    ['certificate', 'api.pem', /\(certificate_unfit[^)]*\)\nNext: use/],
    ['charter', '../charter-1.note', /\(charter_refused\)\nNext: list all versions/],
    ['configuration', 'node.yaml', /\(config_\w+\)\nNext: correct/],
  ])(
    'its %s was written by half, or is zeros after a power cut',
    async (_what, name, expected) => {
      const path = join(alpha.folder, name);
      const whole = await readFile(path);
      for (const rest of [whole.subarray(0, whole.length / 2), Buffer.alloc(whole.length)]) {
        await writeFile(path, rest);
        const { code, stderr } = await serve(alpha);
        expect(code).toBe(1);
        expect(stderr).toMatch(expected);
      }
    },
    testMsMax,
  );

  it(
    'its disk is full',
    async () => {
      const data = join(alpha.folder, 'data');
      await mkdir(data, { recursive: true, mode: 0o700 });
      const full = `mount -t tmpfs -o size=64k,mode=700 none ${data}
        cat /dev/zero > ${data}/filled 2> /dev/null || true\n`;
      const { code, stderr } = await serve(alpha, full);
      expect(code).toBe(1);
      expect(stderr).toMatch(/disk without room \(data_folder_unusable, ENOSPC\)\nNext: /);
    },
    testMsMax,
  );

  it(
    'its folder is another user’s',
    async () => {
      const data = join(alpha.folder, 'data');
      await mkdir(data, { recursive: true, mode: 0o700 });
      await chown(data, nobody, nobody);
      const { code, stderr } = await serve(alpha, withoutRights);
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /belongs to another user \(data_folder_unusable, E(ACCES|PERM)\)\nNext: give the folder/,
      );
    },
    testMsMax,
  );

  it(
    'others can read its zone keys',
    async () => {
      const keys = join(alpha.folder, 'zone-keys');
      for (const name of await readdir(keys)) await chmod(join(keys, name), 0o644);
      const { stderr } = await serve(alpha);
      expect(stderr).toMatch(/\(dns_key_exposed\)\nNext: chmod 600/);
    },
    testMsMax,
  );

  it(
    'its peer key is another’s',
    async () => {
      await copyFile(join(beta.folder, 'peer.key'), join(alpha.folder, 'peer.key'));
      const { stderr } = await serve(alpha);
      expect(stderr).toMatch(/\(peer_key_mismatch\)\nNext: restore the peer key/);
    },
    testMsMax,
  );

  it(
    'its store has lost a write-ahead log',
    async () => {
      await aliveOnce(alpha);
      const store = join(alpha.folder, 'data/store');
      const log = join(
        store,
        (await readdir(store)).find((name) => name.endsWith('.log'))!,
      );
      const whole = await readFile(log);
      expect(whole.length).toBeGreaterThan(1000);
      const refused = /\(store_damaged\)\nNext: stop the member, move its data folder away/;
      await rm(log);
      expect((await serve(alpha)).stderr).toMatch(refused);
      await writeFile(log, whole, { mode: 0o600 });
      await aliveOnce(alpha);
    },
    testMsMax,
  );

  it(
    'its data are of another federation',
    async () => {
      await aliveOnce(alpha);
      const [other] = await found('other');
      await rm(join(other.folder, 'data'), { recursive: true, force: true });
      await rename(join(alpha.folder, 'data'), join(other.folder, 'data'));
      const { code, stderr } = await serve(other);
      expect(code).toBe(1);
      expect(stderr).toMatch(/\(charter_contradicted\)\nNext: two federations are mixed up/);
    },
    testMsMax,
  );
});

describe('a daemon that runs', () => {
  it(
    'says that the clock was set, by how much, and goes on',
    async () => {
      // Nobody but the kernel can set the clock of one process alone: its own is replaced in it.
      const clock = join(folder, 'clock.mjs');
      await writeFile(
        clock,
        `const { now } = Date; let byMs = 0;
        Date.now = () => now() + byMs;
        process.on('SIGUSR2', () => { byMs += 3_600_000; });`,
      );
      const log = async (): Promise<string> =>
        await readFile(join(alpha.folder, 'node.log'), 'utf8');
      process.env['NODE_OPTIONS'] = `--import=${clock}`;
      await using running = new MemberProcess(alpha);
      delete process.env['NODE_OPTIONS'];
      await running.untilAlive(Date.now() + aliveMsMax);
      expect(await log()).not.toContain('clock_jumped');
      process.kill(running.pid!, 'SIGUSR2');
      const text = await eventually(log, (one) => one.includes('clock_jumped'), aliveMsMax);
      const { byMs } = JSON.parse(
        text.split('\n').find((line) => line.includes('clock_jumped'))!,
      ) as { byMs: number };
      expect(byMs).toBeGreaterThan(3_500_000);
      expect(byMs).toBeLessThan(3_700_000);
      await running.untilAlive(Date.now() + aliveMsMax);
    },
    testMsMax,
  );
});
