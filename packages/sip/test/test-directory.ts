/**
 * A directory for tests: zones of several members below a private root, signed for real and served by UDP from
 * one socket, which stands for the resolver. What a member says can be changed, forged and withheld.
 */
import {
  createResponder,
  createStaticZone,
  dsRecord,
  generateZoneKeys,
  startDnsServer,
  type StaticRecord,
  type ZoneKeys,
} from '@callbook/dns';
import { parseTrustAnchor, type TrustAnchor } from '@callbook/client';
import {
  isAtOrBelow,
  parseMessage,
  parseName,
  rootName,
  type NaptrRdata,
} from '@callbook/dns/wire';
import { hash } from 'node:crypto';

interface Publication {
  /** SubjectPublicKeyInfo of `sip` keys. */
  readonly sip?: readonly Uint8Array[];
  /** Ed25519, 32 bytes. */
  readonly identity?: readonly Uint8Array[];
  readonly routes?: readonly string[];
  readonly ttlSeconds?: number;
}

/** `forging`: signs with keys that nobody has delegated to; `silent`: its zone is answered with SERVFAIL. */
type Role = 'forging' | 'honest' | 'silent';

export interface TestDirectory extends AsyncDisposable {
  readonly port: number;
  readonly anchor: TrustAnchor;
  /** As a file has it. */
  readonly anchorText: string;
  readonly suffixes: readonly string[];
  /** Datagrams that have been answered. */
  readonly questionCount: number;
  /** Publishes at every member, or at some of them. */
  publish(number: string, publication: Publication, members?: readonly number[]): void;
  cast(...roles: readonly Role[]): void;
  /** No answer comes any more. */
  stop(): Promise<void>;
}

const clock = { nowMs: () => Date.now() };
const nameservers = [{ name: 'ns.test.', addresses: ['127.0.0.1'] }];
const names = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

interface Member {
  readonly apex: string;
  readonly keys: ZoneKeys;
  readonly forged: ZoneKeys;
  readonly publications: Map<string, Publication>;
  role: Role;
}

export async function openTestDirectory(memberCount = 3): Promise<TestDirectory> {
  const [rootKeys, testKeys] = [generateZoneKeys(13), generateZoneKeys(13)];
  const members: Member[] = names.slice(0, memberCount).map((name) => ({
    apex: `e164.${name}.test.`,
    keys: generateZoneKeys(13),
    forged: generateZoneKeys(13),
    publications: new Map(),
    role: 'honest',
  }));
  const fixed = [
    zone('.', rootKeys, { delegations: [delegation('test.', testKeys)] }),
    zone('test.', testKeys, {
      delegations: members.map(({ apex, keys }) => delegation(apex, keys)),
    }),
  ];
  const respondNow = (): ReturnType<typeof createResponder> =>
    createResponder([
      ...fixed,
      ...members.map(({ apex, keys, forged, role, publications }) =>
        zone(apex, role === 'forging' ? forged : keys, {
          delegations: [],
          records: [...publications].flatMap(([number, publication]) =>
            recordsOf(number, publication, apex),
          ),
        }),
      ),
    ]);
  let respond = respondNow();
  let questionCount = 0;
  const server = await startDnsServer({
    listen: [{ address: '127.0.0.1', port: 0 }],
    respond: (query, ...rest) => {
      questionCount += 1;
      return isSilenced(query, members) ? failed(query) : respond(query, ...rest);
    },
  });
  const anchorLine = dsRecord('.', rootKeys);
  const anchor = parseTrustAnchor('.', [anchorLine.split(' DS ')[1]!])!;
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    await server[Symbol.asyncDispose]();
  };
  return {
    port: server.addresses[0]!.port,
    anchor,
    anchorText: `${anchorLine}\n`,
    suffixes: members.map(({ apex }) => apex.slice(0, -1)),
    get questionCount() {
      return questionCount;
    },
    publish: (number, publication, places = members.map((_, place) => place)) => {
      for (const place of places) members[place]!.publications.set(number, publication);
      respond = respondNow();
    },
    cast: (...roles) => {
      members.forEach((member, place) => (member.role = roles[place] ?? 'honest'));
      respond = respondNow();
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type ZoneContents = Pick<Parameters<typeof createStaticZone>[0], 'delegations' | 'records'>;

function zone(
  apex: string,
  keys: ZoneKeys,
  contents: ZoneContents,
): ReturnType<typeof createStaticZone> {
  return createStaticZone({ apex, nameservers, keys, clock, ...contents });
}

function delegation(name: string, keys: ZoneKeys): ZoneContents['delegations'][number] {
  return { name, nameservers, ds: [dsRecord(name, keys)] };
}

function recordsOf(number: string, publication: Publication, apex: string): StaticRecord[] {
  const name = `${Array.from(number.slice(1)).reverse().join('.')}.${apex}`;
  const { sip = [], identity = [], routes = [], ttlSeconds = 300 } = publication;
  const tlsa = { type: 'TLSA', usage: 3, selector: 1 } as const;
  const texts = [
    'v=callbook1',
    ...identity.map((key) => `id=${Buffer.from(key).toString('base64url')}`),
  ];
  const all: StaticRecord[] = [
    {
      name,
      ttlSeconds,
      rdatas: [{ type: 'TXT', strings: texts.map((text) => new TextEncoder().encode(text)) }],
    },
    {
      name: `_sip-client.${name}`,
      ttlSeconds,
      rdatas: sip.flatMap((spki) => [
        { ...tlsa, matchingType: 1, association: new Uint8Array(hash('sha256', spki, 'buffer')) },
        { ...tlsa, matchingType: 0, association: spki },
      ]),
    },
    { name, ttlSeconds, rdatas: routes.map(naptrOf) },
  ];
  return all.filter(({ rdatas }) => rdatas.length > 0);
}

function naptrOf(uri: string, place: number): NaptrRdata {
  return {
    type: 'NAPTR',
    order: 100,
    preference: 10 + place,
    flags: 'u',
    services: 'E2U+sip',
    regexp: `!^.*$!${uri}!`,
    replacement: rootName,
  };
}

function isSilenced(query: Uint8Array, members: readonly Member[]): boolean {
  const message = parseMessage(query);
  const question = message.verdict === 'accept' ? message.value.questions[0] : undefined;
  return members.some(({ apex, role }) => {
    const name = parseName(apex);
    const isBelow =
      question !== undefined && name.verdict === 'accept' && isAtOrBelow(question.name, name.value);
    return role === 'silent' && isBelow;
  });
}

/** SERVFAIL, with the question. */
function failed(query: Uint8Array): Uint8Array {
  const answer = Uint8Array.from(query);
  answer[2]! |= 0x80;
  answer[3] = 2;
  return answer;
}
