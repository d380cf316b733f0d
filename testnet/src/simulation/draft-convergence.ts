/**
 * What must be true of the draft of the next charter once all is mended: honest members have the same
 * one, whatever liars have sent into it; none of them is left out of it; and it is no larger than the
 * shares of its members.
 */
import type { SimulatedMember } from './simulated-member.ts';
import type { World } from './world.ts';

/** Limits of charter.md: changes of one member, and members. */
const changesMax = 64;
const membersMax = 16;

/** Returns, in words, each honest member whose draft is not that of the first. */
export async function divergedDrafts(
  members: readonly SimulatedMember[],
  world: World,
): Promise<string[]> {
  const drafts: { readonly name: string; readonly text: string }[] = [];
  for (const { engine, name } of members) {
    if (engine?.exchange === undefined) continue;
    const { drafting } = engine.exchange;
    const seen = await Promise.all([drafting.view(), drafting.newsFor(undefined)]).catch(
      (error: unknown) => String(error),
    );
    if (typeof seen === 'string') return [`${name}: ${seen}`];
    const [{ excluded, fields, id }, { discards, held }] = seen;
    const honest = excluded.filter((one) => members.some((member) => member.name === one));
    if (honest.length > 0) world.violate('draft', `${name} holds a fork of ${honest.join()}`);
    const isBounded = held.every(([, count]) => count <= changesMax);
    if (!isBounded || held.length > membersMax || discards.length > membersMax) {
      world.violate('draft', `the draft of ${name} is larger than its limits`);
    }
    drafts.push({ name, text: JSON.stringify([id.toHex(), fields, excluded, held]) });
  }
  return drafts
    .filter(({ text }) => text !== drafts[0]!.text)
    .map(({ name }) => `${name} has another draft than ${drafts[0]!.name}`);
}
