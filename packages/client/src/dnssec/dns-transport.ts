/**
 * The port through which questions leave: octets out, octets in. Node's (UDP and TCP) and HTTPS are
 * two implementations; neither is trusted with anything but to bring what somebody said. The server
 * behind it resolves (a resolver) or has the zone itself (a member, when the anchor is its zone's DS).
 */

export interface DnsTransport {
  /**
   * Sends one encoded query and returns the octets that came back, whole: over UDP an answer with TC
   * is asked for again by a stream. Rejects when nothing came within its time.
   */
  exchange(query: Uint8Array): Promise<Uint8Array>;
}
