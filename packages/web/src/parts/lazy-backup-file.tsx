/** The encrypted file, loaded by whoever chooses it: its cryptography is larger than all else of the screen. */
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useMessages } from '../messages.ts';
import type { BackupFile as Part, BackupFileProps } from './backup-file.tsx';
import { FailureNotice } from './failure-notice.tsx';

type Loaded =
  | { readonly state: 'loading' }
  | { readonly state: 'failed'; readonly error: unknown }
  | { readonly state: 'here'; readonly BackupFile: ComponentType<BackupFileProps> };

export function LazyBackupFile(props: BackupFileProps): JSX.Element {
  const { common } = useMessages();
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    import('./backup-file.tsx').then(
      ({ BackupFile }: { readonly BackupFile: typeof Part }) =>
        setLoaded({ state: 'here', BackupFile }),
      (error: unknown) => setLoaded({ state: 'failed', error }),
    );
  }, [attempt]);
  if (loaded.state === 'here') return <loaded.BackupFile {...props} />;
  if (loaded.state === 'loading') return <p class="waiting">{common.opening}</p>;
  return (
    <FailureNotice error={loaded.error}>
      <button type="button" onClick={() => setAttempt(attempt + 1)}>
        {common.again}
      </button>
    </FailureNotice>
  );
}
