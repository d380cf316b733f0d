/**
 * The disk of a member that runs becomes full, or (with CALLBOOK_FULL=1, as it takes a loop device) can only be
 * read any more: the member says so wherever an operator looks, takes and signs nothing more, and answers what
 * it has. When the disk is well again and the member is started again it goes on where its receipts end.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectory } from '@callbook/client';
import type { Directory, Holding } from '@callbook/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ledger } from '../../src/chaos/ledger.ts';
import { leavesAt, logSizeAt } from '../../src/chaos/member-view.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { enumName, eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { linesOf, newestCode } from '../scale/member-elsewhere.ts';
import { FaultyDisk, SmallDisk } from './held-disk.ts';
import type { HeldDisk } from './held-disk.ts';

const soonMsMax = 30_000;
const readyMsMax = 60_000;
const number = '+34912600201';
const routesOf = (n: number) =>
  [{ service: 'sip', uri: `sip:v${n}@sip.example`, preference: 10 }] as const;
const refused = expect.objectContaining({ code: 'directory_unavailable' });

const disks = [
  ['becomes full', SmallDisk, 'CallbookDiskFull'],
  ['can only be read any more', FaultyDisk, 'CallbookNotReady'],
] as const;

describe.each(disks.slice(0, process.env['CALLBOOK_FULL'] ? 2 : 1))(
  'a member whose disk %s',
  (_what, { under: openDisk }, advice) => {
    const parts = new AsyncDisposableStack();
    const ledger = new Ledger();
    let lab: Lab;
    let alpha: MemberLayout;
    let beta: MemberLayout;
    let disk: HeldDisk;
    let running: ChildProcess;
    let people: Directory;
    let holding: Holding;
    /** Whether people reach alpha alone, so that nobody else takes what it refuses. */
    let isCutOff = false;
    /** Answers to entries. */
    const statuses: number[] = [];
    /** Published last with a receipt. */
    let version = 0;
    /** Of alpha's log, when its disk failed. */
    let sizeThen: number;

    beforeAll(async () => {
      lab = parts.use(await openLab(3));
      [alpha, beta] = lab.testnet.layout.members as [MemberLayout, MemberLayout];
      await lab.testnet.members[0]!.stop();
      disk = parts.use(await openDisk(join(alpha.folder, 'data')));
      await start();
      people = createDirectory({
        charterNote: await readFile(lab.testnet.layout.charterFile, 'utf8'),
        members: ['alpha'],
        privacy: 'plain',
        fetch: async (input, init) => {
          const { port, pathname } = new URL(input);
          const { members } = lab.testnet.layout;
          const { name, webPort } = members.find(({ apiPort }) => String(apiPort) === port)!;
          if (isCutOff && name !== 'alpha') throw new TypeError('only alpha is reached');
          const answer = await fetch(`http://localhost:${webPort}${pathname}`, init);
          if (pathname === '/v1/entries') statuses.push(answer.status);
          return answer;
        },
      });
      const code = async ({ to }: { to: string }): Promise<string> =>
        await eventually(
          async () => await newestCode(lab.description.outbox, to),
          (one) => one !== '',
        );
      const seed = crypto.getRandomValues(new Uint8Array(32));
      const claim = { identifier: `tel:${number}`, seed, visibility: 'dns', form: 'app' } as const;
      holding = await people.claim({ ...claim, routes: routesOf(0), code });
      ledger.acknowledge(holding);
      await publish(1);
    }, 180_000);

    afterAll(async () => {
      running?.kill('SIGKILL');
      await parts.disposeAsync();
    });

    async function start(): Promise<void> {
      running = disk.start(alpha);
      await eventually(ready, ({ ready: isReady }) => isReady === true, readyMsMax);
    }

    async function publish(next: number): Promise<void> {
      holding = await people.publish(holding, { routes: routesOf(next) });
      ledger.acknowledge(holding);
      version = next;
    }

    async function ready(): Promise<{ ready?: boolean; reasons?: string[] }> {
      const answer = await fetch(`http://localhost:${alpha.webPort}/readyz`).catch(() => undefined);
      return answer === undefined
        ? {}
        : ((await answer.json()) as { ready?: boolean; reasons?: string[] });
    }

    async function naptr(): Promise<string> {
      const question = `NAPTR ${enumName(number, alpha.zone)}`;
      return (await lab.run(`dig +norec +time=2 @127.0.0.1 -p ${alpha.dnsPort} ${question}`))
        .stdout;
    }

    it('takes nothing more, with a code, and says why', async () => {
      isCutOff = true;
      await disk.fail();
      // What fits into the last page of a file is written still.
      const writing = (async () => {
        for (let next = 2; next < 100; next += 1) await publish(next);
      })();
      await expect(writing).rejects.toThrow(refused);
      expect(statuses.at(-1)).toBe(503);
      sizeThen = await logSizeAt(alpha, alpha.origin);
      await eventually(ready, ({ reasons = [] }) => reasons.includes('store_failed'), soonMsMax);
      expect(running.exitCode).toBeNull();
    }, 60_000);

    it('tells its operator in the metrics and on the page, with what to do', async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${alpha.metricsPort}/metrics`)).text();
      expect(metrics).toMatch(/^callbook_trouble\{reason="store_failed"\} 1$/m);
      expect(metrics).toMatch(/^callbook_ready 0$/m);
      const page = await (await fetch(`http://localhost:${alpha.operatorPort}/`)).text();
      expect(page).toContain('not ready: store_failed');
      expect(page).toContain(advice);
    });

    it('answers what it has, and signs nothing', async () => {
      await eventually(naptr, (said) => said.includes(`sip:v${version}@sip.example`), soonMsMax);
      await expect(publish(version + 1)).rejects.toThrow(refused);
      expect(await logSizeAt(alpha, alpha.origin)).toBe(sizeThen);
    }, 60_000);

    it('does so still when there is room again, until it is started anew', async () => {
      await disk.mendWhileInUse();
      await expect(publish(version + 1)).rejects.toThrow(refused);
      expect((await ready()).reasons).toContain('store_failed');
      expect(await logSizeAt(alpha, alpha.origin)).toBe(sizeThen);
    }, 60_000);

    it('has all that it gave receipts for after that, and goes on behind it', async () => {
      running.kill('SIGTERM');
      expect((await once(running, 'exit'))[0]).toBe(0);
      await disk.mend();
      await start();
      await publish(version + 1);
      const answered = `sip:v${version}@sip.example`;
      await eventually(naptr, (said) => said.includes(answered), soonMsMax);
      const promised = ledger.promised.filter(({ origin }) => origin === alpha.origin);
      expect(promised.length).toBeGreaterThanOrEqual(3);
      const last = Math.max(...promised.map(({ index }) => index));
      for (const member of [alpha, beta]) {
        const size = await eventually(
          async () => await logSizeAt(member, alpha.origin),
          (known) => known > sizeThen && known > last,
          soonMsMax,
        );
        const leaves = await leavesAt(member, alpha.origin, size);
        for (const { index, leaf } of promised) {
          expect(Buffer.compare(leaves[index]!, leaf)).toBe(0);
        }
      }
      expect(ledger.violations).toEqual([]);
      const said = (await linesOf(join(disk.seen, 'said'))).map(({ msg }) => msg);
      expect(said).not.toContain('defect');
      expect(said).not.toContain('own_log_contradicted');
    }, 180_000);
  },
);
