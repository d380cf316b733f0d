/**
 * What is around every screen: the way to the others, the language, whether there is a network, and the
 * screen itself, loaded when it is first shown. A new screen gets the focus at its heading, so that who
 * listens to the page hears where they are.
 */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { chooseLanguage, languages, useMessages, type Language } from '../messages.ts';
import { hrefTo, screens, useRoute, type Route, type ScreenProps } from '../router.ts';

export function Frame(): JSX.Element {
  const { frame } = useMessages();
  const route = useRoute();
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        {frame.skip}
      </a>
      <header class="bar">
        <a class="brand" href={hrefTo('start')}>
          Callbook
        </a>
        <nav aria-label={frame.navigation}>
          <NavLink route={route} name="record" text={frame.record} />
          <NavLink route={route} name="lookup" text={frame.lookup} />
          <NavLink route={route} name="transparency" text={frame.transparency} />
        </nav>
      </header>
      <Offline />
      <main id="main" tabIndex={-1}>
        <LazyGuard route={route} />
        <Shown route={route} />
      </main>
      <footer class="foot">
        <LanguageChoice />
        <p>{frame.promise}</p>
      </footer>
    </>
  );
}

function NavLink({
  route,
  name,
  text,
}: {
  readonly route: Route;
  readonly name: Route['name'];
  readonly text: string;
}): JSX.Element {
  return (
    <a href={hrefTo(name)} aria-current={route.name === name ? 'page' : undefined}>
      {text}
    </a>
  );
}

/** The address is the screen's: a link to `#main` would be taken for one. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

/**
 * Whoever holds a number is warned on every screen. Nobody else loads what that takes: it is asked first
 * whether this browser keeps anything, again whenever another screen is shown.
 */
function LazyGuard({ route }: { readonly route: Route }): JSX.Element {
  const [Guard, setGuard] = useState<ComponentType>();
  useEffect(() => {
    if (Guard !== undefined) return;
    loadGuard().then(
      (loaded) => setGuard(() => loaded),
      // Without a network there is nothing to watch; the next screen tries again.
      () => undefined,
    );
  }, [route.name]);
  return Guard === undefined ? <></> : <Guard />;
}

async function loadGuard(): Promise<ComponentType | undefined> {
  const databases = await indexedDB.databases();
  if (!databases.some(({ name }) => name === 'callbook')) return undefined;
  return (await import('./guard.tsx')).Guard;
}

type Loaded =
  | { readonly state: 'shown'; readonly Screen: ComponentType<ScreenProps>; readonly route: Route }
  | { readonly state: 'failed' };

/** Keeps the old screen until the new one is there. */
function Shown({ route }: { readonly route: Route }): JSX.Element {
  const { frame } = useMessages();
  const [loaded, setLoaded] = useState<Loaded>();
  const [attempt, setAttempt] = useState(0);
  const isFirst = useRef(true);
  useEffect(() => {
    let isWanted = true;
    screens[route.name]().then(
      (Screen) => isWanted && setLoaded({ state: 'shown', Screen, route }),
      () => isWanted && setLoaded({ state: 'failed' }),
    );
    return () => {
      isWanted = false;
    };
  }, [route, attempt]);
  const shownName = loaded?.state === 'shown' ? loaded.route.name : undefined;
  useEffect(() => {
    if (shownName === undefined) return;
    const heading = document.querySelector<HTMLElement>('main h1');
    if (heading !== null) document.title = `${heading.textContent} · Callbook`;
    if (!isFirst.current) {
      scrollTo(0, 0);
      if (heading !== null) heading.tabIndex = -1;
      heading?.focus({ preventScroll: true });
    }
    isFirst.current = false;
  }, [shownName]);
  if (loaded === undefined) return <p class="waiting">{frame.loading}</p>;
  if (loaded.state === 'failed') {
    return (
      <div class="problem" role="alert">
        <p>{frame.partMissing}</p>
        <button type="button" onClick={() => setAttempt(attempt + 1)}>
          {frame.again}
        </button>
      </div>
    );
  }
  return <loaded.Screen parameters={loaded.route.parameters} />;
}

/** Has its room always, so that nothing moves when the network goes. */
function Offline(): JSX.Element {
  const { frame } = useMessages();
  const [isOnline, setIsOnline] = useState(navigator.onLine);
  useEffect(() => {
    const onChange = (): void => setIsOnline(navigator.onLine);
    addEventListener('online', onChange);
    addEventListener('offline', onChange);
    return () => {
      removeEventListener('online', onChange);
      removeEventListener('offline', onChange);
    };
  }, []);
  return (
    <p class="offline" role="status">
      {isOnline ? '' : frame.offline}
    </p>
  );
}

function LanguageChoice(): JSX.Element {
  const { frame } = useMessages();
  return (
    <label class="language">
      {frame.language}{' '}
      <select
        value={document.documentElement.lang}
        onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
      >
        {Object.entries(languages).map(([language, name]) => (
          <option key={language} value={language} lang={language}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
