/** The screen `start`. */
export const start = {
  title: 'Your number, with your own keys',
  what: 'Callbook is a public directory that says whose keys and which address for calls belong to a telephone number.',
  why: 'Whoever calls or writes to you can be sure that it reaches you and nobody else, and you keep your number when you change your provider.',
  who: 'Several independent organisations run it together, your keys are made in this browser, and nobody needs a password.',
  claim: 'Claim my number',
  mine: 'My number',
  lookup: 'Look somebody up',
  moreTitle: 'Something else',
  restore: 'I have a backup and a new device or browser',
  lost: 'My key is lost, or somebody else has my number',
  transparency: 'Who runs this, and do they agree?',
  needTitle: 'What you need',
  needs: [
    'Your telephone at hand: one code is sent to your number.',
    'Paper and a pen, or a place for a file: for the backup of your key.',
    'About two minutes.',
  ],
};
