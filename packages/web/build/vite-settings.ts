/**
 * How vite makes the page: our own packages from their sources, everything that is loaded first in one file
 * and each screen in one of its own, all under names with their content's hash. Nothing is inlined, since
 * the policy under which the page runs allows no inline script or style.
 */
import { join } from 'node:path';
import type { InlineConfig } from 'vite';

/** The package's folder. */
export const pageRoot: string = join(import.meta.dirname, '..');

/** Settings for a build into `outDir`. */
export function viteSettings(outDir: string): InlineConfig {
  return {
    root: pageRoot,
    configFile: false,
    envDir: false,
    logLevel: 'warn',
    publicDir: false,
    base: '/',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    resolve: { conditions: ['@callbook/source', 'browser', 'import', 'module', 'default'] },
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2024',
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      rolldownOptions: {
        output: { codeSplitting: { groups: [{ name: 'page', tags: ['$initial'] }] } },
      },
    },
  };
}
