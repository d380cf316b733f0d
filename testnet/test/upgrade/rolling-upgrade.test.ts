/**
 * A federation of three in which members are upgraded one after the other while people claim numbers, and one
 * goes back. The version after this one is this one with changed source: it has a stream of a newer version
 * beside the old one, tries that first, and writes a store that this version cannot read.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leavesAt, logSizeAt } from '../../src/chaos/member-view.ts';
import type { SourceEdit } from '../edited-source.ts';
import { enumName, environment, eventually, openLab, runCommand } from '../lab.ts';
import type { Lab } from '../lab.ts';

const numbers = ['+34912345678', '+447700900001', '+4915123456789', '+34912345679'] as const;
const convergedMsMax = 30_000;
const testMsMax = 120_000;

/** Says by which stream it follows another member's logs. */
const openTail = `await network
            .open(name, { ...tailProtocol, name: '/callbook/tail/2' })
            .then(
              (stream) => (console.log('{"msg":"tail_2"}'), stream),
              () => (console.log('{"msg":"tail_1"}'), network.open(name, tailProtocol)),
            ),`;

const nextVersion: readonly SourceEdit[] = [
  {
    file: '/replication/src/tail/tail-server.ts',
    find: 'await network.serve(tailProtocol, ',
    replace:
      "await network.serve({ ...tailProtocol, name: '/callbook/tail/2' }, (stream, name) => serveStream(stream, replica, name));\n  await network.serve(tailProtocol, ",
  },
  {
    file: '/replication/src/tail/log-follower.ts',
    find: 'await network.open(name, tailProtocol),',
    replace: openTail,
  },
  {
    file: '/replication/src/store/schema.ts',
    find: '{ version: 2, oldestReader: 2 }',
    replace: '{ version: 3, oldestReader: 3 }',
  },
  {
    file: '/replication/src/store/schema.ts',
    find: 'steps: [{ to: 2, run: sealBindings }],',
    replace: 'steps: [{ to: 2, run: sealBindings }, { to: 3, run: async () => undefined }],',
  },
];

const asNextVersion = {
  CALLBOOK_TEST_EDITS: JSON.stringify(nextVersion),
  NODE_OPTIONS: `--import ${join(import.meta.dirname, '../edited-source.ts')}`,
};

let lab: Lab;
beforeAll(async () => {
  lab = await openLab(3);
  await register(0, 'alpha');
}, 120_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

async function register(position: number, memberName: string): Promise<void> {
  const code = `--code-from ${lab.description.outbox}`;
  const ran = await lab.callbook(
    `register ${numbers[position]} --sip sip:p${position}@sip.example --member ${memberName} ${code}`,
  );
  if (ran.code !== 0) throw new Error(`register failed: ${ran.stdout}${ran.stderr}`);
}

/** Waits until every member answers for the first `count` numbers. */
async function allAnswer(count: number): Promise<void> {
  for (const { layout } of lab.testnet.members) {
    for (let position = 0; position < count; position += 1) {
      const question = `NAPTR ${enumName(numbers[position]!, layout.zone)}`;
      const ask = `dig +norec +time=2 @127.0.0.1 -p ${layout.dnsPort} ${question}`;
      await eventually(
        async () => await lab.run(ask),
        ({ stdout }) => stdout.includes(`sip:p${position}@sip.example`),
        convergedMsMax,
      );
    }
  }
}

async function events(memberName: string): Promise<string[]> {
  const { logFile } = lab.testnet.members.find(({ layout }) => layout.name === memberName)!;
  const lines = (await readFile(logFile, 'utf8')).split('\n');
  return lines.flatMap((line) => /"msg":"(\w+)"/.exec(line)?.[1] ?? []);
}

async function command(...args: string[]): Promise<void> {
  const options = { cwd: lab.folder, env: environment(lab.folder) };
  const ran = await runCommand('callbook-node', args, options);
  if (ran.code !== 0) throw new Error(`${args.join(' ')}: ${ran.stderr}`);
}

describe('a federation whose members are upgraded one after the other', () => {
  it(
    'serves and takes claims while one of three is newer',
    async () => {
      const { configFile } = lab.testnet.members[2]!.layout;
      const to = join(lab.folder, 'backups');
      await command('backup', '--config', configFile, '--to', to);
      await lab.testnet.restart('gamma', asNextVersion);
      expect(await events('gamma')).toContain('store_migrating');
      await register(1, 'gamma');
      await allAnswer(2);
      // The others know no newer stream, and say so without harm.
      await eventually(
        async () => await events('gamma'),
        (said) => said.includes('tail_1'),
        convergedMsMax,
      );
      expect(await events('gamma')).not.toContain('tail_2');
    },
    testMsMax,
  );

  it(
    'uses what is new between those that are newer, and the old with the rest',
    async () => {
      await lab.testnet.restart('beta', asNextVersion);
      await eventually(
        async () => await events('beta'),
        (said) => said.includes('tail_2') && said.includes('tail_1'),
        convergedMsMax,
      );
      await register(2, 'alpha');
      await allAnswer(3);
    },
    testMsMax,
  );

  it(
    'lets one go back: its store is refused untouched, and the backup from before is restored',
    async () => {
      await expect(lab.testnet.restart('gamma')).rejects.toThrow(/\(store_newer\)\s+Next: start/);
      const { configFile, folder } = lab.testnet.members[2]!.layout;
      await rm(join(folder, 'data'), { recursive: true });
      await command('restore', '--from', join(lab.folder, 'backups'), '--config', configFile);
      await lab.testnet.restart('gamma');
      await register(3, 'gamma');
      await allAnswer(4);
    },
    testMsMax,
  );

  it(
    'has the same logs everywhere afterwards, and nobody has broken a rule',
    { timeout: 60_000 },
    async () => {
      const members = lab.testnet.members.map(({ layout }) => layout);
      for (const { origin } of members) {
        const all = await Promise.all(
          members.map(async (member) => {
            const size = await logSizeAt(member, origin);
            return await leavesAt(member, origin, size);
          }),
        );
        const common = Math.min(...all.map(({ length }) => length));
        expect(common).toBeGreaterThan(1);
        for (const leaves of all) expect(leaves.slice(0, common)).toEqual(all[0]!.slice(0, common));
      }
      for (const { name } of members) {
        const said = await events(name);
        expect(said).not.toContain('rule_broken');
        expect(said).not.toContain('evidence_found');
      }
    },
  );
});
