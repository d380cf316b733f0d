/** What is around every screen. */
export const frame = {
  skip: 'Skip to the content',
  navigation: 'Main',
  record: 'My number',
  lookup: 'Look up',
  transparency: 'Who runs this',
  loading: 'Loading …',
  partMissing: 'A part of the page could not be loaded. Is there a network?',
  again: 'Try again',
  offline: 'You are offline. Nothing is lost; go on when the network is back.',
  language: 'Language',
  promise:
    'No tracking, no advertising, nothing from third parties. Your keys are made in this browser and stay with you.',
};
