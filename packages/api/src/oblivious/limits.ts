/** The limits of the oblivious gateway and relay, with their units last: docs/spec/oblivious.md. */

/** A sealed request: 64 KiB of message would be far more than any route inside takes. */
export const capsuleRequestBytesMax: number = 65 * 1024;
/** Every refusal of a capsule is exactly this long. */
export const capsuleProblemBytes = 512;
/** How far the date inside may be from the gateway's clock, either way. */
export const innerDateErrorMsMax: number = 5 * 60 * 1000;
/** Encapsulated keys remembered of each 10 minutes: about 40 MB when there are as many. */
export const rememberedKeysMax: number = 512 * 1024;
/** Exchanges inside a gateway at once. */
export const exchangesMax = 1024;
/** Answers leave on multiples of this. */
export const answerTickMs = 25;

/** How long a relay holds a request at most, for others to come. */
export const relayHoldMsMax = 250;
export const relayHoldMsDefault = 50;
/** So many that wait are sent at once. */
export const relayBatchCount = 8;
export const relayedMax = 1024;
export const relayedToMemberMax = 128;
/** What a network is told to wait that has had too much relayed. */
export const relayRetrySeconds = 10;
/** An answer of another member. */
export const relayAnswerMsMax = 10_000;
export const relayProblemBytesMax = 4096;
/** Connections to one member. */
export const memberConnectionsMax = 32;

/** Kept connections that turn out to be closed, one after the other, in one request. */
export const staleConnectionsMax = 3;

export const keyLifetimeMs: number = 24 * 60 * 60 * 1000;
/** How long a new key is in DNS before it is stated elsewhere: the TTL there. */
export const keyAnnouncedMs = 60_000;
/** Members ask each other for their statements this often. */
export const keysAskedEveryMs = 5000;
/** The same while the statement of some member has not been heard at all, as after a start. */
export const missingKeysAskedEveryMs = 1000;
/** A later statement of a member is taken this long after the one before. */
export const keyStatementPauseMs = 10_000;
/** After a relay has met a key that is not known, the member is asked at most this often. */
export const keysRepairedEveryMs = 1000;
