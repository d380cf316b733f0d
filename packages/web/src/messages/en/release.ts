/** The screen `release`. */
export const release = {
  title: 'Give the number up',
  text: 'Do this when the number is no longer yours, or when you do not want to be in Callbook any more.',
  points: [
    'It stays published for {duration}, in case it was a thief; then every member erases it.',
    'After that anybody who has the number can claim it, you too.',
    'This cannot be undone by this page.',
  ],
  confirm: 'Type the last four digits of {number}',
  fault: 'These are not its last four digits.',
  go: 'Give it up',
  working: 'Members confirm it …',
};
