/** What went wrong, and the next step. */
import type { FailureKind } from '../../failure.ts';

const kinds: Readonly<Record<FailureKind, { readonly what: string; readonly next: string }>> = {
  channel: {
    what: 'The code could not be sent to this number just now.',
    next: 'Wait a minute and send it again, or let another member send it.',
  },
  class: {
    what: 'This number does not allow that way.',
    next: 'Choose another way; without a recovery code or an e-mail address it takes longer, and works.',
  },
  clock: {
    what: 'The clock of this device is wrong.',
    next: 'Set date and time (best: automatically), then try again. Nothing was changed.',
  },
  code_gone: {
    what: 'This code no longer counts: it was open for ten minutes, or the page was closed meanwhile.',
    next: 'Send a new one. Everything else you have done is kept.',
  },
  code_spent: {
    what: 'Too many wrong codes were typed, so this one is void.',
    next: 'Send a new code and type it from the newest message.',
  },
  code_wrong: {
    what: 'That is not the code.',
    next: 'Compare it with the newest message: eight digits.',
  },
  codes_limited: {
    what: 'Enough codes were sent to this number for now; that protects its owner.',
    next: 'Try again in about {minutes} minutes, or let another member send one. Everything is kept.',
  },
  crypto: {
    what: 'This browser does not let the page make keys.',
    next: 'Open the page at its address with https in a current Firefox, Chrome, Edge or Safari, without add-ons that block cryptography.',
  },
  disagree: {
    what: 'The members contradict each other just now.',
    next: 'A change takes a moment to reach all of them. Try again in a few seconds; if it stays so, see “Who runs this”.',
  },
  file: {
    what: 'This is no backup file of Callbook, or it is damaged.',
    next: 'Choose another copy of it, or use the 24 words.',
  },
  file_missing: {
    what: 'No file was chosen.',
    next: 'Choose the backup file; it is often in the folder of downloads.',
  },
  file_other: {
    what: 'This file is the backup of another key.',
    next: 'Choose the file that was saved just now.',
  },
  free: {
    what: 'Nobody holds this number.',
    next: 'You can simply claim it.',
  },
  held: {
    what: 'Somebody holds this number already.',
    next: 'If it was you: bring your backup. If the key is lost, or somebody had the number before you: take it over. Both are here below.',
  },
  hold: {
    what: 'The waiting time is not over yet.',
    next: 'Come back when it is; the page says when. You need not do anything meanwhile.',
  },
  incomplete: {
    what: 'Too few members have confirmed it so far.',
    next: 'Nothing is lost: press “Try again” in a minute, and the same entry goes on.',
  },
  key_missing: {
    what: 'The key for this number is not in this browser, or did not answer.',
    next: 'Bring it back with your backup: the 24 words or the file.',
  },
  lies: {
    what: '{member} has given an answer that it cannot prove. It was not believed.',
    next: 'Nothing was lost and nothing was signed on its word. Try again: others are asked. Please tell the people behind “Who runs this”.',
  },
  moved: {
    what: 'This number was changed elsewhere with the same key, a moment ago.',
    next: 'Load the newest state, then make your change again.',
  },
  needs_codes: {
    what: 'The members want to be sure that you still have the number.',
    next: 'Go on with a code: it is sent to your number.',
  },
  not_served: {
    what: 'No code can be sent to numbers of this kind.',
    next: 'Let another member try. Premium, satellite and pager numbers are served nowhere.',
  },
  number: {
    what: 'This is not a telephone number.',
    next: 'Write it with + and the country code, as +34 912 345 678.',
  },
  page_old: {
    what: 'This page knows an old state of the federation.',
    next: 'Reload the page. If that does not help, open the page of another member.',
  },
  part: {
    what: 'A part of the page could not be loaded.',
    next: 'Check the network and try again.',
  },
  passphrase: {
    what: 'The passphrase does not open this file.',
    next: 'Try again: capitals and spaces count. Without it, use the 24 words.',
  },
  paused: {
    what: 'You have asked for this number before, and were refused.',
    next: 'Wait a day before you ask again; later requests wait a week, then a month.',
  },
  payload: {
    what: 'One of the addresses or keys is not written as it has to be.',
    next: 'Check them: no spaces or quotation marks, at most eight of each.',
  },
  recovery: {
    what: 'This is not a recovery code, or has a typing error.',
    next: 'Compare it with the paper, group by group: eight groups of four.',
  },
  refused: {
    what: 'The members have refused this.',
    next: 'Try again in a minute. If it stays so, tell {member} the code below.',
  },
  release_pending: {
    what: 'This number was given up a short time ago and is not free yet.',
    next: 'Come back in a few days.',
  },
  seed_foreign: {
    what: 'This backup belongs to another key than the one that holds the number now.',
    next: 'Use the newest backup. If there is none: take the number over with “My key is lost”.',
  },
  storage: {
    what: 'The browser has no room left, so the page has stopped before anything was sent.',
    next: 'Make room (delete downloads or data of other pages), then try again: you go on where you were.',
  },
  storage_lost: {
    what: 'What this page had kept in the browser cannot be read any more.',
    next: 'Your number is safe with the members. Bring your backup: the 24 words or the file.',
  },
  superseded: {
    what: 'Somebody else has taken the number over meanwhile.',
    next: 'If the number is yours, take it over again: whoever has the SIM card wins in the end.',
  },
  unknown: {
    what: 'Something went wrong that this page does not know.',
    next: 'Reload the page: everything you have done is kept. If it comes again, tell a member the code below.',
  },
  unreachable: {
    what: 'Too few members answer.',
    next: 'Is there a network? Try again in a moment. Everything you have done is kept.',
  },
  vetoed: {
    what: 'The holder has refused: whoever has the old key is there.',
    next: 'If the number is really yours, ask again: the pauses get longer, and whoever has the number wins in the end.',
  },
  words: {
    what: 'These are not the 24 words of a backup.',
    next: 'Compare them with the paper, word by word: all 24, in their order, in English.',
  },
};

export const failures = { kinds, aMember: 'A member', code: 'For whoever helps you:' };
