/** The alert above every screen, and the screen `veto`. */
export const guard = {
  request: 'Somebody wants to take {number} over.',
  requestText:
    'If nobody refuses, that happens on {time} at the earliest. If it was not you: refuse now.',
  refuse: 'That was not me: refuse',
  refusing: 'Refusing …',
  refused: 'Refused. Nobody takes {number} over; the request is void.',
  me: 'It was me, on another device',
  withCode: 'Refuse with a code as well',
  rotated: 'The key of {number} was changed elsewhere. If it was not you, it is stolen.',
  replaced: 'Somebody else holds {number} now.',
  releasedAway: '{number} was given up elsewhere.',
  changed: 'What {number} publishes was changed elsewhere with your key.',
  absent: 'A quorum of the members publishes nothing of {number} any more.',
  differs:
    '{member} says something else of {number} than the other members, and proves nothing of it. Nobody needs to believe it.',
  look: 'Look at it',
  close: 'Close',
  vetoTitle: 'Refuse with a code',
  vetoText:
    'A code shows the members that you still have the number. Such a refusal counts even against a request that was made with a recovery code.',
  vetoGo: 'Send the code and refuse',
  vetoDone: 'Refused. The number stays yours.',
  nothing: 'Nobody asks for this number at the moment.',
};
