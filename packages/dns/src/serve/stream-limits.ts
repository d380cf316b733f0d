/** Limits of connections, TCP and TLS alike; each listener has its own connections. */

/** A connection without a whole query for so long is closed; told to clients by RFC 7828. */
export const streamIdleMsMax = 10_000;
/** Connections at once. For one more, the one that has been idle longest is closed. */
export const streamConnectionsMax = 512;
/** TLS handshakes at once, beside the connections. */
export const handshakesMax = 256;
export const handshakeMsMax = 5000;
