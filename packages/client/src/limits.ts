/** Every limit of the client, with its unit last. */

/** Longest wait for one answer of a member. */
export const callMsMax = 10_000;
/** Longest wait for a proof before another member is asked: a change is proven within two seconds. */
export const proofCallMsMax = 4000;
/** Longest wait for a posted entry: the member asks the others to log it before it answers. */
export const entryCallMsMax = 30_000;
/** Largest answer that is read: 1 000 look-ups with payloads at their limit, in base64. */
export const answerBytesMax: number = 16 * 1024 * 1024;
/** Charters that are walked forward at once: ten years of one a month. */
export const charterStepsMax = 120;
/** Codes that may be tried for one challenge; the member counts too. */
export const codeAttemptsMax = 5;
/** How often an entry goes round the members before it is reported as incomplete. */
export const submissionRoundsMax = 3;
/** Pause before the second and the third round, times the number of rounds done. */
export const submissionPauseMs = 500;
/** Identifiers in one look-up call, in characters: the API takes bodies up to 64 KiB. */
export const lookupCharactersMax: number = 48 * 1024;

/** How long a look-up waits for the members it has asked before it asks further ones as well. */
export const hedgeMs = 1500;
/** How long a member that has failed is asked after the others. */
export const memberRestMs = 30_000;
/** Pause before members that contradict each other are asked once more: a change takes a moment. */
export const settleMs = 700;
/** How often members are asked what may be claimed, until they agree. */
export const nextAskedMax = 3;
/** A watch tells of what the holder has not done within this time, unless told otherwise. */
export const watchPeriodMsDefault = 60_000;
export const watchPeriodMsMin = 1000;
/** How long a watch waits at most before it believes what only just is so: changes spread within it. */
export const watchSettleMs = 2000;
/** Identifiers in one call of `lookupMany`. */
export const lookupManyMax = 50_000;

/** Identifiers in one oblivious call: more of one address book in one place would tell whose it is. */
export const obliviousLookupsMax = 16;
/** Oblivious calls to one member at a time: on a long way they wait for each other otherwise. */
export const obliviousCallsAtOnce = 16;
/** How long one member is waited for, all together, while its budget of look-ups is spent. */
export const lookupWaitMsMax = 60_000;
/** Members whose word is taken on the keys of all, and how many of them must show the same. */
export const keyWitnessesMax = 3;
export const keyShownMin = 2;
/** How long keys are used before they are asked for again; a gateway keeps each for two days. */
export const obliviousKeysMs = 3_600_000;
/** How long the same members relay, and the same are asked. */
export const obliviousSplitMs = 600_000;
/** Longest wait for one relay before another is tried: it holds a question for 250 ms at most. */
export const relayCallMsMax = 4000;
export const relaysTriedMax = 3;
/** Inner requests are as long as a multiple of this. */
export const innerRequestStepBytes = 128;

/** Look-ups, or proofs, that one token pays for. */
export const tokenLookupsPerCall = 16;
/** Tokens for one question: a member may be unable to check one, and most others are checked elsewhere. */
export const readerTokensPerRequestMax = 3;
/** How long what a holder has signed to read is used; members take it for twice as long. */
export const holderReadingKeptMs = 1_800_000;

/** Identifiers in one call for proofs: members take no more. */
export const proofBatchMax = 50;
/** Proofs that are verified before other work gets its turn. */
export const proofsAtOnce = 8;
/** How long one member is waited for, all together, while its budget of proofs is spent. */
export const proofWaitMsMax = 120_000;

/** Questions in one validation; a cold one from the root to a member's zone takes eight. */
export const validationQueriesMax = 48;
/** Signatures checked in one validation; an honest chain of three zones takes about ten. */
export const validationSignaturesMax = 64;
/** Signatures tried for one RRset: two keys of a roll-over, and a few whose tags collide. */
export const rrsetSignaturesMax = 8;
/** Keys compared with a DS in one validation. */
export const validationDigestsMax = 32;
/** RFC 9276 §3.2 lets a validator treat more as insecure; unbound and BIND draw the line here. */
export const nsec3IterationsMax = 150;
/** Rounds of SHA-1 in one validation: sixty names at the cap. */
export const nsec3RoundsMax = 10_000;
/** NSEC and NSEC3 records that one answer is judged by; a proof needs three, four with a wildcard. */
export const denialRecordsMax = 8;
/** CNAMEs and DNAMEs that are followed. */
export const aliasesMax = 8;
/** How far signatures may be off by this machine's clock before it is the signature's fault. */
export const clockSkewSecondsMax = 3600;
/** How far members' times may be apart to count as one time. */
export const memberTimesApartMsMax = 600_000;
/** Names of which a validator remembers whether they are zones and which keys they have. */
export const knownZonesMax = 1000;
/** How long it remembers at most, whatever a zone's TTL says. */
export const knownZoneSecondsMax = 3600;
/** Public keys that are kept open for checking. */
export const openedKeysMax = 256;
/** Longest wait for one DNS answer; a resolver with a cold cache asks many servers. */
export const dnsCallMsMax = 5000;
/** What the length field of DNS over a stream can say. */
export const dnsMessageBytesMax = 65_535;

/** Characters of an SDP body that is read: ten times what a browser offers. */
export const sdpCharactersMax: number = 64 * 1024;
/** Media streams of one offer. */
export const mediaStreamsMax = 32;
/** Characters of an `Identity` header. */
export const identityHeaderCharactersMax = 8192;
/** Media keys, and parties, that one PASSporT names. */
export const mediaKeysMax = 32;
/** RFC 8224 §6.2.2 step 4 recommends that a PASSporT counts for one minute. */
export const passportAgeSecondsMax = 60;

/** Seconds for which a signed request counts. */
export const signatureLifeSeconds = 300;
/** How far the clock of who signed a request may be off. */
export const clockSkewSeconds = 60;
/** Body of a signed request: members take no larger ones either. */
export const signedBodyBytesMax: number = 64 * 1024;
/** How long a program that signs may take: a person may have to touch something. */
export const signerMsMax = 60_000;
/** What it may write: a signature of 64 bytes as base64url takes 86. */
export const signerAnswerBytesMax = 1024;
/** What is sealed is held in memory as a whole. */
export const sealedBytesMax: number = 16 * 1024 * 1024;

/** scrypt's cost of a backup file, as the logarithm of N: a second on a small machine (age's own choice). */
export const backupScryptLog2 = 18;
/** Characters of a backup file. */
export const backupFileBytesMax: number = 1024 * 1024;
