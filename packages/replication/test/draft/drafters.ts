/** Members that draft: signers, their keys as the charter has them, and drafts of one charter. */
import { noteSigner, verifierKeyOf } from '@callbook/protocol';
import type { NoteSigner, VerifierKey } from '@callbook/protocol';

import { CharterDraft } from '../../src/draft/charter-draft.ts';
import { crypto, seedOf } from '../support/federation.ts';

export const base: Uint8Array = seedOf('charter before');
export const drafterNames: readonly string[] = ['alpha', 'beta', 'gamma', 'mallory'];

export const signerOf = (name: string): NoteSigner =>
  noteSigner(
    { name: `${name}.test/log`, signer: crypto.ed25519Signer(seedOf(`log ${name}`)) },
    crypto,
  );

const writers = new Map<string, VerifierKey>(
  drafterNames.map((name) => {
    const { publicKey } = crypto.ed25519Signer(seedOf(`log ${name}`));
    return [name, verifierKeyOf({ name: `${name}.test/log`, algorithm: 0x01, publicKey })];
  }),
);

export function openDraft(): CharterDraft {
  return new CharterDraft({ base, writers, crypto });
}

/** Brings each what the other has, until neither lacks anything; fails when that has no end. */
export async function exchange(a: CharterDraft, b: CharterDraft): Promise<void> {
  for (let round = 0; round < 10; round++) {
    if ((await take(a, b)) + (await take(b, a)) === 0) return;
  }
  throw new Error('two drafts do not come together');
}

async function take(to: CharterDraft, from: CharterDraft): Promise<number> {
  let news = 0;
  for (const discard of from.discards) if (isNews(to.admitDiscard(discard))) news++;
  for (const fork of from.forks) if (isNews(to.admitFork(fork))) news++;
  for (const change of from.lackedBy(to.held())) {
    const before = to.excluded.length;
    if (isNews(await to.admitChange(change)) || to.excluded.length > before) news++;
  }
  return news;
}

function isNews(verdict: { readonly verdict: string; readonly value?: unknown }): boolean {
  return verdict.verdict === 'accept' && verdict.value === true;
}
