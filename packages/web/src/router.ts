/**
 * Which screen is shown: the part of the address after `#`, so that back, forward, reload and links work
 * and no server sees it. Each screen is a file of its own, loaded when it is first shown.
 */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** What a screen is given: the parameters after `?` in its address. */
export interface ScreenProps {
  readonly parameters: URLSearchParams;
}

type Screen = ComponentType<ScreenProps>;

/** Every screen by its name in the address; `start` is also what an unknown address shows. */
export const screens = {
  start: async () => (await import('./screens/start.tsx')).StartScreen,
  lookup: async () => (await import('./screens/lookup.tsx')).LookupScreen,
  transparency: async () => (await import('./screens/transparency.tsx')).TransparencyScreen,
  number: async () => (await import('./screens/number.tsx')).NumberScreen,
  backup: async () => (await import('./screens/backup.tsx')).BackupScreen,
  reach: async () => (await import('./screens/reach.tsx')).ReachScreen,
  code: async () => (await import('./screens/code.tsx')).CodeScreen,
  record: async () => (await import('./screens/record.tsx')).RecordScreen,
  lost: async () => (await import('./screens/lost.tsx')).LostScreen,
  hold: async () => (await import('./screens/hold.tsx')).HoldScreen,
  restore: async () => (await import('./screens/restore.tsx')).RestoreScreen,
  protect: async () => (await import('./screens/protect.tsx')).ProtectScreen,
  release: async () => (await import('./screens/release.tsx')).ReleaseScreen,
  veto: async () => (await import('./screens/veto.tsx')).VetoScreen,
} satisfies Readonly<Record<string, () => Promise<Screen>>>;

export type ScreenName = keyof typeof screens;

export interface Route extends ScreenProps {
  readonly name: ScreenName;
}

/** The address of a screen, for links. */
export function hrefTo(
  name: ScreenName,
  parameters: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams(parameters).toString();
  return `#/${name}${query === '' ? '' : `?${query}`}`;
}

/** Shows a screen; `replace` leaves none to go back to. */
export function goTo(
  name: ScreenName,
  {
    parameters = {},
    replace = false,
  }: { parameters?: Record<string, string>; replace?: boolean } = {},
): void {
  const href = hrefTo(name, parameters);
  if (replace) location.replace(href);
  else location.hash = href;
}

/** The screen that the address names now. */
export function useRoute(): Route {
  const [route, setRoute] = useState(() => routeOf(location.hash));
  useEffect(() => {
    const onChange = (): void => setRoute(routeOf(location.hash));
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return route;
}

function routeOf(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const name = Object.hasOwn(screens, path) ? (path as ScreenName) : 'start';
  return { name, parameters: new URLSearchParams(query) };
}
