/**
 * A change in Automerge's own format that claims any number of operations in 64 bytes: run lengths
 * need no compression. Made from a real change by writing other lengths into its columns.
 */
import { createHash } from 'node:crypto';

import { encodeChange } from '@automerge/automerge';
import type { DecodedChange } from '@automerge/automerge';

const templateOps = 100;

/** Returns the change; a decoder that believes it makes `opsCount` operations of it. */
export function runLengthBomb(opsCount: number): Uint8Array {
  const template = Buffer.from(templateChange());
  const contents = template.subarray(9 + 1);
  const [head, columns] = columnsOf(contents);
  const grown = columns.map(({ spec, data }) => ({ spec, data: withRun(data, opsCount) }));
  const body = Buffer.concat([
    head,
    unsigned(grown.length),
    ...grown.flatMap(({ spec, data }) => [unsigned(spec), unsigned(data.length)]),
    ...grown.map(({ data }) => data),
  ]);
  const chunk = Buffer.concat([Buffer.of(1), unsigned(body.length), body]);
  const checksum = createHash('sha256').update(chunk).digest().subarray(0, 4);
  return Buffer.concat([template.subarray(0, 4), checksum, chunk]);
}

function templateChange(): Uint8Array {
  const set = { action: 'set', obj: '_root', key: 'x', value: null, pred: [] };
  return encodeChange({
    actor: 'aa'.repeat(16),
    seq: 1,
    startOp: 1,
    time: 0,
    message: null,
    deps: [],
    ops: Array.from({ length: templateOps }, () => set),
  } as unknown as DecodedChange);
}

/** Header up to the columns (no dependency, actor of 16 bytes, five single bytes), and the columns. */
function columnsOf(contents: Buffer): [Buffer, { spec: number; data: Buffer }[]] {
  const headBytes = 1 + 1 + 16 + 5;
  const count = contents[headBytes]!;
  let place = headBytes + 1 + 2 * count;
  const columns = Array.from({ length: count }, (_, index) => {
    const [spec, size] = contents.subarray(headBytes + 1 + 2 * index);
    const data = contents.subarray(place, (place += size!));
    return { spec: spec!, data };
  });
  return [contents.subarray(0, headBytes), columns];
}

/** A run of `templateOps` becomes one of `count`: signed for values, unsigned for booleans. */
function withRun(data: Buffer, count: number): Buffer {
  const run = Buffer.from([0xe4, 0x00]);
  if (data.subarray(0, 2).equals(run)) return Buffer.concat([signed(count), data.subarray(2)]);
  return data.length === 1 && data[0] === templateOps ? unsigned(count) : data;
}

function unsigned(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** A positive signed LEB128 number has its sign bit clear. */
function signed(value: number): Buffer {
  const bytes = [...unsigned(value)];
  const last = bytes.at(-1)!;
  return Buffer.from(last < 0x40 ? bytes : [...bytes.slice(0, -1), last | 0x80, 0]);
}
