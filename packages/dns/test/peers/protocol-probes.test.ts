/**
 * The probes of RFC 8906 §8 and ISC's `genreport`, sent by dig, each answer judged: nothing that a
 * client may set in a query, and no type, makes a conforming server silent or evasive.
 */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCookieSecrets, createResponder, startDnsServer } from '@callbook/dns';
import { createTestZones, directoryApex } from '../test-zones.ts';
import { runTool } from './peer-tools.ts';

const list = new URL('../../../../vectors/rfc8906/probes.txt', import.meta.url);
/** A name, and the command, which the list puts in ### where an older dig could not send it. */
const probes = readFileSync(list, 'utf8')
  .split('\n')
  .map((line) => /^(\S+)\s+'(?:### )?dig (.*?)(?: ###)?'$/.exec(line))
  .filter((match) => match !== null)
  .map(([, name, args]) => ({ name: name!, args: args! }));

interface Observed {
  readonly status: string;
  /** Of the header. */
  readonly flags: string;
  readonly counts: { readonly answer: number; readonly authority: number };
  /** What follows `EDNS: ` in the answer, and the options after it; undefined without OPT. */
  readonly edns: { readonly line: string; readonly options: readonly string[] } | undefined;
  readonly output: string;
}

const stack = new AsyncDisposableStack();
let port = 0;

beforeAll(async () => {
  const clock = { nowMs: (): number => Date.now() };
  const zones = createTestZones(13, clock);
  const random = {
    bytes: (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size)),
  };
  const secrets = createCookieSecrets(random);
  const respond = createResponder([zones.directory], {
    cookies: { secrets: () => secrets, clock },
    nsid: new TextEncoder().encode('alpha-1'),
  });
  const listen = [{ address: '127.0.0.1', port: 0 }];
  const server = stack.use(await startDnsServer({ listen, respond }));
  port = server.addresses[0]!.port;
});
afterAll(async () => await stack.disposeAsync());

async function send(args: string): Promise<Observed> {
  // The option has another name since BIND 9.
  const words = args.replace('+ignoretc', '+ignore').replace('<zone>', directoryApex).split(' ');
  const at = ['@127.0.0.1', '-p', `${port}`, '+time=20', '+tries=1'];
  const output = await runTool('dig', [...at, ...words]);
  const header =
    /status: (\w+), id: \d+\n;; flags:([ a-z]*)(; MBZ: \w+)?; QUERY: \d, ANSWER: (\d+), AUTHORITY: (\d+)/;
  const found = header.exec(output);
  if (found === null) throw new Error(`no answer: ${output}`);
  const [, status, flags, mustBeZero = '', answer, authority] = found;
  const edns = /; EDNS: (.*)\n((?:; .*\n)*)/.exec(output);
  return {
    status: status!,
    flags: `${flags!.trim()}${mustBeZero}`,
    counts: { answer: Number(answer), authority: Number(authority) },
    edns:
      edns === null
        ? undefined
        : { line: edns[1]!, options: edns[2]!.split('\n').filter((line) => line !== '') },
    output,
  };
}

type Judgement = (observed: Observed) => void;

const plainEdns = 'version: 0, flags:; udp: 1232';
const cookie = /^; COOKIE: 0102030405060708010000[\da-f]{26} \(good\)$/;
const nsid = /^; NSID: .* \("alpha-1"\)$/;

function soa({ flags = 'qr aa', edns }: { flags?: string; edns?: string } = {}): Judgement {
  return (observed) => {
    expect(observed).toMatchObject({ status: 'NOERROR', flags, counts: { authority: 0 } });
    expect(observed.output).toContain('\tSOA\tns1.');
    expect(observed.edns?.line).toBe(edns);
  };
}

function soaWith(...options: readonly RegExp[]): Judgement {
  return (observed) => {
    soa({ edns: plainEdns })(observed);
    expect(observed.edns!.options).toHaveLength(options.length);
    for (const [index, option] of options.entries())
      expect(observed.edns!.options[index]).toMatch(option);
  };
}

const signedSoa: Judgement = (observed) => {
  soa({ edns: 'version: 0, flags: do; udp: 1232' })(observed);
  expect(observed.output).toContain('\tRRSIG\tSOA 13 3 300 ');
};

/** RFC 6891 §6.1.3: BADVERS, with the version that we have and no option of one that we do not. */
function badVersion(flags = ''): Judgement {
  return (observed) => {
    expect(observed).toMatchObject({ status: 'BADVERS', flags: 'qr', counts: { answer: 0 } });
    expect(observed.edns).toEqual({ line: `version: 0, flags:${flags}; udp: 1232`, options: [] });
  };
}

const notImplemented: Judgement = (observed) => {
  expect(observed).toMatchObject({ status: 'NOTIMP', flags: 'qr', counts: { answer: 0 } });
};

const keys: Judgement = (observed) => {
  expect(observed).toMatchObject({ status: 'NOERROR', flags: 'qr aa', counts: { answer: 3 } });
  expect(observed.output).toContain('\tRRSIG\tDNSKEY 13 3 ');
};

function present(type: string): Judgement {
  return (observed) => {
    expect(observed).toMatchObject({ status: 'NOERROR', flags: 'qr aa', edns: undefined });
    expect(observed.counts.answer).toBeGreaterThan(0);
    expect(observed.output).toContain(`\tIN\t${type}\t`);
  };
}

const denied: Judgement = (observed) => {
  expect(observed).toMatchObject({
    status: 'NOERROR',
    flags: 'qr aa',
    counts: { answer: 0, authority: 1 },
    edns: undefined,
  });
  expect(observed.output).toContain('\tSOA\tns1.');
};

const judgements: Readonly<Record<string, Judgement>> = {
  dns: soa(),
  aa: soa(),
  ad: soa(),
  cd: soa(),
  ra: soa(),
  rd: soa({ flags: 'qr aa rd' }),
  tc: soa(),
  zflag: soa(),
  opcode: notImplemented,
  // RD is copied whatever the opcode; nothing else is.
  opcodeflg: (observed) => {
    expect(observed).toMatchObject({ status: 'NOTIMP', flags: 'qr rd', counts: { answer: 0 } });
  },
  type666: denied,
  tcp: soa(),
  edns: soaWith(),
  edns1: badVersion(),
  'edns@512': keys,
  ednsopt: soaWith(),
  edns1opt: badVersion(),
  do: signedSoa,
  docd: signedSoa,
  edns1do: badVersion(' do'),
  ednsflags: soaWith(),
  optlist: soaWith(cookie, nsid),
  ednsnsid: soaWith(nsid),
  ednscookie: soaWith(cookie),
  ednsexpire: soaWith(),
  ednssubnet: soaWith(),
  edns1nsid: badVersion(),
  edns1cookie: badVersion(),
  edns1expire: badVersion(),
  edns1subnet: badVersion(),
  ednstcp: keys,
  bind11: (observed) => {
    signedSoa(observed);
    expect(observed.edns!.options).toEqual([expect.stringMatching(cookie)]);
  },
  dig11: (observed) => {
    soa({ flags: 'qr aa rd', edns: plainEdns })(observed);
    expect(observed.edns!.options).toEqual([expect.stringMatching(cookie)]);
  },
  // RFC 8945 §5.2.1.
  dnswkk: (observed) => {
    expect(observed).toMatchObject({ status: 'NOTAUTH', flags: 'qr', counts: { answer: 0 } });
    expect(observed.output).toMatch(/TSIG\thmac-sha256\. \d+ 300 0 {1,2}\d+ BADKEY 0/);
  },
  // Alone it proves nothing: docs/spec/dns.md.
  RRSIG: (observed) => {
    expect(observed).toMatchObject({ status: 'REFUSED', flags: 'qr', counts: { answer: 0 } });
  },
};
const presentTypes = ['NS', 'SOA', 'TXT', 'NSEC', 'DNSKEY', 'CDS', 'CDNSKEY'];

function judgementOf(name: string): Judgement {
  if (presentTypes.includes(name)) return present(name);
  return judgements[name] ?? denied;
}

describe('a probe', () => {
  it.concurrent.each(probes)('$name: dig $args', async ({ name, args }) => {
    judgementOf(name)(await send(args));
  });

  it('is every one of the list, but the ping', () => {
    const names = probes.map(({ name }) => name);
    expect(names).toHaveLength(99);
    expect(names).toEqual(expect.arrayContaining(Object.keys(judgements)));
  });
});

describe('dig', () => {
  const soaOf = `SOA ${directoryApex}`;

  it('is given a cookie for a query without a question', async () => {
    const { status, edns } = await send('+header-only +cookie=0102030405060708');
    expect(status).toBe('NOERROR');
    expect(edns!.options).toEqual([expect.stringMatching(cookie)]);
  });

  it('has a malformed cookie answered FORMERR', async () => {
    expect((await send(`+nocookie +ednsopt=10:010203 ${soaOf}`)).status).toBe('FORMERR');
  });

  it('learns the idle time by TCP keepalive', async () => {
    const { edns } = await send(`+tcp +nocookie +keepalive ${soaOf}`);
    expect(edns!.options).toEqual(['; TCP KEEPALIVE: 10.0 secs']);
  });

  it('sees why it is refused', async () => {
    const { status, output } = await send(`+nocookie RRSIG ${directoryApex}`);
    expect(status).toBe('REFUSED');
    expect(output).toContain('; EDE: 21 (Not Supported)');
  });
});
