/** SHA-1, for DS records that have nothing better and for NSEC3: a file of its own, loaded with them. */
export { sha1 } from '@noble/hashes/legacy.js';
