/** Every limit of the API, with its unit last. `createApi` takes other values for tests. */

/** Body of a request to cosign: 63 proof lines and a checkpoint of 8 192 characters. */
export const witnessBodyBytesMax: number = 16 * 1024;

export const apiLimits = {
  /** Body of any request. 1 000 telephone numbers take 23 KB of it. */
  bodyBytesMax: 64 * 1024,
  /** Whole request, first octet to last: a slow sender holds a socket no longer. */
  requestMsMax: 30_000,
  connectionsMax: 10_000,
  /** Time to answer a challenge, from the moment its code is sent. */
  challengeAnswerMsMax: 10 * 60 * 1000,
  /** Time in which a passed challenge serves its entry, from the right answer. */
  challengeUseMsMax: 10 * 60 * 1000,
  challengeAttemptsMax: 5,
  /** Wrong answers in digits to codes of one scheme, before all are refused for a while. */
  wrongAnswersPerHourMax: 1000,
  /** Challenges in memory, open and passed. */
  challengesMax: 20_000,
  /** Codes to one identifier. */
  sendsPerHourMax: 3,
  sendsPerDayMax: 6,
  /** Codes to all identifiers together; bounds the money, and the table of senders' budgets. */
  totalSendsPerHourMax: 10_000,
  /** Proofs to everybody together, and to one network: each takes about 1 ms of CPU. */
  proofsPerSecondMax: 200,
  proofsBurstMax: 400,
  networkProofsPerSecondMax: 20,
  networkProofsBurstMax: 60,
  /** Look-ups without a token from one network, and from all capsules together. */
  networkLookupsPerSecondMax: 50,
  networkLookupsBurstMax: 20_000,
  /** Capsules that one network has relayed: a relay does not see what is in them, nor whether a token is. */
  networkCapsulesPerSecondMax: 10,
  networkCapsulesBurstMax: 2500,
  capsuleLookupsPerSecondMax: 2000,
  capsuleLookupsBurstMax: 100_000,
} as const satisfies Record<string, number>;

/** A DNS query over HTTPS: no more than over TCP is read of one. */
export const dnsQueryBytesMax = 4096;

/** Identifiers in one request for proofs: fewer than a network may have at once. */
export const proofIdentifiersMax = 50;

/** The answer to a proof is as long as a multiple of this; one alone at least twice as long, as most are. */
export const proofAnswerStepBytes = 4096;
export const proofAnswerBytesMin: number = 2 * proofAnswerStepBytes;

export type ApiLimits = { readonly [Name in keyof typeof apiLimits]: number };

/** Pieces of evidence that a member holds: one of each kind for each log. */
export const evidenceHeldMax = 160;

/** For which a browser may remember what it may send: Chromium remembers no longer than that. */
export const preflightSecondsMax = 7200;

/** Files of a web page beside its index, and all of them together: they are kept in memory. */
export const pageFilesMax = 100;
export const pageBytesMax: number = 8 * 1024 * 1024;
/** Files whose names change with their content are kept for a year, which is for ever (RFC 9111 §5.2.2). */
export const pageAssetSeconds: number = 365 * 86_400;
/** RFC 6797: two years, as browsers' lists want it. */
export const strictTransportSeconds: number = 2 * 365 * 86_400;
