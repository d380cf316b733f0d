/**
 * The corpus as a list: every question in every kind of zone, as it is and with each fault that fits
 * it. Only names and recipes: nothing is signed or served until a case is chosen.
 */
import { recordTypes } from '@callbook/dns/wire';
import {
  closerNameFaults,
  denialFaults,
  denialParts,
  replacementFaults,
  type AnswerFault,
  type Workshop,
} from './answer-faults.ts';
import type { CorpusAlgorithm } from './corpus-keys.ts';
import { denialStyles, hostName, soundHost, type DenialStyle } from './corpus-zones.ts';
import {
  dnskeyFaults,
  dsDenialFaults,
  dsVariants,
  emptyFaults,
  parentDenialFaults,
  type DsVariant,
} from './delegation-faults.ts';
import type { Part } from './message-edits.ts';
import { harmlessChanges, signatureFaults, type FaultKind } from './signature-faults.ts';

/** One kind of zone: below `test.`, by its word. */
export interface Profile {
  readonly word: string;
  readonly algorithm: CorpusAlgorithm;
  readonly denial: DenialStyle;
}

const algorithmWords = { 8: 'rsa', 13: 'p256', 14: 'p384', 15: 'ed25519' } as const;

function profile(algorithm: CorpusAlgorithm, denial: DenialStyle): Profile {
  return { word: `${algorithmWords[algorithm]}-${denial.word}`, algorithm, denial };
}

const { nsec, nsec3, salted, optOut, iterated, overIterated } = denialStyles;

const profiles: readonly Profile[] = [
  ...([13, 15, 8, 14] as const).flatMap((algorithm) =>
    [nsec, nsec3, salted, optOut].map((denial) => profile(algorithm, denial)),
  ),
  profile(13, iterated),
  profile(13, overIterated),
];

/** A question; the owner relative to the profile's zone, `@` for its apex. */
export interface PlannedQuestion {
  readonly owner: string;
  readonly type: number;
}

/** A zone below the profile's, made for one case. */
interface PlannedChild {
  readonly label: string;
  readonly signed: boolean;
  /** By default the one that fits. */
  readonly ds?: DsVariant['ds'];
}

export interface Plan {
  readonly name: string;
  readonly profile: Profile;
  readonly question: PlannedQuestion;
  readonly child?: PlannedChild;
  readonly fault?: { readonly at: PlannedQuestion; readonly alter: AnswerFault['alter'] };
}

/** All cases: kinds in order, each in all profiles. */
export function planCorpus(): Plan[] {
  const byProfile = profiles.map((each) => new ProfilePlanner(each).plan());
  const longest = Math.max(...byProfile.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) =>
    byProfile.flatMap((plans) => plans[index] ?? []),
  ).flat();
}

/** Puts a fault of one RRset on the part of an answer that is chosen. */
function on(choose: (workshop: Workshop) => Part | undefined, kind: FaultKind): AnswerFault {
  return {
    name: kind.name,
    alter: (workshop) => {
      const part = choose(workshop);
      return part && kind.alter(part);
    },
  };
}

function answerPart(type?: number): (workshop: Workshop) => Part | undefined {
  return ({ message, question, zone, keys, stray }) => {
    const wanted = type ?? question.type;
    const found = message.answers.find((record) => record.type === wanted);
    const owner = found?.owner;
    return owner && { message, section: 'answers', owner, type: wanted, zone, keys, stray };
  };
}

function denialPart(index: number): (workshop: Workshop) => Part | undefined {
  return (workshop) => denialParts(workshop)[index];
}

function soaPart({ message, zone, keys, stray }: Workshop): Part | undefined {
  const soa = message.authorities.find(({ type }) => type === recordTypes.SOA);
  return (
    soa && {
      message,
      section: 'authorities',
      owner: soa.owner,
      type: soa.type,
      zone,
      keys,
      stray,
    }
  );
}

const { A, AAAA, CNAME, DNAME, DNSKEY, DS, MX, NAPTR, NS, NSEC, SOA, SRV, TLSA, TXT } = recordTypes;
/** Types that nobody has: for questions that differ in nothing else. */
const privateTypes = 0xff00;
const enumName = '9.8.7.6.5.4.3.2.1.5.1.9.4';

/** Questions without a fault: what is asked, the owner and the type. */
const soundQuestions: readonly (readonly [string, string, number])[] = [
  ['address', soundHost, A],
  ['other address', soundHost, AAAA],
  ['text at the apex', '@', TXT],
  ['mail at the apex', '@', MX],
  ['name servers', '@', NS],
  ['start of authority', '@', SOA],
  ['keys', '@', DNSKEY],
  ['DS of the zone', '@', DS],
  ['a denial record itself', soundHost, NSEC],
  ['a number', enumName, NAPTR],
  ['a key of a number', `_sip-client.${enumName}`, TLSA],
  ['another number', `1${enumName.slice(1)}`, NAPTR],
  ['a prefix of a number', enumName.slice(8), NAPTR],
  ['a type that is not there', 'h03', SRV],
  ['a name that is not there', 'nobody', A],
  ['a name below one that is not there', 'a.b.nobody', A],
  ['a name below a host', 'below.h04', A],
  ['an empty non-terminal', 'e01', A],
  ['an empty non-terminal above another', 'e02', A],
  ['a wildcard', 'any.w', A],
  ['a wildcard, two labels', 'any.thing.w', TXT],
  ['a wildcard itself', '*.w', A],
  ['a type that the wildcard lacks', 'any.w', NAPTR],
  ['a name beside the wildcard', 'kept.w', A],
  ['a name below one beside the wildcard', 'any.kept.w', A],
  ['a name below an empty one beside it', 'any.there.w', A],
  ['an asterisk that is empty', 'any.we', A],
  ['an alias', 'ch60', A],
  ['an alias as such', 'ch60', CNAME],
  ['an alias of a missing type', 'ch60', SRV],
  ['an alias of a missing name', 'lost', A],
  ['a chain of aliases', 'chain', A],
  ['an alias of a wildcard', 'any.wc', A],
  ['an alias into a signed child', 'tosub', A],
  ['an alias into an unsigned child', 'tounsub', A],
  ['a renamed tree', 'leaf.dh60', A],
  ['a renamed wildcard', 'any.dh60', A],
  ['a renamed tree as such', 'dh60', DNAME],
  ['a name below renamed names that is not there', 'a.b.dh59', SRV],
  ['a tree renamed into a child', 'www.away', A],
  ['a name in capitals', 'upper.case', A],
  ['capitals in RDATA', 'srv', SRV],
  ['names in RDATA of an old type', 'rp', 17],
  ['a dot in a label', 'odd\\.dot', A],
  ['a zero octet in a label', 'odd\\000null', A],
  ['a signed child', 'www.sub', A],
  ['a type that is not in a signed child', 'www.sub', TXT],
  ['a name that is not in a signed child', 'nobody.sub', A],
  ['DS of a signed child', 'sub', DS],
  ['apex of a signed child', 'sub', TXT],
  ['an unsigned child', 'www.unsub', A],
  ['a name that is not in an unsigned child', 'nobody.unsub', A],
  ['a type that is not in an unsigned child', 'www.unsub', TXT],
  ['DS of an unsigned child', 'unsub', DS],
];

class ProfilePlanner {
  private readonly profile: Profile;
  private readonly plans: Plan[];
  private childCount: number;

  constructor(profile: Profile) {
    this.profile = profile;
    this.plans = [];
    this.childCount = 0;
  }

  plan(): Plan[] {
    for (const [what, owner, type] of soundQuestions)
      this.add({ name: what, question: { owner, type } });
    this.planRecords();
    this.planAliases();
    this.planDenials();
    this.planWildcards();
    this.planDelegations();
    this.planUnsigned();
    return this.plans;
  }

  private add(plan: Omit<Plan, 'profile'>): void {
    this.plans.push({ ...plan, name: `${this.profile.word}: ${plan.name}`, profile: this.profile });
  }

  /** Faults of the answer to the question itself, each with a question of its own. */
  private addFaults(
    what: string,
    faults: readonly AnswerFault[],
    question: (index: number) => PlannedQuestion,
  ): void {
    for (const [index, fault] of faults.entries()) {
      const at = question(index);
      this.add({ name: `${what}, ${fault.name}`, question: at, fault: { at, alter: fault.alter } });
    }
  }

  private planRecords(): void {
    const ofRrset = [...signatureFaults, ...harmlessChanges].map((kind) => on(answerPart(), kind));
    this.addFaults('address', [...ofRrset, ...replacementFaults], (index) => ({
      owner: hostName(index),
      type: A,
    }));
  }

  private planAliases(): void {
    const kinds = [...signatureFaults, ...harmlessChanges];
    const aliasFaults = kinds.map((kind) => on(answerPart(CNAME), kind));
    this.addFaults('alias', aliasFaults, (index) => ({ owner: `c${hostName(index)}`, type: A }));
    const treeFaults = signatureFaults.map((kind) => on(answerPart(DNAME), kind));
    this.addFaults('renamed tree', treeFaults, (index) => ({
      owner: `leaf.d${hostName(index)}`,
      type: A,
    }));
  }

  private planDenials(): void {
    const ofFirst = signatureFaults.map((kind) => on(denialPart(0), kind));
    const ofSecond = signatureFaults.map((kind) => on(denialPart(1), kind));
    const ofSoa = signatureFaults.map((kind) => on(soaPart, kind));
    const both = [...ofFirst, ...denialFaults];
    this.addFaults('missing type', both, (index) => ({ owner: hostName(index), type: NAPTR }));
    this.addFaults('missing name', both, (index) => ({ owner: `n${index}`, type: A }));
    this.addFaults('missing name (second)', ofSecond, (index) => ({ owner: `m${index}`, type: A }));
    this.addFaults('missing name (SOA)', ofSoa, (index) => ({ owner: `s${index}`, type: A }));
    this.addFaults('name below a missing one', denialFaults, (index) => ({
      owner: `a.b.n${index}`,
      type: A,
    }));
    this.addFaults('empty non-terminal', denialFaults, (index) => ({
      owner: 'e01',
      type: privateTypes + index,
    }));
    this.addFaults('missing DS', denialFaults, (index) => ({ owner: hostName(index), type: DS }));
  }

  private planWildcards(): void {
    const ofRrset = signatureFaults.map((kind) => on(answerPart(), kind));
    this.addFaults('wildcard', [...ofRrset, ...denialFaults], (index) => ({
      owner: `q${index}.w`,
      type: A,
    }));
    this.addFaults(
      'wildcard proof',
      signatureFaults.map((kind) => on(denialPart(0), kind)),
      (index) => ({
        owner: `p${index}.w`,
        type: A,
      }),
    );
    this.addFaults('wildcard of a missing type', denialFaults, (index) => ({
      owner: `q${index}.w`,
      type: NAPTR,
    }));
    this.addFaults('closer name', closerNameFaults, (index) => ({
      owner: `q${index}.there.w`,
      type: A,
    }));
    this.addFaults('wildcard alias', denialFaults, (index) => ({ owner: `q${index}.wc`, type: A }));
  }

  private planDelegations(): void {
    const kinds = [...signatureFaults, ...harmlessChanges];
    for (const variant of dsVariants) this.addChild(variant.name, { ds: variant.ds });
    const dsFaults = kinds.map((kind) => on(answerPart(DS), kind));
    for (const fault of [...dsFaults, ...emptyFaults, ...dsDenialFaults])
      this.addChild(`DS, ${fault.name}`, { fault, type: DS });
    const keyFaults = [...kinds, ...dnskeyFaults].map((kind) => on(answerPart(DNSKEY), kind));
    for (const fault of [...keyFaults, ...emptyFaults])
      this.addChild(`keys, ${fault.name}`, { fault, type: DNSKEY });
    for (const fault of parentDenialFaults) this.addChild(`address, ${fault.name}`, { fault });
  }

  /**
   * A case about a signed child of its own, asked for an address, or for one that is not there. The fault
   * is on its DS or keys, or without a type on the answer itself.
   */
  private addChild(
    what: string,
    made: { ds?: DsVariant['ds']; fault?: AnswerFault; type?: number },
  ): void {
    this.childCount += 1;
    const label = `k${this.childCount}`;
    const { ds, fault, type } = made;
    const isMissing = this.childCount % 3 === 0 && type !== undefined;
    const question = { owner: `${isMissing ? 'nobody' : 'www'}.${label}`, type: A };
    this.add({
      name: `signed child, ${what}`,
      question,
      child: { label, signed: true, ...(ds && { ds }) },
      ...(fault && {
        fault: {
          at: type === undefined ? question : { owner: label, type },
          alter: fault.alter,
        },
      }),
    });
  }

  private planUnsigned(): void {
    const ofFirst = signatureFaults.map((kind) => on(denialPart(0), kind));
    for (const fault of [...ofFirst, ...denialFaults, ...emptyFaults]) {
      this.childCount += 1;
      const label = `u${this.childCount}`;
      this.add({
        name: `unsigned child, ${fault.name}`,
        question: { owner: `www.${label}`, type: A },
        child: { label, signed: false },
        fault: { at: { owner: label, type: DS }, alter: fault.alter },
      });
    }
  }
}
