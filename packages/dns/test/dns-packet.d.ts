/** The part of dns-packet (an independent decoder) that tests use; it ships no types. */
declare module 'dns-packet' {
  interface Answer {
    readonly name: string;
    readonly type: string;
    readonly ttl: number;
    readonly data: unknown;
  }
  interface Packet {
    readonly answers: readonly Answer[];
  }
  const dnsPacket: { decode(octets: Buffer): Packet };
  export default dnsPacket;
}
