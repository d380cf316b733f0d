/** `callbook-node serve --role front` as a process: how it starts, waits, says what it waits for, and ends. */
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab.ts';
import { ask } from './dns-question.ts';
import { FrontLab } from './front-lab.ts';
import { FrontProcess } from './front-process.ts';

const number = '4915123456789';
const startMsMax = 30_000;
const parts = new AsyncDisposableStack();
let lab: FrontLab;

beforeAll(async () => {
  lab = parts.use(await FrontLab.open());
}, 60_000);
afterAll(async () => await parts.disposeAsync());

async function start(name: string, settings: Record<string, unknown> = {}): Promise<FrontProcess> {
  const folder = lab.at(name);
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, 'database'), lab.postgres.url, { mode: 0o600 });
  const front = await FrontProcess.start(folder, {
    sharedDatabase: { urlFile: 'database', stalenessSecondsMax: 5 },
    keys: { zone: lab.at('zone-keys') },
    ...settings,
  });
  return parts.use(front);
}

/** Settings by which a front end listens there with one of its servers. */
function listening(
  name: string,
  listen: { readonly address: string; readonly port: number },
): Record<string, unknown> {
  if (name === 'dns') return { dns: { listen: [listen], workers: 1 } };
  if (name === 'metrics') return { metrics: { listen } };
  return { api: { listen, certificate: lab.at('api.pem'), privateKey: lab.at('api.key') } };
}

async function codesOf(front: FrontProcess): Promise<(string | undefined)[]> {
  return (await front.log()).map(({ code }) => code);
}

describe('a front end as a process', () => {
  it('ends at once with the line where its configuration is wrong', async () => {
    const front = await start('misspelt', { keys: { zones: 'zone-keys' } });
    expect(await front.ended).toBe(1);
    const said = await front.said();
    expect(said).toMatch(/^callbook-node: line \d+: keys\.zones?: .*\(config_setting_invalid\)$/m);
    expect(said).toContain('Next: correct the setting');
  }, 60_000);

  it('ends at once where its keys are not there', async () => {
    await using writer = await lab.writer('for-keys');
    await writer.publish([number, 'sip:a@one.example']);
    await mkdir(lab.at('no-keys'), { mode: 0o700 });
    const front = await start('keyless', { keys: { zone: lab.at('no-keys') } });
    expect(await front.ended).toBe(1);
    expect(await front.said()).toContain('(dns_key_missing, ENOENT)');
  }, 60_000);

  it.each(['dns', 'api', 'metrics'])(
    'ends with what to do where somebody else has its port: %s',
    async (name) => {
      await using writer = await lab.writer(`for-port-of-${name}`);
      await writer.publish([number, 'sip:a@one.example']);
      const taken = createServer().listen(0, '127.0.0.1');
      await once(taken, 'listening');
      const listen = { address: '127.0.0.1', port: (taken.address() as AddressInfo).port };
      const front = await start(`port-of-${name}`, listening(name, listen));
      expect(await front.ended).toBe(1);
      taken.close();
      expect(await front.said()).toMatch(
        /\((dns_)?listen_failed, EADDRINUSE\)\nNext: free the address/,
      );
    },
    60_000,
  );

  it('ends at once where others can write its configuration', async () => {
    const written = await start('exposed-before');
    await written.stop();
    await chmod(written.configFile, 0o666);
    const front = parts.use(FrontProcess.startWith(written));
    expect(await front.ended).toBe(1);
    expect(await front.said()).toMatch(/\(config_exposed\)\nNext: chmod go-w/);
  }, 60_000);

  it('waits for its database, says so, and ends when it is told to', async () => {
    await lab.postgres.kill();
    const front = await start('waiting');
    await eventually(
      async () => await codesOf(front),
      (codes) => codes.includes('shared_store_unavailable'),
      startMsMax,
    );
    expect(await front.metric('callbook_front_staleness_seconds')).toBe(-1);
    expect(await front.metric('callbook_front_ready')).toBe(0);
    expect(await front.stop()).toBe(0);
    await lab.postgres.restart();
  }, 60_000);

  it('answers as soon as a member writes, and ends in order', async () => {
    const front = await start('served');
    // The last writer has ended: what is there is not said to be so now.
    await eventually(
      async () => (await front.log()).length,
      (lines) => lines > 0,
      startMsMax,
    );
    expect((await front.log()).map(({ msg }) => msg)).not.toContain('serving');
    await using writer = await lab.writer('for-keys');
    await writer.publish([number, 'sip:a@two.example']);
    const asked = { port: front.dnsPort, apex: 'e164.alpha.test', digits: number };
    await eventually(
      async () => await ask({ ...asked, answerMsMax: 1_000 }).catch(() => undefined),
      (answer) => answer?.sip === 'sip:a@two.example',
      startMsMax,
    );
    // Its threads answer a moment before all of it has started.
    await expect.poll(async () => await front.metric('callbook_front_ready')).toBe(1);
    await expect.poll(async () => (await front.log()).map(({ msg }) => msg)).toContain('serving');
    expect(await front.stop()).toBe(0);
    expect((await front.log()).at(-1)!.msg).toBe('stopping');
    expect(await front.said()).not.toContain(number);
  }, 60_000);
});
