/**
 * The C library's socket calls through `node:ffi`, for Linux on x64 and arm64, where numbers and
 * layouts are the same. Results are as in C: -1 is a failure, and `errno()` tells which, when it is
 * asked for at once. Nothing here checks a pointer.
 */
import type * as Ffi from 'node:ffi';
import { endianness } from 'node:os';

export interface Libc {
  readonly socket: (family: number, type: number, protocol: number) => number;
  readonly bind: (descriptor: number, address: Pointer, addressBytes: number) => number;
  readonly getsockname: (descriptor: number, address: Pointer, addressBytes: Pointer) => number;
  readonly close: (descriptor: number) => number;
  /** Descriptor, level, name, value, size of the value. */
  readonly setsockopt: (...call: [number, number, number, Pointer, number]) => number;
  /** Descriptor, messages, count of messages, flags, timeout. */
  readonly recvmmsg: (...call: [number, bigint, number, number, bigint]) => number;
  /** Descriptor, messages, count of messages, flags. */
  readonly sendmmsg: (...call: [number, bigint, number, number]) => number;
  readonly errno: () => number;
  readonly pointerOf: (memory: ArrayBuffer) => bigint;
}

type Pointer = bigint | Uint8Array | Int32Array | BigInt64Array;

export const errnos = {
  EINTR: 4,
  EBADF: 9,
  EAGAIN: 11,
  EFAULT: 14,
  EINVAL: 22,
  ENOTSOCK: 88,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENOBUFS: 105,
} as const;

/** Returns the calls, or undefined where there are none: another system, or Node without FFI. */
export function openLibc(): Libc | undefined {
  const isKnown = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
  if (!isKnown || endianness() !== 'LE') return undefined;
  // Not an import: that would fail to load where Node was built without it.
  const ffi = process.getBuiltinModule('node:ffi') as typeof Ffi | undefined;
  if (ffi === undefined) return undefined;
  const {
    functions: { __errno_location: errnoLocation, ...calls },
  } = ffi.dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    bind: { arguments: ['int32', 'pointer', 'uint32'], return: 'int32' },
    getsockname: { arguments: ['int32', 'pointer', 'pointer'], return: 'int32' },
    close: { arguments: ['int32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'], return: 'int32' },
    recvmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32', 'pointer'], return: 'int32' },
    sendmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32'], return: 'int32' },
    __errno_location: { arguments: [], return: 'pointer' },
  });
  // errno(3): it is thread-local, so its place is this thread's for good.
  const errnoPointer = errnoLocation();
  return {
    ...calls,
    errno: () => ffi.getInt32(errnoPointer),
    pointerOf: (memory) => ffi.getRawPointer(memory),
  };
}
