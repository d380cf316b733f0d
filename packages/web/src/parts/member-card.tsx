/** One member: who it is by the charter, and how it stands with the others right now. */
import type { JSX } from 'preact';
import type { MemberView } from '../federation/federation-view.ts';
import { fill } from '../fill.ts';
import { showDate, showTime } from '../lookup/show-time.ts';
import { useMessages } from '../messages.ts';

export function MemberCard({
  view,
  isHere,
}: {
  readonly view: MemberView;
  /** Whether the page comes from this member. */
  readonly isHere: boolean;
}): JSX.Element {
  const { transparency } = useMessages();
  const { member, state, log, root } = view;
  const members = (state === 'differs' ? view.differsFrom : view.equalTo).join(', ');
  return (
    <section class="card" data-root={state} aria-labelledby={`member-${member.name}`}>
      <h3 id={`member-${member.name}`}>
        {member.organisation} <span class="quiet">({member.name})</span>
      </h3>
      <p class={tones[state]}>{fill(transparency.rootStates[state], { members })}</p>
      {isHere && <p>{transparency.thisPage}</p>}
      <dl class="facts">
        <dt>{transparency.legalForm}</dt>
        <dd>{member.legalForm}</dd>
        <dt>{transparency.auditor}</dt>
        <dd>{member.auditor}</dd>
        <dt>{transparency.lastAudit}</dt>
        <dd>{showDate(Date.parse(member.lastAudit))}</dd>
        <dt>{transparency.domain}</dt>
        <dd>
          <code>{member.zone}</code> · {transparency.memberStates[member.state]}
        </dd>
        <dt>{transparency.log}</dt>
        <dd>
          {log === undefined
            ? transparency.logMissing
            : fill(transparency.logText, {
                size: log.size,
                count: log.cosigners,
                time: showTime(log.agreedAtMs),
              })}
        </dd>
        <dt>{transparency.root}</dt>
        <dd>
          <code>{root === undefined ? '–' : `${root.slice(0, rootCharacters)} …`}</code>
        </dd>
      </dl>
    </section>
  );
}

/** Enough of a root to compare by eye. */
const rootCharacters = 16;

const tones = {
  equal: 'tone-good',
  alone: 'quiet',
  differs: 'tone-bad',
  unproven: 'tone-bad',
  silent: 'tone-warn',
} as const;
