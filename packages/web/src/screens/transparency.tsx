/** The screen `transparency`. */
import type { JSX } from 'preact';
import { useMessages } from '../messages.ts';

export function TransparencyScreen(): JSX.Element {
  const { transparency } = useMessages();
  return <h1>{transparency.title}</h1>;
}
