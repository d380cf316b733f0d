/** Every limit of the bridge, with its unit last. */

/** What a verdict or a published key is believed for at most, whatever its TTL says. */
export const verdictSecondsMax = 300;
/** Answers of the directory that are kept; the oldest goes. */
export const answersKeptMax = 100_000;
/** Questions to the directory that are open at a time; more are told to come back. */
export const lookupsAtOnceMax = 512;
/** How long Kamailio waits at most for the directory: its own patience is 5 seconds. */
export const lookupMsMax = 4000;
/** How long a zone that could not be asked is asked after the others. */
export const zoneRestMs = 5000;
/** Zones of members that are asked, and other providers after them. */
export const suffixesMax = 16;
/** When to come back after `unavailable`. */
export const retryAfterSeconds = 5;

/** Octets of a form that Kamailio sends: a certificate as PEM, percent-encoded. */
export const formBytesMax: number = 32 * 1024;
/** Characters of a certificate as PEM; a leaf with a P-256 key has about 700. */
export const certificateCharactersMax = 8192;
/** Certificates whose key is known without parsing them again; the oldest goes. */
export const certificatesKeptMax = 20_000;
/** Characters of a bearer token. */
export const tokenCharactersMax = 4096;
/** Longest life of a bearer token: what RFC 9421 requests have, too. */
export const tokenSecondsMax = 300;
/** How far the clock of who signs may be ahead. */
export const clockSkewSeconds = 60;
/** Names of tokens and requests that are remembered until they expire; at that many, no more are taken. */
export const spentMax = 500_000;
/** The same, of one number: nobody can fill the ledger for all. */
export const spentPerNumberMax = 200;
/** RFC 8224 §6.2.2 step 4 recommends that a PASSporT counts for one minute. */
export const passportSecondsMax = 60;
/** Fingerprints of one call. */
export const fingerprintsMax = 8;
/** Characters of a SIP URI that is handed to Kamailio. */
export const sipUriCharactersMax = 247;

/** Body of a request for accounts: what the verification of signatures takes. */
export const requestBodyBytesMax: number = 64 * 1024;

/** Accounts of one provider. */
export const accountsMax = 1_000_000;
/** Digest credentials of one account that are good at a time; the oldest goes. */
export const credentialsPerAccountMax = 8;
/** How much later than asked for a credential may expire: each second has one. */
export const credentialDriftSecondsMax = 60;
/** Provisioning addresses that have not been fetched yet. */
export const provisioningsMax = 10_000;
/** The same, of one number. */
export const provisioningsPerNumberMax = 4;
/** How long an address of provisioning can be fetched, once. */
export const provisioningSecondsMax = 600;
/** Accounts whose routes are looked up at a time. */
export const polledAtOnce = 8;

/** Requests for accounts that are answered at a time: each may ask the directory. */
export const accountRequestsAtOnceMax = 128;

/** How long a client may take to send its request. */
export const requestMsMax = 10_000;
export const connectionsMax = 4096;
export const headerBytesMax: number = 16 * 1024;
