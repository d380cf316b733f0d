/**
 * The memory of a running process, read through `/proc`: everything that it can read itself, but for
 * the files that it has mapped without changing them. Pages that were never touched are skipped by
 * `pagemap`; what V8 reserves is a hundred times what it uses.
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { Findings } from './spellings.ts';
import type { Spellings } from './spellings.ts';

const pageBytes = 4096;
const chunkBytes = 8 << 20;

export interface MemoryHit {
  readonly spelling: string;
  /** Name of the mapping, as `/proc/PID/maps` has it; anonymous memory has none. */
  readonly mapping: string;
  readonly address: bigint;
}

/** Returns where the spellings stand in the memory of a process of ours. */
export function searchMemory(pid: number, spellings: Spellings): readonly MemoryHit[] {
  const hits: MemoryHit[] = [];
  const memory = openSync(`/proc/${pid}/mem`, 'r');
  const pages = openSync(`/proc/${pid}/pagemap`, 'r');
  const room = Buffer.allocUnsafe(chunkBytes);
  const findings = new Findings(spellings);
  try {
    for (const { start, end, mapping } of writableMappings(pid)) {
      for (const [from, to] of presentRuns(pages, start, end)) {
        for (let at = from; at < to; at += chunkBytes - pageBytes) {
          const wanted = Math.min(chunkBytes, to - at);
          const size = readAt(memory, room, at, wanted);
          findings.search(room.subarray(0, size), (spelling, offset) =>
            hits.push({ spelling, mapping, address: BigInt(at + offset) }),
          );
          if (wanted < chunkBytes) break;
        }
      }
    }
  } finally {
    closeSync(memory);
    closeSync(pages);
  }
  return hits;
}

/** How often each spelling stands there, for an assertion that can be read. */
export function summary(hits: readonly MemoryHit[]): readonly string[] {
  const counts = Map.groupBy(
    hits,
    ({ spelling, mapping }) => `${spelling} in ${mapping || 'anonymous memory'}`,
  );
  return Array.from(counts, ([where, found]) => `${where} ×${found.length}`).sort();
}

interface Mapping {
  readonly start: number;
  readonly end: number;
  readonly mapping: string;
}

function writableMappings(pid: number): readonly Mapping[] {
  const lines = readFileSync(`/proc/${pid}/maps`, 'utf8').trim().split('\n');
  return lines.flatMap((line) => {
    const [range = '', rights = '', , , , mapping = ''] = line.split(/\s+/);
    const [start, end] = range.split('-').map((text) => Number.parseInt(text, 16));
    const isKernels = mapping === '[vvar]' || mapping === '[vsyscall]' || mapping === '[vdso]';
    // A file that is mapped for reading is searched as a file.
    const isFile = mapping.startsWith('/') && !rights.includes('w');
    if (!rights.startsWith('r') || isKernels || isFile) return [];
    return [{ start: start!, end: end!, mapping }];
  });
}

/** Stretches of pages that are in memory; bit 63 of a page's entry says so (proc_pid_pagemap(5)). */
function* presentRuns(pages: number, start: number, end: number): Generator<[number, number]> {
  const entries = Buffer.alloc(8 * 8192);
  let from = -1;
  for (let at = start; at < end;) {
    const count = Math.min(8192, (end - at) / pageBytes);
    const size = readSync(pages, entries, 0, count * 8, (at / pageBytes) * 8);
    if (size === 0) break;
    for (let index = 0; index < size / 8; index += 1, at += pageBytes) {
      const isPresent = (entries[index * 8 + 7]! & 0x80) !== 0;
      if (isPresent && from < 0) from = at;
      if (!isPresent && from >= 0) {
        yield [from, at];
        from = -1;
      }
    }
  }
  if (from >= 0) yield [from, end];
}

/** Memory that is given back between two looks cannot be read, and holds nothing any more. */
function readAt(memory: number, room: Buffer, at: number, size: number): number {
  try {
    return readSync(memory, room, 0, size, at);
  } catch {
    return 0;
  }
}
