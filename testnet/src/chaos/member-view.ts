/** What one member shows to anybody: its logs, leaf by leaf, and its proofs. */
import { parseProofAnswer } from '@callbook/client';
import type { ProofAnswer } from '@callbook/client';
import {
  parseCheckpoint,
  parseEntryBundle,
  parseNote,
  tilePath,
  tileWidth,
  tileWidthMax,
} from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import type { MemberLayout } from '../layout.ts';

const callMsMax = 5000;
/** For logs, which are read of members that are well: they may be busy. */
const logMsMax = 20_000;

/** Leaves of the newest checkpoint that a member serves of a log; 0 while there is none. */
export async function logSizeAt(member: MemberLayout, origin: string): Promise<number> {
  const response = await get(member, `/log/${origin}/checkpoint`, logMsMax);
  if (response.status === 404) return 0;
  const note = parseNote(await response.text());
  const checkpoint = note.verdict === 'accept' ? parseCheckpoint(note.value.text) : note;
  if (checkpoint.verdict !== 'accept') throw new Error(`${member.name}: ${checkpoint.code}`);
  return checkpoint.value.size;
}

/** Reads the leaves of a log as a member serves them. */
export async function leavesAt(
  member: MemberLayout,
  origin: string,
  size: number,
): Promise<Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  for (let index = 0; index * tileWidthMax < size; index++) {
    const bundle = { level: 'entries', index } as const;
    const path = tilePath({ ...bundle, width: tileWidth(bundle, size) });
    const response = await get(member, `/log/${origin}/${path}`, logMsMax);
    if (!response.ok) throw new Error(`${member.name} does not serve ${origin} ${path}`);
    const parsed = parseEntryBundle(new Uint8Array(await response.arrayBuffer()));
    if (parsed.verdict !== 'accept') throw new Error(`${member.name}: ${parsed.code}`);
    leaves.push(...parsed.value);
  }
  return leaves;
}

/** Of a member that is down, cut off or busy, or shows nothing: the client would have an error of that code. */
export class Unanswered extends Error {
  readonly code: 'member_unreachable' | 'rate_limited' | 'member_failed' | 'token_missing';

  constructor(code: Unanswered['code'], cause?: unknown) {
    super(code, { cause });
    this.code = code;
  }
}

/** Asks a member for a proof; throws `Unanswered` where there is none. */
export async function proofAt(
  { name, webPort }: MemberLayout,
  identifier: Identifier,
): Promise<ProofAnswer> {
  const response = await fetch(`http://localhost:${webPort}/v1/proof`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifier }),
    signal: AbortSignal.timeout(callMsMax),
  }).catch((cause: unknown) => {
    throw new Unanswered('member_unreachable', cause);
  });
  const json = (await response.json().catch(() => null)) as { code?: string } | null;
  if (response.ok) return parseProofAnswer(json);
  if (response.status === 429) throw new Unanswered('rate_limited');
  if (response.status === 503) throw new Unanswered('member_failed');
  if (response.status === 401) throw new Unanswered('token_missing');
  throw new Error(`${name} answers a proof with ${response.status} ${json?.code ?? ''}`);
}

/** The root of the index that a member has signed. */
export async function rootAt(member: MemberLayout): Promise<string> {
  const response = await get(member, '/v1/index-root', callMsMax).catch((cause: unknown) => {
    throw new Unanswered('member_unreachable', cause);
  });
  if (response.ok) return await response.text();
  if (response.status === 503) throw new Unanswered('member_failed');
  throw new Error(`${member.name} answers an index root with ${response.status}`);
}

async function get({ webPort }: MemberLayout, path: string, msMax: number): Promise<Response> {
  const signal = AbortSignal.timeout(msMax);
  return await fetch(`http://localhost:${webPort}${path}`, { signal });
}
