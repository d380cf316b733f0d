/** Why an answer of a look-up is believed, step by step and in plain words. */
import type { Lookup, MemberLookup, Reason } from '@callbook/client';
import type { JSX } from 'preact';
import { fill } from '../fill.ts';
import { showTime } from '../lookup/show-time.ts';
import { useMessages } from '../messages.ts';

export function LookupReasons({ found }: { readonly found: Lookup }): JSX.Element {
  const { lookup } = useMessages();
  const { reason } = found;
  const steps = [
    ...useAgreement(found),
    ...useProof(reason),
    useDnssec(reason),
    reason.privacy.state === 'oblivious' ? lookup.oblivious : lookup.plain,
  ];
  return (
    <>
      <h2>{lookup.why}</h2>
      <ol class="steps">
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <MemberSayings members={reason.members} />
    </>
  );
}

function useAgreement({ reason, state }: Lookup): string[] {
  const { lookup } = useMessages();
  const { agreeing, answered, quorum } = reason.agreement;
  const others = reason.members.filter((saying) => !agrees(saying, state, reason));
  const silent = reason.members.filter((saying) => saying.state === 'failed');
  const different = others.filter((saying) => saying.state !== 'failed');
  const names = (sayings: readonly MemberLookup[]): string =>
    sayings.map(({ member }) => member).join(', ');
  return [
    fill(lookup.agreement, { agreeing, answered, quorum }),
    ...(different.length > 0 ? [fill(lookup.disagreeing, { members: names(different) })] : []),
    ...(silent.length > 0 ? [fill(lookup.silent, { members: names(silent) })] : []),
  ];
}

function agrees(saying: MemberLookup, state: Lookup['state'], reason: Reason): boolean {
  if (saying.state !== 'published') return saying.state === state;
  const { proof } = reason;
  if (state !== 'published' || proof.state !== 'proven') return state === 'published';
  // Whoever publishes older or other keys names another entry than the proof.
  const { binding } = proof.proof;
  return binding === null || saying.binding.epoch === binding.epoch;
}

function useProof({ proof }: Reason): string[] {
  const { lookup } = useMessages();
  if (proof.state !== 'proven') {
    const isWithheld = proof.state === 'unavailable' && proof.code === 'token_missing';
    return [isWithheld ? lookup.withheld : lookup.notProven];
  }
  const { member, logs } = proof.proof;
  const times = logs.flatMap(({ agreedAtMs }) => (agreedAtMs === null ? [] : [agreedAtMs]));
  const time = showTime(Math.min(...times));
  return [
    fill(lookup.proven, { member }),
    ...(times.length > 0 ? [fill(lookup.agreedLogs, { count: logs.length, time })] : []),
  ];
}

function useDnssec({ dnssec }: Reason): string {
  const { lookup } = useMessages();
  if (dnssec.state !== 'secure') return lookup.noDnssec;
  const { zone, chain } = dnssec.answer;
  return fill(lookup.dnssec, { zone, count: chain.length });
}

/** What each member says, whether they agree or not. */
export function MemberSayings({
  members,
  isOpen = false,
}: {
  readonly members: readonly MemberLookup[];
  readonly isOpen?: boolean;
}): JSX.Element {
  const { lookup } = useMessages();
  return (
    <details open={isOpen}>
      <summary>{lookup.details}</summary>
      <dl class="facts">
        {members.map((saying) => (
          <MemberSaying key={saying.member} saying={saying} />
        ))}
      </dl>
    </details>
  );
}

function MemberSaying({ saying }: { readonly saying: MemberLookup }): JSX.Element {
  const { lookup } = useMessages();
  const routes = saying.state === 'published' ? saying.binding.routes : [];
  return (
    <>
      <dt>{saying.member}</dt>
      <dd>
        {lookup.says[saying.state]}
        {routes.map(({ uri }) => (
          <>
            {' · '}
            <code>{uri}</code>
          </>
        ))}
      </dd>
    </>
  );
}
