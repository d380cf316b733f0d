/**
 * QR codes (ISO/IEC 18004) for people who set a phone up: the squares are `qr`'s, the picture is a PNG of one
 * bit a pixel, which is small enough to write here.
 */
import { crc32, deflateSync } from 'node:zlib';
import { encodeQR } from 'qr';

const quietModules = 4;
const pixelsPerModule = 6;

/** Dark squares of a text, with the quiet zone around them. */
function modulesOf(text: string): boolean[][] {
  return encodeQR(text, 'raw', { ecc: 'medium', border: quietModules });
}

/** Returns lines of half blocks, light on dark: two squares a character. */
export function qrText(text: string): string {
  const modules = modulesOf(text);
  const lines: string[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const [upper = [], lower = []] = [modules[y], modules[y + 1]];
    lines.push(upper.map((isDark, x) => halfBlock(isDark, lower[x] ?? false)).join(''));
  }
  return lines.join('\n');
}

/** What is light is printed: terminals are dark, and readers see through the rest. */
function halfBlock(isUpperDark: boolean, isLowerDark: boolean): string {
  if (isUpperDark) return isLowerDark ? ' ' : '▄';
  return isLowerDark ? '▀' : '█';
}

/** Returns a PNG (RFC 2083), greyscale with one bit a pixel. */
export function qrPng(text: string): Buffer {
  const modules = modulesOf(text);
  const side = modules.length * pixelsPerModule;
  const rows = modules.flatMap((row) => {
    const bytes = Buffer.alloc(1 + Math.ceil(side / 8));
    for (let x = 0; x < side; x += 1) {
      const isLight = !row[Math.floor(x / pixelsPerModule)]!;
      if (isLight) bytes[1 + (x >> 3)]! |= 0x80 >> (x & 7);
    }
    return Array.from({ length: pixelsPerModule }, () => bytes);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.concat(rows))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** RFC 2083 §3.2: length, type, data, CRC of type and data. */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(8 + body.length);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), 4 + body.length);
  return framed;
}
