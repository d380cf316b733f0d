/** The screens `lost` and `hold`. */
export const lost = {
  title: 'My key is lost',
  intro:
    'Your number can get a new key, if you still receive messages at it. So that no thief can do the same unnoticed, it takes a while, and whoever has the old key can refuse.',
  backupFirst:
    'Do you have your 24 words or the backup file? Then nothing is lost, and it is done in a minute.',
  way: 'What do you have?',
  ways: {
    possession: 'Only the number: wait {duration}',
    recovery: 'The number and its recovery code: wait {duration}',
    email: 'The number and the e-mail address that was confirmed for it: wait {duration}',
  },
  locked: 'If the number was locked, it takes {duration} instead.',
  timeline: 'What will happen',
  isDone: 'done',
  steps: {
    ask: { title: 'You ask', text: 'Members send codes to your number, and you type them.' },
    told: {
      title: 'The holder is told',
      text: 'By message and on their page. Whoever has the old key can refuse. Until the end nothing changes: callers find what they found before.',
    },
    wait: {
      title: 'The waiting time is over',
      text: 'You need not do anything until then; you can close this page.',
    },
    take: { title: 'You come back', text: 'One more code, and the new key is in force.' },
    yours: { title: 'The number is yours', text: 'Callers find your new key and your address.' },
  },
  begin: 'Continue: make a new key',
  holdTitle: 'Waiting for your number',
  holdFor: 'You have asked for {number}.',
  left: 'Still {duration}',
  ready: 'The waiting time is over. Take the number over now.',
  take: 'Take it over: send the code',
  keepOpen: 'You can close this page and come back in this browser. Nothing happens without you.',
  vetoed: 'The holder has refused: whoever has the old key is there.',
  vetoedText:
    'If the number is really yours, ask again. The pauses get longer, and whoever has the number wins in the end.',
  superseded: 'Somebody else has taken the number over meanwhile.',
  free: 'Nobody holds this number any more. You can simply claim it.',
  again: 'Ask again',
  giveUp: 'Give up',
};
