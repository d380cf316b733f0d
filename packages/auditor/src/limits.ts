/** What bounds an audit: memory, disk, time and what members may send. */

/** Leaves of an entry bundle and hashes of a tile, in bytes: all that a member may answer with. */
export const bundleBytesMax: number = 256 * (2 + 2048);
export const noteBytesMax: number = 64 * 1024;
/** A charter's text is at most 131 072 bytes, its signatures less. */
export const charterBytesMax: number = 256 * 1024;
export const evidenceListBytesMax: number = 1024 * 1024;

/** One answer: beginning, and as a whole. A member that sends a byte a second stalls nobody. */
export const answerMsMax = 30_000;
/** Requests under way at once, to all members together. */
export const requestsAtOnce = 8;
/** Further tries of one request, and the pause before the first of them. */
export const retriesMax = 2;
export const retryPauseMs = 500;

/** Failures in a row after which a member is not asked for a while: mirrors have the same. */
export const failuresMax = 3;
export const awayMs = 60_000;

/** Charters walked forward in one audit. */
export const charterStepsMax = 4096;

/** How long an audit waits for checkpoints that cover the roots it compares. */
export const settleMsMax = 20_000;
export const settlePauseMs = 250;

/** Leaves verified before the fold is written and the position with it. */
export const runLeavesMax = 524_288;
/** Records kept in memory; of more, the parts go to files. */
export const runBytesInMemoryMax: number = 8 * 1024 * 1024;
export const partitionCount = 256;
/** Labels folded and written at once. */
export const foldLabelsMax = 64;
/** Bundles that go to a thread at once, and orders that wait there. */
export const bundlesPerOrder = 4;
export const ordersPerThread = 3;
export const threadsMax = 16;

/** Leaves by which a member may be ahead of another and still be compared. */
export const overlayLeavesMax = 32_768;

/** Leaves that contribute nothing: so many are listed. */
export const violationsListedMax = 10_000;
/** Findings of one audit that are kept; a member that sends rubbish makes no more. */
export const findingsMax = 1000;

/** A leaf may be ahead of the auditor's clock by so much. */
export const futureMsMax = 600_000;

/** Block cache and write buffer of the fold's store. */
export const storeCacheBytes: number = 4 * 1024 * 1024;
export const storeWriteBufferBytes: number = 4 * 1024 * 1024;

/** Bundles of each log whose copies are looked at, at every member, in one audit. */
export const copiesPerLogMax = 64;

/** Suspicions of one audit of which evidence is made. */
export const suspicionsMax = 1000;

/** What an audit remembers of its runs, for reports. */
export const runsKeptMax = 4000;
export const daysKeptMax = 3660;
export const findingsShownMax = 200;

/** How long what differs of a canary is asked for again: members are seldom at the same place at once. */
export const canarySettleMsMax = 20_000;
export const canaryPauseMs = 500;
/** Canaries of one auditor: each costs every member some questions in each run. */
export const canariesMax = 100;
/** A resolver may give what it has kept, as long as records live (3600 s), and an hour more. */
export const resolverStaleMsMax = 7_200_000;
/** Signatures of one RRset that evidence is tried with. */
export const signaturesTriedMax = 4;
/** A datagram that crosses any network whole (RFC 9715). */
export const udpPayloadBytes = 1232;

/** A webhook has so long to take an alert. */
export const alertMsMax = 10_000;
