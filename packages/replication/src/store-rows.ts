/**
 * How rows of a store are made, for whoever writes a store in bulk instead of leaf by leaf: benches, which
 * need one of ten million bindings. Nothing of a member uses this page.
 */
export { positionRow as indexPositionRow } from './index/index-position.ts';
export { encodePosition } from './log/log-position.ts';
export type { LogPosition } from './log/log-position.ts';
export { openSealedRow, sealRow } from './store/row-bytes.ts';
export {
  bindingKey,
  bundleKey,
  entryKey,
  indexNodeKey,
  ownershipKey,
  partKey,
  positionKey,
  tileKey,
  updatesKey,
} from './store/row-keys.ts';
export { ownerKeyOf } from './view/owner-names.ts';
