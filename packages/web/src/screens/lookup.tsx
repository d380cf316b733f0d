/** The screen `lookup`. */
import type { JSX } from 'preact';
import { useMessages } from '../messages.ts';

export function LookupScreen(): JSX.Element {
  const { lookup } = useMessages();
  return <h1>{lookup.title}</h1>;
}
