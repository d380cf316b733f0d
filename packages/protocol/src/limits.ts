/** Every limit of the protocol, with its unit last. Sources: docs/spec/limits of each page. */

export const entryBytesMax = 1024;
export const leafBytesMax = 2048;
export const payloadBytesMax = 8192;
export const routesMax = 8;
export const publishedKeysMax = 8;
export const membersMax = 16;
export const batchEntriesMax = 256;
export const batchBytesMax = 256 * 1024;
export const gossipMessageBytesMax = 512 * 1024;
export const lookupIdentifiersMax = 1000;
/** A route's URI as it stands in a NAPTR replacement (one character-string with its frame). */
export const routeUriBytesMax = 247;
/** Width of the window in which a quorum's leaves of one ownership entry must lie. */
export const quorumWindowMs = 10 * 60 * 1000;
/** A member logs a second entry of one slot only this long after it logged the first. */
export const competitorWaitMs = 30 * 60 * 1000;
/** A member witnesses an entry whose first leaf is at most this old. */
export const witnessAgeMsMax = 10 * 60 * 1000;
/** Leaves of one entry that a history keeps for each log: the first by position. */
export const leavesKeptPerLogMax = 4;
/** An e-mail or SIP address without its scheme (RFC 5321 §4.5.3.1.3 less the angle brackets). */
export const addressBytesMax = 254;
export const localPartBytesMax = 64;
export const domainBytesMax = 253;
export const domainLabelBytesMax = 63;
/** How deep CBOR arrays and maps may nest. */
export const cborDepthMax = 8;
