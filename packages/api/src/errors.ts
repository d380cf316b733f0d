/**
 * The codes of every error that the API answers with, beside the verdict codes of the protocol.
 * A code is stable: programs match it and never the sentence. `docs/errors.md` prints the
 * sentences. No error says more than its code, a field's path and a limit: never an identifier, a
 * key, an address or a part of the request.
 */
import { DirectoryError } from '@callbook/protocol';

/** Each code with its HTTP status and the sentence that the documentation prints. */
export const apiErrorCodes = {
  request_malformed: {
    status: 400,
    sentence:
      'a field of the request is missing, unknown, or breaks its limit; the detail names it',
  },
  json_malformed: { status: 400, sentence: 'the body is not JSON' },
  body_too_large: { status: 413, sentence: 'the body is larger than 65536 bytes' },
  media_type_unsupported: { status: 415, sentence: 'the body is not application/json' },
  headers_too_large: { status: 431, sentence: 'the header fields are larger than 16384 bytes' },
  request_timeout: { status: 408, sentence: 'the request did not arrive in time' },
  route_unknown: { status: 404, sentence: 'there is no such method and path' },
  identifier_malformed: { status: 400, sentence: 'the identifier is not in canonical form' },
  bulk_malformed: {
    status: 400,
    sentence: 'the body is not 1 to 1000 slots of 16 octets',
  },
  session_key_invalid: {
    status: 400,
    sentence: 'nothing can be sealed to the session key: it is not a usable X25519 public key',
  },
  identifier_not_served: {
    status: 403,
    sentence: 'this member sends no codes to numbers of this country, range or type',
  },
  challenge_rate_limited: {
    status: 429,
    sentence: 'no more codes are sent for now, here or to this identifier; see Retry-After',
  },
  channel_unavailable: { status: 503, sentence: 'the code could not be handed to its channel' },
  challenge_unknown: { status: 404, sentence: 'there is no such challenge, or it is forgotten' },
  challenge_expired: {
    status: 410,
    sentence: 'the challenge was not answered, or not used, within 10 minutes',
  },
  challenge_answer_wrong: {
    status: 403,
    sentence: 'the proof is wrong; attemptsLeft says how many more are allowed',
  },
  challenge_exhausted: { status: 429, sentence: 'all 5 attempts at this challenge are used up' },
  challenge_required: {
    status: 403,
    sentence: 'an entry of this kind needs a passed challenge at this member',
  },
  challenge_not_passed: { status: 403, sentence: 'the challenge has not been answered yet' },
  challenge_mismatch: {
    status: 403,
    sentence: 'the challenge was made for another identifier or another authority key',
  },
  email_challenge_required: {
    status: 403,
    sentence: 'a request of class email needs a passed challenge of the e-mail address as well',
  },
  email_mismatch: {
    status: 403,
    sentence: 'the e-mail address is not the one that the binding commits to',
  },
  ownership_signature_invalid: {
    status: 403,
    sentence: 'no entry of this challenge’s authority key has that id and signature here',
  },
  challenge_used: { status: 409, sentence: 'the challenge already serves another entry' },
  entry_unknown: { status: 404, sentence: 'this member has no leaf of that entry' },
  charter_version_unknown: {
    status: 404,
    sentence: 'no charter of that version is in force at this member yet',
  },
  evidence_refused: { status: 422, sentence: 'the evidence proves nothing new to this member' },
  evidence_unknown: { status: 404, sentence: 'this member holds no evidence of that id' },
  log_unknown: { status: 404, sentence: 'this member has no checkpoint of that log' },
  witness_request_malformed: {
    status: 400,
    sentence: 'the body is not an old size, a consistency proof, an empty line and a checkpoint',
  },
  checkpoint_unsigned: {
    status: 403,
    sentence: 'the key of the log has not signed the checkpoint, or a signature is bad',
  },
  checkpoint_proof_invalid: {
    status: 422,
    sentence: 'the proof does not lead from the tree that was cosigned last to the checkpoint',
  },
  checkpoint_forked: {
    status: 409,
    sentence: 'this member has another root for this size of the log, or evidence against the log',
  },
  checkpoint_not_stored: {
    status: 503,
    sentence: 'this member has not stored all leaves of the checkpoint yet; see Retry-After',
  },
  tile_unknown: { status: 404, sentence: 'this member does not have that tile' },
  proof_rate_limited: {
    status: 429,
    sentence: 'no more proofs are made for now, here or for this network; see Retry-After',
  },
  proof_unavailable: {
    status: 503,
    sentence: 'nothing can be proven now: the index is being built, or no quorum has cosigned it',
  },
  capsule_malformed: {
    status: 400,
    sentence: 'the octets are too few or too many for an oblivious request or response',
  },
  capsule_key_unknown: {
    status: 400,
    sentence: 'the gateway has no key that opens this; fetch its key configurations again',
  },
  capsule_replayed: { status: 400, sentence: 'this capsule has been opened before' },
  capsule_date_invalid: {
    status: 400,
    sentence: 'the date inside is missing or not within 5 minutes of the gateway’s clock',
  },
  binary_message_malformed: {
    status: 400,
    sentence: 'the octets are not a binary HTTP message of known length (RFC 9292)',
  },
  oblivious_target_refused: {
    status: 403,
    sentence: 'nothing else than a look-up at this gateway itself can be asked in a capsule',
  },
  gateway_busy: { status: 503, sentence: 'the gateway opens no more capsules for now' },
  relay_target_unknown: {
    status: 404,
    sentence: 'this relay forwards to the other active members of the charter and to nobody else',
  },
  relay_busy: { status: 503, sentence: 'the relay holds as many requests as it may' },
  relay_rate_limited: {
    status: 429,
    sentence: 'too many requests to relay came from one network; see Retry-After',
  },
  relay_failed: {
    status: 502,
    sentence: 'the gateway gave the relay no answer that can be handed on',
  },
  token_invalid: {
    status: 401,
    sentence: 'the authorization is not one good token of an issuer of the charter',
  },
  token_missing: {
    status: 401,
    sentence: 'no proof is shown here without a token: of most numbers, held or not, none is',
  },
  holder_unproven: {
    status: 403,
    sentence: 'no authority key has signed, within the hour, that its holder reads',
  },
  token_spent: { status: 401, sentence: 'the token was spent before' },
  token_insufficient: {
    status: 400,
    sentence: 'the request has more look-ups than the 16 that a token pays for',
  },
  token_unchecked: {
    status: 503,
    sentence: 'the member that knows whether the token was spent cannot be asked; take another',
  },
  token_request_malformed: {
    status: 422,
    sentence: 'the body is not 1 to 16 token requests of RFC 9578 for one key',
  },
  token_key_unknown: {
    status: 422,
    sentence: 'this member does not issue tokens with that key now; ask for its directory again',
  },
  token_order_invalid: {
    status: 403,
    sentence: 'no authority key in force has signed this request for tokens just now',
  },
  tokens_exhausted: {
    status: 429,
    sentence: 'the holder has had all tokens that this member gives for now; see Retry-After',
  },
  tokens_unavailable: {
    status: 503,
    sentence: 'this member issues no tokens in this period; others do',
  },
  lookups_rate_limited: {
    status: 429,
    sentence: 'no more look-ups without a token are answered for now; see Retry-After',
  },
  not_ready: { status: 503, sentence: 'the member is not ready; reasons says why' },
  directory_unavailable: {
    status: 503,
    sentence: 'the directory cannot do this now; the same request may be sent again',
  },
  internal_error: { status: 500, sentence: 'the member made a mistake' },
} as const satisfies Record<string, { status: number; sentence: string }>;

export type ApiErrorCode = keyof typeof apiErrorCodes;

/** Codes of a wrong setting; the daemon reports them before it listens. */
export const apiSettingCodes = {
  host_malformed: 'the host is not a domain name in lower case, without a port',
  host_too_long: 'with this host the longest code message has more than 140 octets',
} as const;

export type ApiSettingCode = keyof typeof apiSettingCodes;

/** How a channel fails: inside a member only, and in its log. */
export const apiChannelCodes = {
  channel_refused: 'the channel did not take the message, and will not send it',
  channel_outcome_unknown: 'the channel may have sent the message, or not; it is not sent again',
} as const;

export type ChannelErrorCode = keyof typeof apiChannelCodes;

/** Members that a problem document has beside the standard ones (RFC 9457 §3.2). */
export interface ProblemExtensions {
  readonly attemptsLeft?: number;
  readonly reasons?: readonly string[];
}

export interface ApiErrorOptions {
  /** What was found, then the limit; the code's sentence when left out. */
  readonly message?: string;
  readonly extensions?: ProblemExtensions;
  readonly retryAfterSeconds?: number;
  /** Spaces after the problem make it so long. */
  readonly bytesMin?: number;
  /** The value of `WWW-Authenticate`, which a 401 has (RFC 9110 §11.6.1). */
  readonly authenticate?: string;
  readonly cause?: unknown;
}

/** An answer with a code of `apiErrorCodes`; thrown in a route, sent by the error handler. */
export class ApiError extends DirectoryError<ApiErrorCode> {
  readonly extensions: ProblemExtensions;
  readonly retryAfterSeconds: number | undefined;
  readonly authenticate: string | undefined;
  readonly bytesMin: number | undefined;

  constructor(code: ApiErrorCode, options: ApiErrorOptions = {}) {
    super(code, options.message ?? apiErrorCodes[code].sentence, { cause: options.cause });
    this.name = 'ApiError';
    this.extensions = options.extensions ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.authenticate = options.authenticate;
    this.bytesMin = options.bytesMin;
  }
}
