/**
 * unbound, which nobody here wrote, resolves from our private root through `test.` to a directory
 * zone, each on a port of its own, and validates from the root's DS: with aggressive use of denials,
 * query name minimisation and random case in queries. dig, delv and drill must agree.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createResponder, startDnsServer } from '@callbook/dns';
import type { Zone, ZoneAlgorithm } from '@callbook/dns';
import { formatName } from '@callbook/dns/wire';
import { createTestZones, enumName } from '../test-zones.ts';
import type { TestZones } from '../test-zones.ts';
import { denials, positives, published } from './expected-answers.ts';
import { freePort, runTool, startDaemon } from './peer-tools.ts';

const systemClock = { nowMs: (): number => Date.now() };

interface ServedZone {
  readonly name: string;
  readonly port: number;
}

function unboundConfiguration(options: {
  readonly port: number;
  readonly directory: string;
  readonly zones: readonly ServedZone[];
}): string {
  const stubs = options.zones.map(
    ({ name, port }) => `stub-zone:\n  name: "${name}"\n  stub-addr: 127.0.0.1@${port}\n`,
  );
  return `server:
  interface: 127.0.0.1@${options.port}
  directory: "${options.directory}"
  chroot: ""
  username: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  verbosity: 1
  num-threads: 1
  do-not-query-localhost: no
  local-zone: "test." nodefault
  trust-anchor-file: "${options.directory}/root.ds"
  aggressive-nsec: yes
  qname-minimisation: yes
  use-caps-for-id: yes
  val-log-level: 2
remote-control:
  control-enable: no
${stubs.join('')}`;
}

/** Serves each zone on a port of its own and starts unbound before them. */
async function startResolver(zones: TestZones, stack: AsyncDisposableStack): Promise<Resolver> {
  const directory = await mkdtemp(join(tmpdir(), 'callbook-unbound-'));
  stack.defer(async () => await rm(directory, { recursive: true }));
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);
  const serve = async (zone: Zone): Promise<ServedZone> => {
    const respond = createResponder([zone], { onFailure });
    const listen = [{ address: '127.0.0.1', port: 0 }];
    const server = stack.use(await startDnsServer({ listen, respond }));
    return { name: formatName(zone.apex), port: server.addresses[0]!.port };
  };
  const served = [await serve(zones.root), await serve(zones.test), await serve(zones.directory)];
  const port = await freePort();
  const [, , , , keyTag, algorithm, digestType, digest] = zones.trustAnchor.split(' ');
  const anchor = `. static-ds ${keyTag} ${algorithm} ${digestType} "${digest}";`;
  await writeFile(join(directory, 'root.ds'), `${zones.trustAnchor}\n`);
  await writeFile(join(directory, 'anchors.conf'), `trust-anchors { ${anchor} };\n`);
  const configuration = unboundConfiguration({ port, directory, zones: served });
  await writeFile(join(directory, 'unbound.conf'), configuration);
  const args = ['-d', '-c', join(directory, 'unbound.conf')];
  stack.use(await startDaemon('unbound', args, { readyText: 'start of service' }));
  return { port, directory, failures };
}

interface Resolver {
  readonly port: number;
  readonly directory: string;
  readonly failures: readonly unknown[];
}

describe.each([13, 15] as const)(
  'unbound over zones of algorithm %i',
  (algorithm: ZoneAlgorithm) => {
    const stack = new AsyncDisposableStack();
    let resolver: Resolver;
    const zones = createTestZones(algorithm, systemClock);

    beforeAll(async () => {
      resolver = await startResolver(zones, stack);
    });
    afterAll(async () => {
      await stack.disposeAsync();
    });

    async function dig(name: string, type: string): Promise<string> {
      const at = ['@127.0.0.1', '-p', `${resolver.port}`, '+time=20', '+tries=1', '+dnssec'];
      return await runTool('dig', [...at, name, type]);
    }

    async function delv(name: string, type: string): Promise<string> {
      const anchors = ['-a', join(resolver.directory, 'anchors.conf'), '+root=.'];
      return await runTool('delv', [
        '@127.0.0.1',
        '-p',
        `${resolver.port}`,
        ...anchors,
        name,
        type,
      ]);
    }

    async function drill(name: string, type: string): Promise<string> {
      return await runTool('drill', ['-D', '-p', `${resolver.port}`, '@127.0.0.1', name, type]);
    }

    it.each(positives)('dig sees %s %s authenticated', async (name, type, text) => {
      const output = await dig(name, type);
      expect(output).toMatch(/status: NOERROR/);
      expect(output).toMatch(/flags: qr rd ra ad;/);
      expect(output).toContain(text.replace(' 13 ', ` ${algorithm} `));
    });

    it.each(denials)('dig sees the denial of %s authenticated', async (_what, name, type) => {
      const output = await dig(name, type);
      expect(output).toMatch(/status: NOERROR/);
      expect(output).toMatch(/flags: qr rd ra ad; QUERY: 1, ANSWER: 0/);
    });

    it('delv validates a number, a missing type, an unregistered number and an empty prefix', async () => {
      expect(await delv(published, 'NAPTR')).toMatch(/; fully validated[^]*alice@sip\.example/);
      for (const [, name, type] of denials)
        expect(await delv(name, type)).toContain('negative response, fully validated');
    });

    it('drill agrees', async () => {
      const positive = await drill(published, 'NAPTR');
      expect(positive).toMatch(/flags: qr rd ra ad/);
      expect(positive).toContain('alice@sip.example');
      for (const [, name, type] of denials)
        expect(await drill(name, type)).toMatch(
          /rcode: NOERROR[^]*flags: qr rd ra ad[^]*ANSWER: 0/,
        );
    });

    it('drill chases signatures from a number to the root', async () => {
      const anchor = ['-k', join(resolver.directory, 'root.ds')];
      const at = ['-p', `${resolver.port}`, '@127.0.0.1'];
      const output = await runTool('drill', ['-S', ...anchor, ...at, published, 'NAPTR']);
      expect(output).toContain('Chase successful');
    });

    it('a number registered after its prefix was denied is found', async () => {
      const digits = '447700900001';
      await dig(enumName(digits.slice(0, -1)), 'NAPTR');
      zones.source.publish({ identifier: `tel:+${digits}` });
      expect(await dig(enumName(digits), 'NAPTR')).toContain('alice@sip.example');
    });

    it('nothing failed at the server', () => {
      expect(resolver.failures).toEqual([]);
    });
  },
);

describe('unbound with another trust anchor', () => {
  it('takes every answer for bogus', async () => {
    await using stack = new AsyncDisposableStack();
    const zones = createTestZones(13, systemClock);
    const { trustAnchor } = createTestZones(13, systemClock);
    const resolver = await startResolver({ ...zones, trustAnchor }, stack);
    const at = ['@127.0.0.1', '-p', `${resolver.port}`, '+time=20', '+tries=1'];
    expect(await runTool('dig', [...at, published, 'NAPTR'])).toContain('status: SERVFAIL');
  });
});
