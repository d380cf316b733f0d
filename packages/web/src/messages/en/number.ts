/** The screen `number`. */
export const number = {
  title: 'Your telephone number',
  intro: 'The number that people call you by. We send one code to it, to be sure that it is yours.',
  label: 'Telephone number',
  country: 'Country',
  countryOption: '{name} (+{code})',
  hint: 'As you dial it, or with the country code: +34 912 345 678',
  typing: 'Go on …',
  empty: 'Type your number.',
  short: 'This number is too short. Is a digit missing?',
  unusual: 'an unusual length; check it once more',
  faults: {
    letters: 'Only digits, spaces and + can be in a number.',
    too_long: 'This number is too long.',
    country_unknown: 'Choose a country.',
  },
  checking: 'Asking the members about this number …',
  heldTitle: 'This number is in Callbook already',
  heldText:
    'Somebody has claimed it. If it was you, bring it here with your backup. If your key is lost, or you have got the number from somebody else, take it over.',
  heldDormant: 'Its holder has not confirmed it for more than a year.',
  here: 'This browser holds this number already.',
  toRecord: 'Show my number',
  unfinishedTitle: 'You have begun already',
  unfinished: 'You were on the way with {number}. Everything is kept.',
};
