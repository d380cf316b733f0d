/** Every limit of the protocol, with its unit last. Sources: docs/spec/limits of each page. */

export const entryBytesMax = 1024;
/** Bytes of a leaf. */
export const leafBytesMax = 2048;
/** Bytes of a payload. */
export const payloadBytesMax = 8192;
/** Routes that an identifier publishes. */
export const routesMax = 8;
/** Keys that an identifier publishes. */
export const publishedKeysMax = 8;
/** Members of a federation. */
export const membersMax = 16;
/** Entries of a batch. */
export const batchEntriesMax = 256;
/** Bytes of a batch of entries. */
export const batchBytesMax: number = 256 * 1024;
/** Bytes of a gossip message. */
export const gossipMessageBytesMax: number = 512 * 1024;
/** Identifiers of one look-up. */
export const lookupIdentifiersMax = 1000;
/** A route's URI as it stands in a NAPTR replacement (one character-string with its frame). */
export const routeUriBytesMax = 247;
/** Width of the window in which a quorum's leaves of one ownership entry must lie. */
export const quorumWindowMs: number = 10 * 60 * 1000;
/** A member logs a second entry of one slot only this long after it logged the first. */
export const competitorWaitMs: number = 30 * 60 * 1000;
/** A member witnesses an entry whose first leaf is at most this old. */
export const witnessAgeMsMax: number = 10 * 60 * 1000;
/** Leaves of one entry that a history keeps for each log: the first by position. */
export const leavesKeptPerLogMax = 4;
/** An e-mail or SIP address without its scheme (RFC 5321 §4.5.3.1.3 less the angle brackets). */
export const addressBytesMax = 254;
export const localPartBytesMax = 64;
export const domainLabelBytesMax = 63;
/** How deep CBOR arrays and maps may nest. */
export const cborDepthMax = 8;
/** A signed note, as in golang.org/x/mod; C2SP asks for room for 16 signatures of nearly 5 kB. */
export const noteBytesMax = 1_000_000;
export const noteSignaturesMax = 100;
export const verifierKeyCharactersMax = 256;
/** Hashes of a Merkle proof: trees have at most 2^53 − 1 leaves. */
export const proofHashesMax = 53;
/** A checkpoint's note in a receipt: the log's signature and cosignatures of 16 members. */
export const receiptCheckpointCharactersMax = 8192;
/** Proof lines in a request to a witness (C2SP tlog-witness). */
export const witnessProofHashesMax = 63;
/** A proof of the index; one among 10^9 labels takes about 1 100. */
export const indexProofBytesMax = 4096;
export const jsonDepthMax = 8;
/** A charter's text without its signatures. */
export const charterBytesMax: number = 128 * 1024;
/** n ≥ 3f + 1 with 16 members. */
export const charterFaultsMax = 5;
export const charterWordsBytesMax = 256;
export const governanceKeysMax = 8;
export const charterAddressesMax = 8;
export const charterAddressCharactersMax = 256;
export const charterApiCharactersMax = 256;
/** Leaves room for `_sip-client.<56 digits>.id.` in a name of 253 characters. */
export const charterZoneCharactersMax = 180;
export const zoneDsMax = 4;
/** Characters of the origin of a log. */
export const logOriginCharactersMax = 128;
/** 366 days; testnets set holds of seconds, or 0. */
export const holdMsMax: number = 366 * 24 * 60 * 60 * 1000;
/** 3653 days: ten years. */
export const charterLifetimeMsMax: number = 3653 * 24 * 60 * 60 * 1000;
/** The last millisecond of the year 9999. */
export const timeMsMax = 253_402_300_799_999;
/** `faults` falls at the earliest this long after the charter before took effect. */
export const faultsFallAfterMs: number = 7 * 24 * 60 * 60 * 1000;
/** Vetoed but unanswered requests of one claimant key after which its next one is sturdy. */
export const recycledRequestsMin = 3;
/** Time that must lie between the first and the last of them. */
export const recycledSpanMsMin: number = 21 * 24 * 3600 * 1000;
/** Requests against one holder that look-ups tell of. */
export const pendingRequestsMax = 8;
/** A client confirms its binding by an update at least this often: 180 days. */
export const confirmEveryMs: number = 180 * 24 * 60 * 60 * 1000;
/** Without one, look-ups show the binding as dormant after 400 days, and DNS stops after 460. */
export const dormantAfterMs: number = 400 * 24 * 60 * 60 * 1000;
export const withheldAfterMs: number = 460 * 24 * 60 * 60 * 1000;
/** A statement of a charter draft: its field, and its text (a member with all its lists full). */
export const draftFieldCharactersMax = 96;
export const draftTextBytesMax: number = 8 * 1024;
/** How far the clock of an honest member may be off, either way. */
export const clockErrorMsMax: number = 10 * 60 * 1000;
/** A piece of evidence: up to 17 leaves, each with its proof and checkpoint. */
export const evidenceBytesMax: number = 128 * 1024;
/** The accused leaf and one of each member. */
export const evidenceLeavesMax = 17;
/** An RRset as it is signed, in evidence of a DNS answer; one with a certificate is not. */
export const signedRrsetBytesMax = 4096;
