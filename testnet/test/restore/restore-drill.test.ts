/**
 * The drill: a member is backed up while people use it, they go on, it is killed and its disk is gone, and
 * the old backup is restored by the commands of the documentation. What anybody has a receipt for is there
 * afterwards, in its place. Then a disk that has changed what was written to it.
 */
import { readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLevelStore } from '@callbook/replication';
import { bindingKey } from '@callbook/replication/bindings-reader';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leavesAt, logSizeAt } from '../../src/chaos/member-view.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { enumName, environment, eventually, openLab, runCommand } from '../lab.ts';
import type { Lab, Ran } from '../lab.ts';
import { scriptOf } from '../page-script.ts';
import { backupsOf, runPage } from './operator-page.ts';

const pages = join(import.meta.dirname, '../../../docs/operators');
const [before, after, later] = ['+34912345678', '+447700900001', '+4915123456789'] as const;
const convergedMsMax = 30_000;
/** Members are started in each. */
const testMsMax = 90_000;

let lab: Lab;
let alpha: MemberLayout;
let beta: MemberLayout;
/** Of alpha's log, as beta has them, when alpha was killed. */
let signed: Uint8Array[];
let backedUpSize: number;

beforeAll(async () => {
  lab = await openLab(3);
  await drill().catch(async (cause: unknown) => {
    const logs = lab.testnet.members.map(async ({ logFile }) => {
      return (await readFile(logFile, 'utf8')).split('\n').slice(-4).join('\n');
    });
    throw new Error((await Promise.all(logs)).join('\n\n'), { cause });
  });
}, 150_000);

async function drill(): Promise<void> {
  [alpha, beta] = lab.testnet.members.map(({ layout }) => layout) as [MemberLayout, MemberLayout];
  await register(before, 'alice');
  const backup = await runPage({ lab, memberName: 'alpha', script: await commandsOf('backup.md') });
  backedUpSize = Number(/own log +(\d+) leaves/.exec(backup)![1]);
  await register(after, 'bob');
  const size = await logSizeAt(alpha, alpha.origin);
  await eventually(
    async () => await logSizeAt(beta, alpha.origin),
    (known) => known >= size,
    convergedMsMax,
  );
  signed = await leavesAt(beta, alpha.origin, size);
  await lab.testnet.members[0]!.stop('SIGKILL');
  await writeFile(lab.testnet.members[0]!.logFile, '');
  await runPage({ lab, memberName: 'alpha', script: await commandsOf('disaster.md') });
}

afterAll(async () => await lab?.[Symbol.asyncDispose]());

async function commandsOf(page: string): Promise<string> {
  return scriptOf(await readFile(join(pages, page), 'utf8'));
}

async function register(number: string, user: string): Promise<void> {
  const code = `--code-from ${lab.description.outbox}`;
  const ran = await lab.callbook(
    `register ${number} --sip sip:${user}@sip.example --member alpha ${code}`,
  );
  if (ran.code !== 0) throw new Error(`register failed: ${ran.stdout}${ran.stderr}`);
}

async function logOf(of: MemberLayout): Promise<{ msg: string; size?: number }[]> {
  const text = await readFile(join(of.folder, 'node.log'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as { msg: string; size?: number });
}

async function naptr(of: MemberLayout, number: string): Promise<Ran> {
  const question = `NAPTR ${enumName(number, of.zone)}`;
  return await lab.run(`dig +norec +time=2 @127.0.0.1 -p ${of.dnsPort} ${question}`);
}

async function command(...args: string[]): Promise<Ran> {
  const options = { cwd: lab.folder, env: environment(lab.folder) };
  return await runCommand(args[0]!, args.slice(1), options);
}

describe('a member that is restored from an old backup', () => {
  it('lacked what it had signed since', () => {
    expect(backedUpSize).toBeGreaterThan(0);
    expect(signed.length).toBeGreaterThan(backedUpSize);
  });

  it('fetched its own log back before it wrote to it', async () => {
    const said = (await logOf(alpha)).filter(({ msg }) => msg.startsWith('own_log_'));
    expect(said[0]).toMatchObject({ msg: 'own_log_unconfirmed', size: backedUpSize });
    expect(said[1]!.msg).toBe('own_log_confirmed');
    expect(said[1]!.size).toBeGreaterThanOrEqual(signed.length);
    expect(said.length).toBe(2);
  });

  it(
    'has every leaf that it had signed, in its place, and writes behind them',
    async () => {
      await register(later, 'carol');
      for (const member of lab.testnet.members) {
        const size = await eventually(
          async () => await logSizeAt(member.layout, alpha.origin),
          (known) => known > signed.length,
          convergedMsMax,
        );
        const leaves = await leavesAt(member.layout, alpha.origin, size);
        expect(leaves.slice(0, signed.length)).toEqual(signed);
      }
      for (const { layout } of lab.testnet.members) {
        const events = (await logOf(layout)).map(({ msg }) => msg);
        expect(events).not.toContain('evidence_found');
        expect(events).not.toContain('own_log_contradicted');
      }
    },
    testMsMax,
  );

  it.each([
    [before, 'alice'],
    [after, 'bob'],
  ])('answers for %s', async (number, user) => {
    const { stdout } = await eventually(
      async () => await naptr(alpha, number),
      (ran) => ran.stdout.includes(`sip:${user}@sip.example`),
      convergedMsMax,
    );
    expect(stdout).toContain('status: NOERROR');
  });

  it(
    'is backed up anew, and what it was backed up to stays readable',
    async () => {
      await runPage({ lab, memberName: 'alpha', script: await commandsOf('upgrade.md') });
      expect((await readdir(backupsOf(lab))).length).toBe(2);
    },
    testMsMax,
  );
});

describe('a backup', () => {
  it.each([
    ['without room', 'size=16k', 'disk_full'],
    ['that is read-only', 'ro', 'folder_unwritable'],
  ])(
    'to a disk %s is refused with what to do',
    async (_what, how, code) => {
      const disk = join(lab.folder, 'disk');
      const make = `callbook-node backup --config ${beta.configFile} --to ${disk}`;
      const script = `mkdir -p ${disk} && mount -t tmpfs -o ${how} none ${disk} && ${make}`;
      const ran = await command('unshare', '--mount', 'sh', '-c', script);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain(`(${code}`);
      expect(ran.stderr).toContain('Next: ');
    },
    testMsMax,
  );

  it(
    'does not need the member to run',
    async () => {
      await lab.testnet.members[2]!.stop();
      const { configFile } = lab.testnet.members[2]!.layout;
      const to = join(lab.folder, 'at-rest');
      const made = await command('callbook-node', 'backup', '--config', configFile, '--to', to);
      expect(made, made.stderr).toMatchObject({ code: 0 });
      await lab.testnet.restart('gamma');
    },
    testMsMax,
  );
});

describe('a store that the disk has changed', () => {
  const store = (): string => join(beta.folder, 'data/store');

  it(
    'is answered with SERVFAIL where a binding has another byte, and not backed up',
    async () => {
      await eventually(
        async () => await naptr(beta, after),
        ({ stdout }) => stdout.includes('sip:bob@sip.example'),
        convergedMsMax,
      );
      await lab.testnet.members[1]!.stop();
      await changeRow(bindingKey(`tel:${after}`));
      await lab.testnet.restart('beta');
      const { stdout } = await naptr(beta, after);
      expect(stdout).toContain('status: SERVFAIL');
      expect(stdout).not.toContain('sip:');
      expect((await naptr(beta, before)).stdout).toContain('sip:alice@sip.example');
      const to = join(lab.folder, 'damaged');
      const ran = await command('callbook-node', 'backup', '--config', beta.configFile, '--to', to);
      expect(ran).toMatchObject({ code: 1 });
      expect(ran.stderr).toMatch(/\(store_damaged\)\nNext: /);
    },
    testMsMax,
  );

  it(
    'is not opened when its manifest was cut: the start says what to do',
    async () => {
      await lab.testnet.members[1]!.stop();
      const manifest = (await readdir(store())).find((name) => name.startsWith('MANIFEST'))!;
      await truncate(join(store(), manifest), 16);
      const refused = /\(store_damaged\)\s+Next: stop the member, move its data folder away/;
      await expect(lab.testnet.restart('beta')).rejects.toThrow(refused);
    },
    testMsMax,
  );

  it(
    'is made anew from the others where there is no backup',
    async () => {
      await rename(join(beta.folder, 'data'), join(beta.folder, 'data.damaged'));
      await lab.testnet.restart('beta');
      const { stdout } = await eventually(
        async () => await naptr(beta, after),
        (ran) => ran.stdout.includes('sip:bob@sip.example'),
        convergedMsMax,
      );
      expect(stdout).toContain('status: NOERROR');
      await rm(join(beta.folder, 'data.damaged'), { recursive: true });
    },
    testMsMax,
  );

  /**
   * Changes one byte of a row where it stands in a table. Tables are compressed: the byte is one of those that
   * spell the route, and changes this row; the same letters may stand elsewhere by chance.
   */
  async function changeRow(rowKey: Uint8Array): Promise<void> {
    const level = await openLevelStore(store(), { cacheBytes: 1 << 20 });
    // Out of the write-ahead log, into a table.
    await level.compact(Uint8Array.of(0), Uint8Array.of(255));
    await level.close();
    const row = await storedRow(rowKey);
    for (const name of (await readdir(store())).filter((one) => one.endsWith('.ldb'))) {
      const path = join(store(), name);
      const bytes = await readFile(path);
      for (let at = bytes.indexOf('bob'); at !== -1; at = bytes.indexOf('bob', at + 1)) {
        bytes[at]! ^= 1;
        await writeFile(path, bytes);
        const changed = await storedRow(rowKey).catch(() => row);
        if (!changed.equals(row)) return;
        bytes[at]! ^= 1;
        await writeFile(path, bytes);
      }
    }
    throw new Error('no byte changes the row');
  }

  async function storedRow(rowKey: Uint8Array): Promise<Buffer> {
    const level = await openLevelStore(store(), { cacheBytes: 1 << 20 });
    const row = Buffer.from(level.get(rowKey)!);
    await level.close();
    return row;
  }
});
