/** The screen `protect`. */
export const protect = {
  title: 'Recovery code and lock',
  recovery: 'Recovery code',
  recoveryText:
    'With this code on paper you get a lost number back in {duration} instead of {long}. Keep it apart from the 24 words. It helps even when a thief has your key.',
  recoveryOn: 'There is a code. A new one makes the one before void.',
  make: 'Make a recovery code',
  makeNew: 'Make a new one',
  shown: 'Write this code down. It is shown once and kept nowhere.',
  codeLabel: 'Your recovery code',
  typeBack: 'Type it back from your paper',
  typeBackHint: 'Eight groups of four characters; capitals do not matter',
  other: 'That is not the code that was shown. Look at your paper again.',
  put: 'Put it in force',
  recoveryDone: 'The recovery code is in force.',
  lock: 'Lock',
  lockText:
    'While the lock is on, nobody can take the number over in less than {duration}, not even somebody who reads your messages.',
  lockOn: 'The lock is on.',
  lockOff: 'The lock is off.',
  doLock: 'Switch the lock on',
  doUnlock: 'Switch the lock off',
  unlockText:
    'Switching it off takes effect after {duration}: until then the number is as safe as before.',
  locked: 'The lock is on, at once.',
  lockEnds: 'The lock is still on; it goes off on {time}.',
  email: 'E-mail address',
  emailText:
    'With a confirmed e-mail address a lost number comes back in {duration}. The address is kept nowhere: only a fingerprint of it.',
  emailOn: 'An address is confirmed.',
  emailLabel: 'E-mail address',
  emailHint: 'A code is sent to it',
  emailFault: 'This is no e-mail address.',
  emailGo: 'Confirm this address',
  emailDone: 'The address is confirmed. It counts after {duration}.',
  working: 'Members confirm the change …',
};
