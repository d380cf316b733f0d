/**
 * What DNS and every member say of a number, for numbers that the auditor is entitled to ask about: its
 * canaries, held against what it has published itself, and those that a holder has handed over, held
 * against what the index proves. No finding names the number: it is known by its place in the list.
 *
 * Members are seldom at the same place at once, so what differs is asked for again for a while: only
 * what keeps differing is found. A resolver may give what it has kept, so it is held to that only when
 * the canary has not changed for longer than records live.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { holdingPayload } from '@callbook/client';
import type { Member, MemberLookup, Proof } from '@callbook/client';
import { bytesEqual } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import { canaryPauseMs, canarySettleMsMax } from '../limits.ts';
import { zoneEvidence } from './zone-evidence.ts';
import { askZones, memberTransport, saysSame } from './zone-views.ts';
import type { Difference, Expected, NumbersContext, Shown, WatchedNumber } from './zone-views.ts';

/** One number, and what was found of it. */
export interface ComparedNumber {
  /** `canary_0` for the first of the canaries, `number_0` for the first of the others. */
  readonly name: string;
  readonly state: 'published' | 'unpublished' | 'absent' | 'unproven';
  /** Members that say what they should: by API, by their own DNS, and by the resolver; null: not asked. */
  readonly lookups: number;
  readonly zones: number;
  readonly resolved: number | null;
  readonly members: number;
}

/** Compares numbers, one after the other. */
export async function compareNumbers(
  numbers: readonly WatchedNumber[],
  context: NumbersContext,
): Promise<ComparedNumber[]> {
  await context.directory.walk();
  const compared: ComparedNumber[] = [];
  const counts = { canary: 0, number: 0 };
  for (const number of numbers) {
    const kind = number.holding === undefined ? 'number' : 'canary';
    compared.push(await settle(number, `${kind}_${counts[kind]++}`, context));
  }
  return compared;
}

interface Seen {
  readonly number: ComparedNumber;
  readonly differences: readonly Difference[];
}

async function settle(
  number: WatchedNumber,
  name: string,
  context: NumbersContext,
): Promise<ComparedNumber> {
  const { findings, settleMs = canarySettleMsMax } = context;
  const deadlineMs = performance.now() + settleMs;
  let seen = await look(number, name, context);
  while (seen.differences.length > 0 && performance.now() < deadlineMs) {
    await sleep(canaryPauseMs);
    seen = await look(number, name, context);
  }
  for (const { zoneOf, ...found } of seen.differences) {
    findings.add({ ...found, ...(await evidenceOf(number, zoneOf, context)) });
  }
  return seen.number;
}

async function look(number: WatchedNumber, name: string, context: NumbersContext): Promise<Seen> {
  const { identifier, holding } = number;
  const { directory } = context;
  const proof = await directory.prove(identifier).catch(() => undefined);
  const state = proof?.state ?? ('unproven' as const);
  const members = directory.members.length;
  const published = holding && { entryId: holding.entryId, payload: holdingPayload(holding) };
  if (proof === undefined && published === undefined) {
    const nothing = { name, state, lookups: 0, zones: 0, resolved: null, members };
    return { number: nothing, differences: [] };
  }
  const proven = proof && provenOf(proof);
  const expected = published ?? proven;
  const shown = expected?.payload.visibility === 'dns' ? expected : undefined;
  const lookups = await lookUp(identifier, { name, shown }, context);
  const zones = await askZones(number, { name, shown, isDormant: lookups.isDormant }, context);
  const differences = [...lookups.differences, ...zones.differences];
  if (proof !== undefined && published !== undefined && !isSame(published, proven)) {
    const code = state === 'absent' ? 'canary_missing' : 'canary_changed';
    differences.unshift({ code, member: proof.member, kind: `${name}_proof` });
  }
  const counts = { lookups: lookups.agreeing, zones: zones.agreeing, resolved: zones.resolved };
  return { number: { name, state, ...counts, members }, differences };
}

/** What is proven to be published; undefined where nothing is. */
function provenOf({ state, binding, payload }: Proof): Expected | undefined {
  if (state !== 'published' || binding === null || payload === null) return undefined;
  return { entryId: binding.entryId, payload };
}

function isSame(a: Expected, b: Expected | undefined): boolean {
  return b !== undefined && bytesEqual(a.entryId, b.entryId) && saysSame(a.payload, b.payload);
}

async function lookUp(
  identifier: Identifier,
  { name, shown }: Pick<Shown, 'name' | 'shown'>,
  { directory }: NumbersContext,
): Promise<{ agreeing: number; isDormant: boolean; differences: Difference[] }> {
  const survey = await directory.survey(identifier).catch(() => undefined);
  const said = (survey?.members ?? []).filter(({ state }) => state !== 'failed');
  const wrong = said.filter((one) => !isAsShown(one, shown));
  const isDormant = said.some((one) => one.state === 'published' && one.binding.dormant);
  const differences = wrong.map((one): Difference => {
    const code = one.state === 'absent' ? 'canary_missing' : 'canary_changed';
    return { code, member: one.member, kind: name };
  });
  return { agreeing: said.length - wrong.length, isDormant, differences };
}

function isAsShown(said: MemberLookup, shown: Expected | undefined): boolean {
  if (said.state !== 'published') return shown === undefined;
  return isSame({ entryId: said.binding.entryId, payload: said.binding }, shown);
}

/** Only what a zone signs against the entry that it names can be shown to others. */
async function evidenceOf(
  { holding }: WatchedNumber,
  member: Member | undefined,
  context: NumbersContext,
): Promise<{ readonly evidence?: string; readonly convicts?: readonly string[] }> {
  if (member === undefined || holding === undefined) return {};
  const transport = memberTransport(member, context);
  const kept = await zoneEvidence({ member, holding }, transport, context);
  return kept === undefined ? {} : { evidence: kept.path, convicts: [member.name] };
}
