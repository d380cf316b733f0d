/** Every row of the table in docs/spec/dns.md, asked of the responder. */
import { describe, expect, it } from 'vitest';
import { createResponder } from '@callbook/dns';
import {
  encodeMessage,
  formatName,
  parseExtendedErrors,
  parseMessage,
  parseRdata,
  recordTypes,
  sameName,
} from '@callbook/dns/wire';
import type { Message, Rdata } from '@callbook/dns/wire';
import {
  ask,
  createTestZones,
  directoryApex,
  directoryResponder,
  enumName,
  nameOf,
  queryOf,
} from '../test-zones.ts';

const types = recordTypes;
const { A, NS, SOA, TXT, NAPTR, TLSA, DS, RRSIG, NSEC, DNSKEY, CDS, CDNSKEY, NXNAME } = types;
const zones = createTestZones();
const respond = createResponder([zones.directory]);
const number = enumName('4915123456789');
const signed = { dnssecOk: true };

function typesOf(records: Message['answers']): number[] {
  return records.map(({ type }) => type);
}

function nsecIn(records: Message['answers']): Rdata & { type: 'NSEC' } {
  const found = records.find(({ type }) => type === NSEC)!;
  const parsed = parseRdata(NSEC, found.rdata);
  if (parsed.verdict !== 'accept' || parsed.value.type !== 'NSEC') throw new Error('no NSEC');
  return parsed.value;
}

function reasons(message: Message): number[] {
  return parseExtendedErrors(message.edns!.options).map(({ infoCode }) => infoCode);
}

describe('an existing name', () => {
  it('has its RRset, signed with DO and unsigned without', () => {
    expect(typesOf(ask(respond, { name: number, type: NAPTR }).answers)).toEqual([NAPTR]);
    const answer = ask(respond, { name: number, type: NAPTR, edns: signed });
    expect(answer).toMatchObject({ authoritative: true, responseCode: 0, authorities: [] });
    expect(typesOf(answer.answers)).toEqual([NAPTR, RRSIG]);
  });

  it('denies a missing type with every type that there is', () => {
    const denial = ask(respond, { name: number, type: A, edns: signed });
    expect(denial.responseCode).toBe(0);
    expect(typesOf(denial.authorities)).toEqual([SOA, RRSIG, NSEC, RRSIG]);
    const nsec = nsecIn(denial.authorities);
    expect(nsec.types).toEqual([TXT, NAPTR, RRSIG, NSEC]);
    expect(formatName(nsec.next)).toBe(String.raw`\000.${number}`);
  });

  it('denies without NSEC when DO is not set', () => {
    const denial = ask(respond, { name: number, type: A, edns: {} });
    expect(typesOf(denial.authorities)).toEqual([SOA]);
  });

  it('answers ANY with one RRset', () => {
    const answer = ask(respond, { name: number, type: types.ANY, edns: signed });
    expect(typesOf(answer.answers)).toEqual([NAPTR, RRSIG]);
  });

  it('answers NSEC with the synthesised NSEC', () => {
    const answer = ask(respond, { name: number, type: NSEC, edns: signed });
    expect(typesOf(answer.answers)).toEqual([NSEC, RRSIG]);
    expect(nsecIn(answer.answers).types).toEqual([TXT, NAPTR, RRSIG, NSEC]);
    expect(typesOf(ask(respond, { name: number, type: NSEC }).answers)).toEqual([NSEC]);
  });

  it('refuses RRSIG', () => {
    const answer = ask(respond, { name: number, type: RRSIG, edns: signed });
    expect(answer).toMatchObject({ responseCode: 5, authoritative: false, answers: [] });
  });
});

describe('the apex', () => {
  const apexTypes = [NS, SOA, TXT, RRSIG, NSEC, DNSKEY, CDS, CDNSKEY];

  it.each(apexTypes.filter((type) => type !== RRSIG && type !== NSEC))('has type %i', (type) => {
    const answer = ask(respond, { name: directoryApex, type, edns: signed });
    expect(typesOf(answer.answers).filter((found) => found !== RRSIG)).toEqual(
      type === DNSKEY ? [DNSKEY, DNSKEY] : [type],
    );
    expect(answer.answers.at(-1)!.type).toBe(RRSIG);
  });

  it('denies DS with SOA in the bitmap and DS not in it', () => {
    const denial = ask(respond, { name: directoryApex, type: DS, edns: signed });
    expect(denial).toMatchObject({ responseCode: 0, authoritative: true, answers: [] });
    expect(nsecIn(denial.authorities).types).toEqual(apexTypes);
  });

  it('serves the addresses of its name servers with NS', () => {
    const answer = ask(respond, { name: directoryApex, type: NS, edns: signed });
    expect(typesOf(answer.additionals)).toEqual([A, RRSIG, types.AAAA, RRSIG]);
  });
});

describe('a name that does not exist and is not of the directory', () => {
  const name = `www.${directoryApex}`;

  it('is NOERROR with NXNAME for DO without CO', () => {
    const denial = ask(respond, { name, type: A, edns: signed });
    expect(denial.responseCode).toBe(0);
    expect(nsecIn(denial.authorities).types).toEqual([RRSIG, NSEC, NXNAME]);
    expect(denial.edns!.compactOk).toBe(false);
  });

  it('is NXDOMAIN with the same NSEC for CO, which is echoed', () => {
    const denial = ask(respond, { name, type: A, edns: { ...signed, compactOk: true } });
    expect(denial.responseCode).toBe(3);
    expect(nsecIn(denial.authorities).types).toEqual([RRSIG, NSEC, NXNAME]);
    expect(denial.edns!.compactOk).toBe(true);
  });

  it('is NXDOMAIN without DO', () => {
    for (const edns of [{}, undefined]) {
      const denial = ask(respond, edns === undefined ? { name, type: A } : { name, type: A, edns });
      expect(denial.responseCode).toBe(3);
      expect(typesOf(denial.authorities)).toEqual([SOA]);
    }
  });

  it('answers NSEC with NXNAME in the bitmap', () => {
    const answer = ask(respond, { name, type: NSEC, edns: signed });
    expect(answer.responseCode).toBe(0);
    expect(nsecIn(answer.answers).types).toEqual([RRSIG, NSEC, NXNAME]);
  });
});

describe('what is not answered', () => {
  it.each([types.AXFR, types.IXFR])('refuses transfer type %i with EDE 18', (type) => {
    const answer = ask(respond, { name: directoryApex, type, edns: {} });
    expect(answer.responseCode).toBe(5);
    expect(reasons(answer)).toEqual([18]);
  });

  it('refuses other zones and classes with EDE 20', () => {
    const other = ask(respond, { name: 'beta.test', type: A, edns: {} });
    const chaos = ask(respond, { name: directoryApex, type: TXT, class: 3, edns: {} });
    for (const answer of [other, chaos]) {
      expect(answer).toMatchObject({ responseCode: 5, authoritative: false });
      expect(reasons(answer)).toEqual([20]);
    }
    expect(ask(respond, { name: 'beta.test', type: A }).edns).toBeUndefined();
  });

  it('answers QTYPE NXNAME with FORMERR and EDE 30', () => {
    const answer = ask(respond, { name: number, type: NXNAME, edns: signed });
    expect(answer.responseCode).toBe(1);
    expect(reasons(answer)).toEqual([30]);
  });

  it('answers EDNS versions after 0 with BADVERS', () => {
    const answer = ask(respond, { name: number, type: NAPTR, edns: { version: 1 } });
    expect(answer).toMatchObject({ responseCode: 16, answers: [], edns: { version: 0 } });
  });

  it('ignores unknown EDNS options', () => {
    const options = [{ code: 65_001, octets: new Uint8Array(9) }];
    const answer = ask(respond, { name: number, type: NAPTR, edns: { options } });
    expect(answer).toMatchObject({ responseCode: 0, edns: { options: [] } });
  });

  it.each([1, 2, 4, 5, 6, 15])('answers opcode %i with NOTIMP and a header', (opcode) => {
    const query = queryOf({ name: number, type: NAPTR });
    query[2] = opcode << 3;
    const response = respond(query, 'udp')!;
    expect(response.length).toBe(12);
    expect(parseMessage(response)).toMatchObject({
      value: { id: 0x1234, isResponse: true, opcode, responseCode: 4 },
    });
  });

  it.each([0, 2])('answers %i questions with FORMERR', (count) => {
    const question = { name: nameOf(number), type: NAPTR, class: 1 };
    const parsed = parseMessage(queryOf({ name: number, type: NAPTR }));
    if (parsed.verdict !== 'accept') throw new Error('bad query');
    const questions = Array.from({ length: count }, () => question);
    const response = respond(encodeMessage({ ...parsed.value, questions }), 'udp')!;
    expect(parseMessage(response)).toMatchObject({ value: { responseCode: 1, questions: [] } });
  });

  it('answers a message that is cut off, or goes on after its end, with FORMERR', () => {
    const query = queryOf({ name: number, type: NAPTR, edns: {} });
    for (const bad of [query.slice(0, -1), Uint8Array.of(...query, 0)])
      expect(respond(bad, 'udp')!.slice(2, 4)).toEqual(Uint8Array.of(0x80, 1));
  });

  it('answers a query over 4096 octets with FORMERR', () => {
    const ofSize = (size: number): Uint8Array =>
      queryOf({
        name: number,
        type: NAPTR,
        edns: { options: [{ code: 12, octets: new Uint8Array(size - emptySize) }] },
      });
    const emptySize = queryOf({
      name: number,
      type: NAPTR,
      edns: { options: [{ code: 12, octets: new Uint8Array(0) }] },
    }).length;
    expect(respond(ofSize(4095), 'tcp')![3]).toBe(0);
    expect(respond(ofSize(4096), 'tcp')![3]).toBe(0);
    expect(respond(ofSize(4097), 'tcp')![3]).toBe(1);
  });

  it('drops responses and what is shorter than a header', () => {
    const response = queryOf({ name: number, type: NAPTR });
    response[2]! |= 0x80;
    expect(respond(response, 'udp')).toBeUndefined();
    expect(respond(response.slice(0, 11), 'udp')).toBeUndefined();
    expect(respond(new Uint8Array(0), 'tcp')).toBeUndefined();
  });
});

describe('the header', () => {
  it('copies id and RD, and sets neither RA, AD, CD nor TC', () => {
    const query = queryOf({ name: number, type: NAPTR, recursionDesired: true });
    query[3] = 0x70;
    const parsed = parseMessage(respond(query, 'udp')!);
    expect(parsed).toMatchObject({
      value: {
        id: 0x1234,
        recursionDesired: true,
        recursionAvailable: false,
        authenticData: false,
        checkingDisabled: false,
        truncated: false,
      },
    });
  });

  it('echoes the case of the question, also as the owner, and signs the lower-cased name', () => {
    const mixed = number.replace('alpha.test', 'aLPhA.TesT');
    const answer = ask(respond, { name: mixed, type: NAPTR, edns: signed });
    expect(formatName(answer.questions[0]!.name)).toBe(mixed);
    expect(formatName(answer.answers[0]!.owner)).toBe(mixed);
    const lower = ask(respond, { name: number, type: NAPTR, edns: signed });
    expect(answer.answers.map(({ rdata }) => rdata)).toEqual(
      lower.answers.map(({ rdata }) => rdata),
    );
    expect(sameName(answer.answers[0]!.owner, nameOf(number))).toBe(true);
  });
});

describe('size', () => {
  const wide = createTestZones();
  const routes = Array.from({ length: 8 }, (_, index) => ({
    service: 'sip' as const,
    uri: `sip:${'a'.repeat(160)}${index}@sip.example`,
    preference: index,
  }));
  wide.source.publish({ identifier: 'tel:+447700900001', routes });
  wide.source.publish({ identifier: 'tel:+447700900002', routes: routes.slice(0, 3) });
  const respondWide = directoryResponder(wide);
  const large = { name: enumName('447700900001'), type: NAPTR };
  const middling = { name: enumName('447700900002'), type: NAPTR };

  it('is at most 1232 over UDP, whatever the client offers', () => {
    const response = respondWide(queryOf({ ...large, edns: { udpPayloadBytes: 65_535 } }), 'udp')!;
    expect(response.length).toBeLessThanOrEqual(1232);
    expect(parseMessage(response)).toMatchObject({
      value: { truncated: true, answers: [], edns: { udpPayloadBytes: 1232 } },
    });
  });

  it('is at most 512 without EDNS, and at least 512 with a smaller offer', () => {
    expect(ask(respondWide, middling)).toMatchObject({ truncated: true, edns: undefined });
    const small = { ...middling, edns: { udpPayloadBytes: 100, dnssecOk: true } };
    expect(ask(respondWide, small)).toMatchObject({ truncated: true, edns: { dnssecOk: true } });
    expect(ask(respondWide, { ...middling, edns: {} })).toMatchObject({ truncated: false });
    expect(
      ask(respondWide, { name: number, type: NAPTR, edns: { udpPayloadBytes: 0 } }),
    ).toMatchObject({ truncated: false });
  });

  it('is what it needs over TCP', () => {
    const response = respondWide(queryOf({ ...large, edns: signed }), 'tcp')!;
    expect(response.length).toBeGreaterThan(1232);
    const parsed = parseMessage(response);
    expect(parsed.verdict === 'accept' && parsed.value.answers).toHaveLength(9);
  });
});

describe('a source that throws', () => {
  it('is SERVFAIL, told once, and answers again when it is well', () => {
    const failing = createTestZones();
    const failures: unknown[] = [];
    const respondFailing = createResponder([failing.directory], {
      onFailure: (error) => failures.push(error),
    });
    failing.source.isBroken = true;
    const answer = ask(respondFailing, { name: number, type: NAPTR, edns: signed });
    expect(answer).toMatchObject({ responseCode: 2, authoritative: false, answers: [] });
    expect(failures).toHaveLength(1);
    failing.source.isBroken = false;
    expect(ask(respondFailing, { name: number, type: TLSA }).responseCode).toBe(0);
  });
});
