/**
 * A seed as 24 English words (BIP 39, 256 bits and a check sum of 8), to be written on paper. The words
 * are the seed itself: BIP 39's own derivation of a wallet's seed from them is not used.
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { assert } from '@callbook/protocol';
import { clientError } from '../errors.ts';

/** Returns the 24 words of a 32-byte seed, separated by spaces. */
export function encodeBackupWords(seed: Uint8Array): string {
  assert(seed.length === 32, `seed is ${seed.length} bytes, not 32`);
  return entropyToMnemonic(seed, wordlist);
}

/** Returns the 32-byte seed of 24 words, as people type them. Throws `backup_words_malformed`. */
export function parseBackupWords(text: string): Uint8Array {
  const words = text
    .trim()
    .toLowerCase()
    .split(/[\s,]+/);
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  // Which word it is helps; the word itself is part of a secret.
  if (words.length !== 24 || unknown >= 0) {
    const found =
      words.length === 24
        ? `word ${unknown + 1} is not in the list`
        : `${words.length} words, not 24`;
    throw clientError('backup_words_malformed', found);
  }
  try {
    return mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    throw clientError('backup_words_malformed', 'check sum of the words is wrong');
  }
}
