/** The screen `start`. */
import type { JSX } from 'preact';
import { useMessages } from '../messages.ts';

export function StartScreen(): JSX.Element {
  const { start } = useMessages();
  return <h1>{start.title}</h1>;
}
