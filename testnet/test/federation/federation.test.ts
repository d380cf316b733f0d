/**
 * The main job, end to end: a person claims a number at one member, and software that nobody here
 * wrote gets their SIP address and keys, validated, from another.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enumName, eventually, openLab, startUnbound } from '../lab.ts';
import type { Lab, Ran } from '../lab.ts';

const number = '+34912345678';
let lab: Lab;
let unbound: AsyncDisposable;

beforeAll(async () => {
  lab = await openLab(3);
  unbound = await startUnbound(lab);
  const ran = await lab.callbook(
    `register ${number} --sip sip:alice@sip.example --member alpha --json ${fromOutbox()}`,
  );
  if (ran.code !== 0) throw new Error(`register failed: ${ran.stdout}${ran.stderr}`);
}, 170_000);

afterAll(async () => {
  await unbound?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

/** Asks unbound, as everybody's resolver would be asked. */
async function resolve(tool: 'dig' | 'delv' | 'drill', type: string, name: string): Promise<Ran> {
  const { address, port, bindTrustAnchors } = lab.description.resolver;
  const { trustAnchor } = lab.description.root;
  const question = `@${address} -p ${port} ${type} ${name}`;
  switch (tool) {
    case 'dig':
      return await lab.run(`dig +dnssec ${question}`);
    case 'delv':
      return await lab.run(`delv -a ${bindTrustAnchors} +root=. ${question}`);
    case 'drill':
      return await lab.run(`drill -D -k ${trustAnchor} -p ${port} ${name} @${address} ${type}`);
  }
}

function fromOutbox(): string {
  return `--code-from ${lab.description.outbox}`;
}

describe.each(['alpha', 'beta', 'gamma'])(
  'what was claimed at alpha, in the zone of %s',
  (name) => {
    const zone = `e164.${name}.test`;
    const owner = enumName(number, zone);

    it('resolves to the SIP address, and unbound says that it is authentic', async () => {
      const { stdout } = await eventually(
        async () => await resolve('dig', 'NAPTR', owner),
        ({ stdout }) => stdout.includes('sip:alice@sip.example'),
      );
      expect(stdout).toMatch(/flags: [a-z ]*\bad\b/);
      expect(stdout).toContain('"u" "E2U+sip" "!^.*$!sip:alice@sip.example!" .');
    });

    it('has the published keys', async () => {
      const { stdout } = await resolve('dig', 'TXT', owner);
      expect(stdout).toMatch(
        /"v=callbook1" "id=[\w-]{43}" "box=[\w-]{43}" "log=api\.e164\.alpha\.test\/log [0-9a-f]{64}"/,
      );
      const tlsa = await resolve('dig', 'TLSA', `_sip-client.${owner}`);
      expect(tlsa.stdout).toMatch(/TLSA\s+3 1 1 /);
      expect(tlsa.stdout).toMatch(/TLSA\s+3 1 0 /);
      expect(tlsa.stdout).toMatch(/flags: [a-z ]*\bad\b/);
    });

    it('validates with delv and drill too', async () => {
      const delv = await resolve('delv', 'NAPTR', owner);
      expect(delv.stdout).toContain('; fully validated');
      expect(delv.stdout).toContain('sip:alice@sip.example');
      const drill = await resolve('drill', 'NAPTR', owner);
      expect(drill.stdout).toContain('sip:alice@sip.example');
      expect(drill.stdout).toMatch(/flags:[a-z ]*\bad\b/);
    });

    it.each([
      ['a missing type', 'AAAA', owner],
      ['an unregistered number', 'NAPTR', enumName('+34999999999', zone)],
      ['an empty prefix with numbers below it', 'NAPTR', enumName('+349', zone)],
      ['an empty prefix with none below it', 'NAPTR', enumName('+88', zone)],
    ])('proves %s', async (_, type, absent) => {
      const dig = await resolve('dig', type, absent);
      expect(dig.stdout).toContain('status: NOERROR');
      expect(dig.stdout).toContain('ANSWER: 0');
      expect(dig.stdout).toMatch(/flags: [a-z ]*\bad\b/);
      const delv = await resolve('delv', type, absent);
      expect(`${delv.stdout}${delv.stderr}`).toContain('; negative response, fully validated');
      const drill = await resolve('drill', type, absent);
      expect(drill.stdout).toMatch(/rcode: NOERROR[\s\S]*flags:[a-z ]*\bad\b/);
    });
  },
);

describe('the holder', { timeout: 90_000 }, () => {
  it('sees the same at every member', async () => {
    const { code, stdout } = await lab.callbook(`lookup ${number} --json`);
    expect(code).toBe(0);
    expect(stdout).toContain('sip:alice@sip.example');
  });

  it('changes a route, and every zone follows', async () => {
    const changed = await lab.callbook('routes set sip:alice@other.example');
    expect(changed).toMatchObject({ code: 0 });
    for (const { zone } of lab.description.members) {
      await eventually(
        async () => await resolve('dig', 'NAPTR', enumName(number, zone)),
        ({ stdout }) => stdout.includes('sip:alice@other.example'),
      );
    }
  });

  it('rotates the keys, and every zone follows', async () => {
    const owner = enumName(number, lab.description.members[1]!.zone);
    const before = await resolve('dig', 'TXT', owner);
    expect(await lab.callbook('key rotate')).toMatchObject({ code: 0 });
    const keyOf = ({ stdout }: Ran): string | undefined => /"id=([\w-]{43})"/.exec(stdout)?.[1];
    for (const { zone } of lab.description.members) {
      await eventually(
        async () => await resolve('dig', 'TXT', enumName(number, zone)),
        (now) => keyOf(now) !== undefined && keyOf(now) !== keyOf(before),
      );
    }
  });

  it('is not answered for a number that nobody has: proven absent', async () => {
    expect(await lab.callbook('lookup +34999999999')).toMatchObject({ code: 4 });
  });
});

describe('a member that was down', { timeout: 90_000 }, () => {
  it('catches up with what happened meanwhile', async () => {
    const gamma = lab.testnet.members[2]!;
    await gamma.stop('SIGKILL');
    const changed = await lab.callbook('routes set sip:alice@third.example');
    expect(changed).toMatchObject({ code: 0 });
    await lab.testnet.restart('gamma');
    const { zone, dns } = lab.description.members[2]!;
    await eventually(
      async () =>
        await lab.run(`dig +norec @${dns.address} -p ${dns.port} NAPTR ${enumName(number, zone)}`),
      ({ stdout }) => stdout.includes('sip:alice@third.example'),
    );
  });
});

describe('a member that has lost its store', { timeout: 90_000 }, () => {
  it('fetches its own log back from the others before it says that it is ready', async () => {
    const [alpha, , gamma] = lab.description.members;
    // At rest: what was not agreed yet would be by then.
    await eventually(
      async () => await Promise.all([sizes(alpha!.web), sizes(gamma!.web)]),
      (all) => new Set(all.flat()).size === 1,
    );
    const before = await checkpointSize(alpha!.web, gamma!.origin);
    const member = lab.testnet.members[2]!;
    await member.stop('SIGKILL');
    await rm(join(member.layout.folder, 'data/store'), { recursive: true });
    await lab.testnet.restart('gamma');
    expect(await checkpointSize(gamma!.web, gamma!.origin)).toBe(before);
    const changed = await lab.callbook('routes set sip:alice@fourth.example');
    expect(changed).toMatchObject({ code: 0 });
    const { zone, dns } = gamma!;
    await eventually(
      async () =>
        await lab.run(`dig +norec @${dns.address} -p ${dns.port} NAPTR ${enumName(number, zone)}`),
      ({ stdout }) => stdout.includes('sip:alice@fourth.example'),
    );
  });

  /** Leaves of gamma's log that a member has, and how many of them are agreed. */
  async function sizes(web: string): Promise<number[]> {
    const answer = (await (await fetch(`${web}/v1/agreement`)).json()) as {
      logs: { origin: string; size: number; agreedSize: number }[];
    };
    const log = answer.logs.find(({ origin }) => origin === lab.description.members[2]!.origin)!;
    return [log.size, log.agreedSize];
  }

  async function checkpointSize(web: string, origin: string): Promise<string> {
    const response = await fetch(`${web}/log/${origin}/checkpoint`);
    return (await response.text()).split('\n')[1]!;
  }
});

describe('a release', () => {
  it('ends the binding everywhere once its pause is over, and the number is free again', async () => {
    expect(await lab.callbook('release --yes')).toMatchObject({ code: 0 });
    for (const { zone } of lab.description.members) {
      await eventually(
        async () => await resolve('dig', 'NAPTR', enumName(number, zone)),
        ({ stdout }) => stdout.includes('status: NOERROR') && stdout.includes('ANSWER: 0'),
        40_000,
      );
    }
    const again = await lab.callbook(
      `register ${number} --sip sip:bob@sip.example --member beta ${fromOutbox()}`,
    );
    expect(again).toMatchObject({ code: 0 });
    await eventually(
      async () => await resolve('dig', 'NAPTR', enumName(number, lab.description.members[0]!.zone)),
      ({ stdout }) => stdout.includes('sip:bob@sip.example'),
    );
  }, 120_000);
});
