/**
 * unbound and BIND resolve from root hints in a private internet and validate from the root's DS:
 * both with strict minimisation of names and synthesis from cached denials, unbound also with random
 * case and nothing asked below a name that does not exist. What a resolver has cached of the zone
 * must never hide a number, neither one that exists nor one registered since.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownerHash } from '@callbook/dns/wire';
import { directoryApex, enumName } from '../test-zones.ts';
import { denials, positives, published } from './expected-answers.ts';
import { runTool } from './peer-tools.ts';
import { addresses, startBind, startPrivateInternet, startUnbound } from './private-internet.ts';
import type { PrivateInternet } from './private-internet.ts';

const resolvers = [
  { peer: 'unbound', address: addresses.unbound, digits: '447700900001' },
  { peer: 'BIND', address: addresses.bind, digits: '447700900123' },
] as const;

describe.each([13, 15] as const)('resolvers over zones of algorithm %i', (algorithm) => {
  const stack = new AsyncDisposableStack();
  let internet: PrivateInternet;

  beforeAll(async () => {
    internet = stack.use(await startPrivateInternet({ algorithm }));
    const starting = [startUnbound(internet), startBind(internet)];
    for (const daemon of await Promise.all(starting)) stack.use(daemon);
  });
  afterAll(async () => {
    await stack.disposeAsync();
  });

  describe.each(resolvers)('$peer', ({ address, digits }) => {
    async function dig(name: string, type: string): Promise<string> {
      const args = [`@${address}`, '+time=20', '+tries=1', '+dnssec', name, type];
      return await runTool('dig', args, { inside: internet.namespace });
    }

    async function expectAnswer(name: string, type: string, text: string): Promise<void> {
      const output = await dig(name, type);
      expect(output).toMatch(/status: NOERROR[^]*flags: qr rd ra ad;/);
      expect(output).toContain(text.replace(' 13 ', ` ${algorithm} `));
    }

    async function expectDenial(name: string, type: string): Promise<void> {
      const output = await dig(name, type);
      expect(output).toMatch(/status: NOERROR[^]*flags: qr rd ra ad; QUERY: 1, ANSWER: 0/);
    }

    it('sees what exists authenticated', async () => {
      for (const [name, type, text] of positives) await expectAnswer(name, type, text);
    });

    it('sees denials authenticated', async () => {
      for (const [, name, type] of denials) await expectDenial(name, type);
    });

    it('delv validates what it says', async () => {
      const anchors = ['-a', join(internet.directory, 'anchors.conf'), '+root=.'];
      const delv = async (name: string, type: string): Promise<string> =>
        await runTool('delv', [`@${address}`, ...anchors, name, type], {
          inside: internet.namespace,
        });
      expect(await delv(published, 'NAPTR')).toMatch(/; fully validated[^]*alice@sip\.example/);
      for (const [, name, type] of denials)
        expect(await delv(name, type)).toContain('negative response, fully validated');
    });

    it('drill chases signatures through it to the root', async () => {
      const anchor = join(internet.directory, 'root.ds');
      const args = ['-S', '-k', anchor, `@${address}`, published, 'NAPTR'];
      const output = await runTool('drill', args, { inside: internet.namespace });
      expect(output).toContain('Chase successful');
    });

    it('finds a number registered after its prefixes and neighbours were denied', async () => {
      for (let length = 1; length < digits.length; length += 1) {
        const prefix = enumName(digits.slice(0, length));
        await expectDenial(prefix, 'NAPTR');
        await expectDenial(`_sip-client.${prefix}`, 'TLSA');
      }
      const prefix = digits.slice(0, -1);
      for (const last of ['0', '2', '4']) await expectDenial(enumName(prefix + last), 'NAPTR');
      await expectDenial(enumName(`${digits}0`), 'NAPTR');
      await internet.publish({ identifier: `tel:+${digits}` });
      await expectAnswer(enumName(digits), 'NAPTR', 'alice@sip.example');
      await expectAnswer(`_sip-client.${enumName(digits)}`, 'TLSA', '3 1 0 ');
    });

    it('does not take the denial of one type for that of another', async () => {
      const number = `${digits}5` as const;
      await internet.publish({ identifier: `tel:+${number}` });
      for (const type of ['A', 'MX', 'TLSA', 'SRV', 'TYPE128'])
        expect(await dig(enumName(number), type)).toMatch(/ANSWER: 0/);
      await expectAnswer(enumName(number), 'NAPTR', 'alice@sip.example');
      await expectAnswer(enumName(number), 'TXT', '"v=callbook1"');
    });

    it('gets a certificate that is larger than a datagram', async () => {
      const number = `tel:+${digits}6` as const;
      const key = new Uint8Array(3000).fill(5);
      const keys = [{ use: 'openpgp', algorithm: 'openpgp', key }] as const;
      await internet.publish({ identifier: number, keys });
      const name = `${ownerHash(number)}._openpgpkey.${directoryApex}`;
      await expectAnswer(name, 'OPENPGPKEY', 'BQUFBQUF');
    });
  });

  it('nothing failed at the servers', () => {
    expect(internet.failures).toEqual([]);
  });
});
