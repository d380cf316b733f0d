/** What several screens say. */
export const common = {
  opening: 'One moment …',
  again: 'Try again',
  next: 'Continue',
  back: 'Back',
  cancel: 'Cancel',
  working: 'One moment …',
  bringBackup: 'Bring my backup',
  keyLost: 'My key is lost',
  startOver: 'Start over',
  goOn: 'Go on',
  slow: 'This takes longer than usual: the network is slow, or a member is. The page goes on trying, and nothing is lost.',
  step: 'Step {step} of {steps}',
  notLasting:
    'This browser keeps nothing (a private window, or storage is switched off). You can go on, but once this page is closed only your backup brings the number back.',
};
