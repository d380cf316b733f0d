/** The screen `restore`. */
export const restore = {
  title: 'Bring my backup',
  intro: 'Your number stands with the members; the backup brings its key back into this browser.',
  way: 'What do you have?',
  ways: { words: 'The 24 words', file: 'The backup file' },
  words: 'The 24 words, in their order',
  wordsHint: 'With spaces between them',
  file: 'Backup file',
  passphrase: 'Passphrase',
  go: 'Bring it back',
  working: 'Members prove what they have of your number …',
};
