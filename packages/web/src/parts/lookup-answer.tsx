/** The answer to one look-up: what is published, what may change soon, and why it is believed. */
import { lookupKeys, type Lookup } from '@callbook/client';
import type { JSX } from 'preact';
import { fill } from '../fill.ts';
import { showTime } from '../lookup/show-time.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { LookupReasons } from './lookup-reasons.tsx';

export function LookupAnswer({ found }: { readonly found: Lookup }): JSX.Element {
  const { lookup } = useMessages();
  const number = showNumber(found.identifier);
  const [first] = found.reason.pending;
  return (
    <section aria-label={lookup.results}>
      <div class={found.state === 'published' ? 'success' : 'card'} data-answer={found.state}>
        <p>
          <strong>{fill(lookup.states[found.state], { number })}</strong>
        </p>
        {found.state !== 'absent' && <Published found={found} />}
      </div>
      {first !== undefined && (
        <p class="notice">{fill(lookup.pending, { time: showTime(first.commitFromMs) })}</p>
      )}
      {found.state === 'published' && found.binding.dormant && (
        <p class="notice">{lookup.dormant}</p>
      )}
      <LookupReasons found={found} />
    </section>
  );
}

function Published({ found }: { readonly found: Lookup }): JSX.Element {
  const { lookup } = useMessages();
  const routes = routesOf(found);
  const uses = [...new Set(lookupKeys(found).map(({ use }) => use))];
  const { changedAtMs } = found.reason;
  return (
    <dl class="facts">
      <dt>{lookup.reachable}</dt>
      <dd>
        {routes.length === 0
          ? lookup.noRoutes
          : routes.map((uri) => (
              <div key={uri}>
                <code>{uri}</code>
              </div>
            ))}
      </dd>
      <dt>{lookup.keys}</dt>
      <dd>{uses.map((use) => useName(use, lookup.keyUses)).join(', ')}</dd>
      {changedAtMs !== null && (
        <>
          <dt>{lookup.since}</dt>
          <dd>{showTime(changedAtMs)}</dd>
        </>
      )}
    </dl>
  );
}

/** Addresses that somebody is reachable at, in their order. */
export function routesOf(found: Lookup): readonly string[] {
  if (found.state === 'published') return found.binding.routes.map(({ uri }) => uri);
  return found.state === 'elsewhere' ? found.provider.binding.routes.map(({ uri }) => uri) : [];
}

function useName(
  use: string,
  names: { readonly identity: string; readonly sip: string; readonly box: string; other: string },
): string {
  return use === 'identity' || use === 'sip' || use === 'box' ? names[use] : names.other;
}
