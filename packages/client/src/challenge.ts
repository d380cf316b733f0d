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
import { codeAttemptsMax } from './limits.ts';
import { callMember } from './member-call.ts';
import type { Member } from './member.ts';
import type { OnProgress } from './progress.ts';

/** `app`: 43 base64url characters for a program; `digits`: 8 digits for a person. */
export type CodeForm = 'app' | 'digits';

/** What is told to whoever has to supply the code that arrived. */
export interface CodeRequest {
  readonly member: string;
  readonly channel: 'sms' | 'email' | 'sip';
  readonly form: CodeForm;
  readonly expiresAtMs: number;
  /** 1 for the first code; above it, the code given before was wrong. */
  readonly attempt: number;
}

export type CodeSource = (request: CodeRequest) => Promise<string>;

export interface ChallengeOptions {
  readonly identifier: Identifier;
  /** Public authority key that will sign the entry, 32 bytes. */
  readonly authorityKey: Uint8Array;
  readonly form: CodeForm;
  readonly code: CodeSource;
  readonly onProgress: OnProgress;
}

export interface PassedChallenge extends LabelAnswer {
  readonly member: Member;
  readonly challengeId: string;
}

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);
/** Length of the exporter secret that keys the proof, in bytes. */
const answerKeySize = 32;

/** Passes a challenge at `member`. Throws a coded error; `label_proof_invalid` for a lying member. */
export async function passChallenge(
  context: DirectoryContext,
  member: Member,
  options: ChallengeOptions,
): Promise<PassedChallenge> {
  const { identifier, authorityKey, form } = options;
  // The platform's chance, not the port's: a generated key never leaves WebCrypto, and deriving one
  // needs `getPublicKey`, which browsers do not all have.
  const session = await suite.GenerateKeyPair();
  options.onProgress({ step: 'challenging', member: member.name });
  const challenge = parseChallengeAnswer(
    await callMember(context.fetch, member, {
      method: 'POST',
      path: '/v1/challenges',
      body: {
        identifier,
        authority: encodeBase64Url(authorityKey),
        session: encodeBase64Url(await suite.SerializePublicKey(session.publicKey)),
        form,
      },
    }),
  );
  const info = challengeInfo(authorityKey, identifier);
  const label = await answerChallenge(context, member, {
    challenge,
    options,
    openSession: () => suite.SetupRecipient(session, challenge.enc, { info }),
  });
  verifyLabelAnswer(context, member, { label, identifier });
  options.onProgress({ step: 'control_proved', member: member.name });
  return { ...label, member, challengeId: challenge.challengeId };
}

/** `"callbook/1 challenge\n" ‖ authority key (32) ‖ identifier in UTF-8`. */
function challengeInfo(authorityKey: Uint8Array, identifier: Identifier): Uint8Array {
  return concatBytes(utf8('callbook/1 challenge\n'), authorityKey, utf8(identifier));
}

type Session = Awaited<ReturnType<typeof suite.SetupRecipient>>;

interface Answering {
  readonly challenge: ChallengeAnswer;
  readonly options: ChallengeOptions;
  readonly openSession: () => Promise<Session>;
}

async function answerChallenge(
  context: DirectoryContext,
  member: Member,
  answering: Answering,
): Promise<LabelAnswer> {
  const { challenge, options } = answering;
  const { form, channel, expiresAtMs } = challenge;
  options.onProgress({ step: 'code_awaited', member: member.name, expiresAtMs });
  for (let attempt = 1; ; attempt += 1) {
    const code = await options.code({ member: member.name, channel, form, expiresAtMs, attempt });
    try {
      const session = await openSession(member, answering);
      const proof = await proveCode(context, session, { member, form, code: code.trim() });
      const path = `/v1/challenges/${encodeURIComponent(challenge.challengeId)}/answer`;
      return parseLabelAnswer(
        await callMember(context.fetch, member, {
          method: 'POST',
          path,
          body: { proof: encodeBase64Url(proof) },
        }),
      );
    } catch (error) {
      const again = error instanceof DirectoryError && error.code === 'code_wrong';
      if (!again || attempt >= codeAttemptsMax) throw error;
    }
  }
}

async function openSession(member: Member, answering: Answering): Promise<Session> {
  try {
    return await answering.openSession();
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
