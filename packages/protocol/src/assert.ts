/**
 * Assertions for programmer errors, on in production. Untrusted input never reaches one: it ends in
 * a verdict. Written here because `node:assert` does not exist in browsers.
 */

/** Throws when `condition` is false; `message` says what was found, then the limit. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new TypeError(message);
}
