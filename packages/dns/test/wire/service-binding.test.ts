import { describe, expect, it } from 'vitest';
import { parseName, rootName } from '../../src/wire/names.ts';
import { encodeServiceBinding } from '../../src/wire/service-binding.ts';

function nameOf(text: string): typeof rootName {
  const name = parseName(text);
  if (name.verdict !== 'accept') throw new Error(name.message);
  return name.value;
}

const plain = { priority: 1, target: rootName, alpn: ['h2'], ohttp: false };

describe('the RDATA of an HTTPS record', () => {
  it('has its port as RFC 9460 D.2 shows it', () => {
    // Figure 4: 16 foo.example.com. port=53, here behind the ALPN that ours always has.
    const rdata = encodeServiceBinding({
      ...plain,
      priority: 16,
      target: nameOf('foo.example.com.'),
      port: 53,
    });
    const target = '03666f6f076578616d706c6503636f6d00';
    expect(rdata.toHex()).toBe(`0010${target}00010003026832000300020035`);
  });

  it('lists protocols with their lengths, as RFC 9460 D.2 figure 9 does', () => {
    const rdata = encodeServiceBinding({ ...plain, alpn: ['h2', 'h3-19'] });
    expect(rdata.toHex()).toBe('000100000100090268320568332d3139');
  });

  it('says that the host is an Oblivious HTTP gateway with an empty value (RFC 9540 §3)', () => {
    expect(encodeServiceBinding({ ...plain, ohttp: true }).toHex()).toBe(
      '0001000001000302683200080000',
    );
  });

  it.each(['', 'x'.repeat(256)])('refuses a protocol id that does not fit (case %#)', (id) => {
    expect(() => encodeServiceBinding({ ...plain, alpn: [id] })).toThrow(RangeError);
  });
});
