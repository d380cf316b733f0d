/**
 * The test of control at one member. The client sends its authority public key and an ephemeral
 * X25519 key; the member sends a code by SMS or e-mail which is worthless without that session; the
 * proof that answers it binds code, session, identifier and authority key. Only then does the
 * member tell the label, and the label's VRF proof is checked before anything is signed with it.
 *
 * HPKE (RFC 9180) base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
 */
import {
  parseBase64Url,
  encodeBase64Url,
  DirectoryError,
  concatBytes,
  utf8,
  verifyLabel,
  type Identifier,
} from '@callbook/protocol';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import {
  parseChallengeAnswer,
  parseLabelAnswer,
  type ChallengeAnswer,
  type LabelAnswer,
} from './api-answers.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import type { ChallengeStore, KeptChallenge } from './kept-challenge.ts';
import { codeAttemptsMax } from './limits.ts';
import { callMember } from './member-call.ts';
import type { Member } from './member.ts';

/** `app`: 43 base64url characters for a program; `digits`: 8 digits for a person. */
export type CodeForm = 'app' | 'digits';

/** What is told to whoever has to supply the code that arrived. */
export interface CodeRequest {
  readonly member: string;
  /** The member's domain, which the last line of its message names. */
  readonly domain: string;
  /** Where the code was sent: the number, or an e-mail address beside it. */
  readonly to: Identifier;
  readonly channel: 'sms' | 'email' | 'sip';
  readonly form: CodeForm;
  readonly expiresAtMs: number;
  /** 1 for the first code; above it, the code given before was wrong. */
  readonly attempt: number;
}

/** Returns the code that a member has sent; it is asked again, with a higher `attempt`, when one was wrong. */
export type CodeSource = (request: CodeRequest) => Promise<string>;

export interface ChallengeTarget {
  readonly identifier: Identifier;
  /** Public authority key that will sign the entry, 32 bytes. */
  readonly authorityKey: Uint8Array;
  readonly form: CodeForm;
  /** Has challenges that were opened before, which are then gone on with. */
  readonly challenges?: ChallengeStore | undefined;
}

export interface PassedChallenge extends LabelAnswer {
  readonly member: Member;
  readonly challengeId: string;
  /** What the member took, 32 bytes: given again, it tells what may be claimed by then, and costs no code. */
  readonly proof: Uint8Array;
}

/** A code is on its way; only this object can make use of it. */
export interface OpenChallenge extends ChallengeTarget {
  readonly member: Member;
  readonly answer: ChallengeAnswer;
  readonly openSession: () => Promise<Session>;
}

const suite: CipherSuite = new CipherSuite(
  KEM_DHKEM_X25519_HKDF_SHA256,
  KDF_HKDF_SHA256,
  AEAD_AES_128_GCM,
);
/** Length of the exporter secret that keys the proof, in bytes. */
const answerKeySize = 32;

type Session = Awaited<ReturnType<typeof suite.SetupRecipient>>;

/** Has `member` send a code, unless one is kept that it has sent. Throws a coded error. */
export async function openChallenge(
  context: DirectoryContext,
  member: Member,
  target: ChallengeTarget,
): Promise<OpenChallenge> {
  const { identifier, authorityKey, form, challenges } = target;
  const place = { member: member.name, identifier, authorityKey, form };
  let kept = await challenges?.load(place);
  if (kept === undefined) {
    kept = await askForCode(context, member, target);
    await challenges?.save(place, kept);
  }
  const { session, answer } = kept;
  const info = challengeInfo(authorityKey, identifier);
  const openSession = (): Promise<Session> => suite.SetupRecipient(session, answer.enc, { info });
  return { ...target, member, answer, openSession };
}

async function askForCode(
  context: DirectoryContext,
  member: Member,
  { identifier, authorityKey, form }: ChallengeTarget,
): Promise<KeptChallenge> {
  // The platform's chance, not the port's: a generated key never leaves WebCrypto, and deriving one
  // needs `getPublicKey`, which browsers do not all have.
  const session = await suite.GenerateKeyPair();
  const answer = parseChallengeAnswer(
    await callMember(context.fetch, member, {
      method: 'POST',
      path: '/v1/challenges',
      body: {
        identifier,
        authority: encodeBase64Url(authorityKey),
        session: encodeBase64Url(await suite.SerializePublicKey(session.publicKey)),
        form,
        ...(context.smsAppHash !== undefined && { appHash: context.smsAppHash }),
      },
    }),
  );
  return { session, answer };
}

/**
 * Asks `code` for what arrived until the member takes it. Throws a coded error; `label_proof_invalid`
 * for a lying member.
 */
export async function answerChallenge(
  context: DirectoryContext,
  challenge: OpenChallenge,
  code: CodeSource,
): Promise<PassedChallenge> {
  const { member, identifier, answer } = challenge;
  const { label, proof } = await untilTaken(context, challenge, code);
  verifyLabelAnswer(context, member, { label, identifier });
  return { ...label, member, challengeId: answer.challengeId, proof };
}

/** `"callbook/1 challenge\n" ‖ authority key (32) ‖ identifier in UTF-8`. */
function challengeInfo(authorityKey: Uint8Array, identifier: Identifier): Uint8Array {
  return concatBytes(utf8('callbook/1 challenge\n'), authorityKey, utf8(identifier));
}

async function untilTaken(
  context: DirectoryContext,
  challenge: OpenChallenge,
  code: CodeSource,
): Promise<{ label: LabelAnswer; proof: Uint8Array }> {
  const { member, identifier: to, answer } = challenge;
  const { form, channel, expiresAtMs } = answer;
  const domain = new URL(member.api).hostname;
  for (let attempt = 1; ; attempt += 1) {
    const asked = { member: member.name, domain, to, channel, form, expiresAtMs, attempt };
    const given = await code(asked);
    try {
      const session = await openSession(challenge);
      const proof = await proveCode(context, session, { member, form, code: given.trim() });
      const { challengeId } = answer;
      return { label: await giveProof(context, { member, challengeId, proof }), proof };
    } catch (error) {
      const again = error instanceof DirectoryError && error.code === 'code_wrong';
      if (!again || attempt >= codeAttemptsMax) throw error;
    }
  }
}

/** Gives a member the proof of a code, for the first time or again. Throws a coded error. */
export async function giveProof(
  context: DirectoryContext,
  { member, challengeId, proof }: Pick<PassedChallenge, 'member' | 'challengeId' | 'proof'>,
): Promise<LabelAnswer> {
  return parseLabelAnswer(
    await callMember(context.fetch, member, {
      method: 'POST',
      path: `/v1/challenges/${encodeURIComponent(challengeId)}/answer`,
      body: { proof: encodeBase64Url(proof) },
    }),
  );
}

async function openSession({ member, openSession: open }: OpenChallenge): Promise<Session> {
  try {
    return await open();
  } catch {
    throw clientError(
      'member_answer_malformed',
      `member ${member.name} sent an encapsulated key that is none`,
    );
  }
}

/** `HMAC-SHA256(export("callbook/1 answer", 32), secret)`, 32 bytes. */
async function proveCode(
  context: DirectoryContext,
  session: Session,
  given: { member: Member; form: CodeForm; code: string },
): Promise<Uint8Array> {
  const secret =
    given.form === 'digits'
      ? digitsSecret(given.member, given.code)
      : await appSecret(given.member, given.code, session);
  const answerKey = await session.Export(utf8('callbook/1 answer'), answerKeySize);
  return context.crypto.hmacSha256(answerKey, secret);
}

function digitsSecret(member: Member, code: string): Uint8Array {
  const digits = code.replaceAll(/[\s-]/g, '');
  if (!/^\d{8}$/.test(digits)) {
    throw clientError('code_wrong', `code for member ${member.name} is not 8 digits`);
  }
  return utf8(digits);
}

async function appSecret(member: Member, code: string, session: Session): Promise<Uint8Array> {
  const sealed = parseBase64Url(code);
  if (sealed === undefined) {
    throw clientError('code_wrong', `code for member ${member.name} is not base64url`);
  }
  try {
    return await session.Open(sealed);
  } catch {
    // A code of another session (an older message, another member's) ends here without costing
    // one of the attempts that the member counts.
    throw clientError('code_wrong', `code is not sealed to the session with ${member.name}`);
  }
}

function verifyLabelAnswer(
  context: DirectoryContext,
  member: Member,
  given: { label: LabelAnswer; identifier: Identifier },
): void {
  const { labelEpoch, label, vrfProof } = given.label;
  const vrfPublicKey = parseBase64Url(context.charter.vrfPublicKey);
  const proven =
    labelEpoch === context.charter.labelEpoch &&
    vrfPublicKey !== undefined &&
    verifyLabel({ identifier: given.identifier, label, vrfProof, vrfPublicKey }, context.crypto);
  if (proven) return;
  throw clientError(
    'label_proof_invalid',
    `member ${member.name} gave a label that the charter's key does not prove`,
    { details: { member: member.name } },
  );
}
