/**
 * With five members one may be dishonest: two must challenge, four must log. A federation of that
 * size also has an outsider here, who knows everything but is not in the charter.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createZoneKeys, dsRecord } from '@callbook/dns';
import { createEventLog, readConfig, startMember } from '@callbook/node';
import {
  encodeCharter,
  encodeVerifierKey,
  noteSigner,
  parseCharter,
  signNote,
} from '@callbook/protocol';
import type { Charter } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { createPeerKey } from '@callbook/replication';
import { enumName, eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';

const number = '+4915123456789';
let lab: Lab;

beforeAll(async () => {
  lab = await openLab(5);
}, 170_000);

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

describe('five members, of which one may be dishonest', { timeout: 120_000 }, () => {
  it('let a claim through after codes from two and leaves from four', async () => {
    const ran = await lab.callbook(
      `register ${number} --sip sip:carol@sip.example --code-from ${lab.description.outbox}`,
    );
    expect(ran).toMatchObject({ code: 0 });
    const sent = (await readFile(lab.description.outbox, 'utf8')).trim().split('\n');
    expect(sent).toHaveLength(2);
    for (const { dns, zone } of lab.description.members) {
      await eventually(
        async () =>
          await lab.run(
            `dig +norec @${dns.address} -p ${dns.port} NAPTR ${enumName(number, zone)}`,
          ),
        ({ stdout }) => stdout.includes('sip:carol@sip.example'),
      );
    }
  });

  it('still change a route with two of them down, and the two catch up', async () => {
    await Promise.all(lab.testnet.members.slice(3).map((member) => member.stop('SIGKILL')));
    expect(await lab.callbook('routes set sip:carol@other.example')).toMatchObject({ code: 0 });
    for (const { name, dns, zone } of lab.description.members.slice(3)) {
      await lab.testnet.restart(name);
      await eventually(
        async () =>
          await lab.run(
            `dig +norec @${dns.address} -p ${dns.port} NAPTR ${enumName(number, zone)}`,
          ),
        ({ stdout }) => stdout.includes('sip:carol@other.example'),
      );
    }
  });
});

describe('a node outside the charter', { timeout: 90_000 }, () => {
  it('is refused by every member, whatever its own charter says', async () => {
    const { config, outsider } = await foundOutsider();
    await using running = await startMember(
      await readConfig(config),
      createEventLog('x', 'silent'),
    );
    // It dials all five and none lets it in: long enough for several rounds of dialling.
    await new Promise((resolve) => setTimeout(resolve, 4000));
    // The outsider counts each new connection until the member has closed it; one that a member had let
    // in would stay.
    await expect.poll(() => running.connected()).toEqual([]);
    for (const { web, origin } of lab.description.members) {
      const own = await fetch(`${web}/log/${origin}/checkpoint`);
      expect(own.status).toBe(200);
      const theirs = await fetch(`${web}/log/${outsider}/checkpoint`);
      expect(theirs.status).toBe(404);
    }
  });
});

/** A member of its own charter, which names the real five with their real peer ids. */
async function foundOutsider(): Promise<{ config: string; outsider: string }> {
  const folder = join(lab.folder, '.testnet/epsilon');
  const real = parseCharter(await readFile(join(lab.folder, '.testnet/charter-1.note'), 'utf8'));
  if (real.verdict !== 'accept') throw new Error(real.message);
  const peer = await createPeerKey();
  await writeFile(join(folder, 'outsider.key'), peer.keyBytes, { mode: 0o600 });
  const governance = crypto.ed25519Signer(new Uint8Array(32).fill(9));
  const vkey = (name: string, publicKey: Uint8Array): string =>
    encodeVerifierKey({ name, publicKey, algorithm: 0x01 }, crypto);
  const log = crypto.ed25519Signer(new Uint8Array(32).fill(8));
  await writeFile(join(folder, 'outsider-log.key'), new Uint8Array(32).fill(8), { mode: 0o600 });
  const keys = await createZoneKeys(join(folder, 'outsider-zone'), 13);
  const origin = 'api.e164.outsider.test/log';
  const members = real.value.members.map((member, n) => ({
    ...member,
    governanceKeys: [vkey(`forged${n}.test/governance`, forged(n).publicKey)],
  }));
  const charter: Charter = {
    ...real.value,
    members: [
      ...members,
      {
        ...members[0]!,
        name: 'outsider',
        governanceKeys: [vkey('outsider.test/governance', governance.publicKey)],
        logKey: vkey(origin, log.publicKey),
        peerId: peer.peerId,
        addresses: [],
        api: 'https://outsider.test',
        zone: 'e164.outsider.test',
        zoneDs: [
          dsRecord('e164.outsider.test', keys)
            .split(/\sDS\s/)[1]!
            .trim(),
        ],
      },
    ],
  };
  const signers = members.map((_, n) =>
    noteSigner({ name: `forged${n}.test/governance`, signer: forged(n) }, crypto),
  );
  signers.push(noteSigner({ name: 'outsider.test/governance', signer: governance }, crypto));
  await writeFile(join(folder, 'outsider.note'), signNote(encodeCharter(charter), signers));
  const config = join(folder, 'outsider.yaml');
  await writeFile(config, outsiderConfig);
  return { config, outsider: origin };
}

function forged(n: number): ReturnType<typeof crypto.ed25519Signer> {
  return crypto.ed25519Signer(new Uint8Array(32).fill(100 + n));
}

/** Sits in a member's folder and so knows its VRF key and certificate as well. */
const outsiderConfig = `
member: outsider
dataDir: outsider-data
charters: [outsider.note]
keys: { log: outsider-log.key, peer: outsider.key, vrf: vrf.key, zone: outsider-zone }
dns:
  listen: [{ address: 127.0.0.1, port: 0 }]
  nameservers: [{ name: ns.e164.outsider.test, addresses: [127.0.0.1] }]
  contact: hostmaster@outsider.test
api: { listen: { address: 127.0.0.1, port: 0 }, certificate: api.pem, privateKey: api.key }
mesh: { listen: [/ip4/127.0.0.1/tcp/0] }
challenges: { outbox: outsider.jsonl }
`;
