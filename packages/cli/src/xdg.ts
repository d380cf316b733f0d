/** The directories of the freedesktop.org Base Directory Specification, those of this command. */
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** "All paths set in these environment variables must be absolute"; a relative one is ignored. */
export function xdgDirectory(env: Environment, variable: string, fallback: string): string {
  const set = env[variable];
  const home = env['HOME'] ?? homedir();
  const base = set !== undefined && isAbsolute(set) ? set : join(home, fallback);
  return join(base, 'callbook');
}
