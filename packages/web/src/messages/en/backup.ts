/** The screen `backup`. */
export const backup = {
  title: 'Keep your key',
  intro:
    'Your key was made just now, in this browser and nowhere else. Nobody can give it back to you: not the members, not your operator. So it is backed up before anything else happens.',
  done: 'Your key is backed up, and the backup was tested.',
  way: 'How do you want to keep it?',
  ways: {
    words: '24 words on paper – for the drawer with the passports',
    file: 'An encrypted file with a passphrase – for a stick, or your cloud',
  },
  wordsText:
    'Write these 24 words down in their order, with a pen. Do not photograph them: whoever has the words has your number.',
  wordsLabel: 'Your 24 words',
  showWords: 'Show the 24 words',
  written: 'I have written them down',
  quizTitle: 'Let us see whether it works',
  quizText: 'Read three of the words from your paper.',
  word: 'Word {place}',
  wrongWord: 'That is another word. Look at your paper again.',
  test: 'Test the backup',
  seeWords: 'See the words again',
  fileText:
    'The file is of no use without the passphrase, and nobody can reset it. Four or five words of your own are good.',
  passphrase: 'Passphrase',
  passphraseHint: 'At least 12 characters',
  saveFile: 'Save the file',
  saveAgain: 'Save the file again',
  fileTestTitle: 'Let us see whether it works',
  fileTestText: 'Choose the file that was just saved, and type the passphrase once more.',
  file: 'Backup file',
  passphraseAgain: 'Passphrase',
};
