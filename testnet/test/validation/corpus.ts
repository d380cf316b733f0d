/**
 * Makes the chosen cases real: keys, signed zones, the authority, the resolver with their faults.
 * A fault that does not fit its answer (no second record to remove) makes no case.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  encodeMessage,
  joinLabels,
  recordTypes,
  rootName,
  type DomainName,
  type Message,
} from '@callbook/dns/wire';
import { freePort } from '../../../packages/dns/test/peers/peer-tools.ts';
import { nameOf } from '../../../packages/dns/test/test-zones.ts';
import type { Workshop } from './answer-faults.ts';
import { startAuthority } from './authority.ts';
import { KeyMaker, type CorpusAlgorithm, type KeyPair } from './corpus-keys.ts';
import type { Plan, PlannedQuestion, Profile } from './corpus-plan.ts';
import {
  delegationOf,
  denialStyles,
  dsText,
  fullContents,
  smallContents,
  writeZone,
  type CorpusZone,
} from './corpus-zones.ts';
import { FaultyResolver, type AskedQuestion } from './faulty-resolver.ts';

export interface CorpusCase {
  readonly name: string;
  readonly question: AskedQuestion;
  readonly hasFault: boolean;
}

export interface Corpus extends AsyncDisposable {
  readonly cases: readonly CorpusCase[];
  readonly resolver: FaultyResolver;
  readonly port: number;
  readonly folder: string;
  /** RDATA of the root's DS. */
  readonly anchor: string;
}

const zonesAtOnce = 4;

/** Makes and serves the cases of `plans`. */
export async function makeCorpus(plans: readonly Plan[]): Promise<Corpus> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-corpus-'));
  const keys = new CorpusKeys(folder);
  const zones = await zonesFor(plans, keys);
  const queue = [...zones];
  const served: { name: DomainName; path: string }[] = [];
  const lane = async (): Promise<void> => {
    for (let zone = queue.pop(); zone !== undefined; zone = queue.pop())
      served.push({ name: zone.name, path: await writeZone(folder, zone) });
  };
  await Promise.all(Array.from({ length: zonesAtOnce }, lane));
  const authority = await startAuthority(folder, served);
  const resolver = new FaultyResolver(authority.transport);
  const cases: CorpusCase[] = [];
  for (const plan of plans) {
    const made = await makeCase(plan, keys, resolver);
    if (made !== undefined) cases.push(made);
  }
  assertDistinct(cases);
  const port = await freePort();
  const listening = await resolver.listen(port);
  return {
    cases,
    resolver,
    port,
    folder,
    anchor: dsText(rootName, (await keys.root()).ksk),
    [Symbol.asyncDispose]: async () => {
      await listening[Symbol.asyncDispose]();
      await authority[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Keys by role: no zone has those of its parent. */
class CorpusKeys {
  private readonly maker: KeyMaker;

  constructor(folder: string) {
    this.maker = new KeyMaker(join(folder, 'keys'));
  }

  root = (): Promise<KeyPair> => this.maker.pair('root', 8);
  top = (): Promise<KeyPair> => this.maker.pair('top', 13);
  zone = (algorithm: CorpusAlgorithm): Promise<KeyPair> => this.maker.pair('zone', algorithm);
  child = (algorithm: CorpusAlgorithm): Promise<KeyPair> => this.maker.pair('child', algorithm);
  stray = (algorithm: CorpusAlgorithm): Promise<KeyPair> => this.maker.pair('stray', algorithm);
}

function apexOf({ word }: Profile): DomainName {
  return nameOf(`${word}.test.`);
}

/** `owner` below `zone`; `@` is the zone, and what ends in a dot is absolute. */
function ownerIn(zone: DomainName, owner: string): DomainName {
  if (owner === '@') return zone;
  const name = nameOf(owner);
  return owner.endsWith('.') ? name : joinLabels(name.labels, zone)!;
}

async function zonesFor(plans: readonly Plan[], keys: CorpusKeys): Promise<CorpusZone[]> {
  const { nsec } = denialStyles;
  const byProfile = Map.groupBy(plans, ({ profile }) => profile);
  const families = await Promise.all(
    [...byProfile].map(([profile, own]) => familyOf(profile, own, keys)),
  );
  const heads = families.map(([head]) => head!);
  const top: CorpusZone = {
    name: nameOf('test.'),
    keys: await keys.top(),
    denial: nsec,
    records: ['ns A 127.0.0.1', ...heads.flatMap(delegationOf)],
  };
  const root: CorpusZone = {
    name: rootName,
    keys: await keys.root(),
    denial: nsec,
    records: delegationOf(top),
  };
  return [root, top, ...families.flat()];
}

/** A profile's zone, which is first, and those below it. */
async function familyOf(
  profile: Profile,
  plans: readonly Plan[],
  keys: CorpusKeys,
): Promise<CorpusZone[]> {
  const { algorithm, denial } = profile;
  const apex = apexOf(profile);
  const [own, below, stray] = await Promise.all([
    keys.zone(algorithm),
    keys.child(algorithm),
    keys.stray(algorithm),
  ]);
  const planned = plans.flatMap(({ child }) => child ?? []);
  const fixed = [
    { label: 'sub', signed: true },
    { label: 'unsub', signed: false },
  ];
  const children = [...fixed, ...planned].map((child): CorpusZone => {
    const name = ownerIn(apex, child.label);
    const ds = 'ds' in child ? child.ds?.({ name }, below, stray) : undefined;
    return {
      name,
      keys: child.signed ? below : undefined,
      denial,
      records: smallContents(),
      ...(ds && { ds }),
    };
  });
  const records = [...fullContents(), ...children.flatMap(delegationOf)];
  return [{ name: apex, keys: own, denial, records }, ...children];
}

async function makeCase(
  plan: Plan,
  keys: CorpusKeys,
  resolver: FaultyResolver,
): Promise<CorpusCase | undefined> {
  const apex = apexOf(plan.profile);
  const absolute = ({ owner, type }: PlannedQuestion): AskedQuestion => ({
    name: ownerIn(apex, owner),
    type,
  });
  const question = absolute(plan.question);
  const { fault, child, name } = plan;
  if (fault === undefined) return { name, question, hasFault: child?.ds !== undefined };
  const at = absolute(fault.at);
  const { algorithm } = plan.profile;
  const ofChild = child?.signed === true && fault.at.type === recordTypes.DNSKEY;
  const message = await resolver.genuine(at);
  const workshop: Workshop = {
    message,
    question: at,
    zone: ofChild ? at.name : apex,
    keys: await (ofChild ? keys.child(algorithm) : keys.zone(algorithm)),
    stray: await keys.stray(algorithm),
    genuine: async (owner, type) => await resolver.genuine(absolute({ owner, type })),
  };
  const altered = await fault.alter(workshop);
  if (altered === undefined || isSame(altered, message)) return undefined;
  resolver.spoil(at, () => altered);
  return { name, question, hasFault: true };
}

/** Ed25519 and RSA sign alike every time: what is signed anew may be what it was. */
function isSame(altered: Message, message: Message): boolean {
  return Buffer.compare(encodeMessage(altered), encodeMessage(message)) === 0;
}

/** Two cases about one question would get one answer, and validators remember answers. */
function assertDistinct(cases: readonly CorpusCase[]): void {
  const seen = new Map<string, string>();
  for (const { name, question } of cases) {
    const key = `${question.type} ${question.name.lookupKey}`;
    if (seen.has(key)) throw new Error(`${name} and ${seen.get(key)} ask the same`);
    seen.set(key, name);
  }
}
