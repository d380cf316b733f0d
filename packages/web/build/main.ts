/** `npm run build`: the page as members serve it, into `dist`. */
import { join } from 'node:path';
import { buildPage } from './page.ts';
import { pageRoot } from './vite-settings.ts';

await buildPage(join(pageRoot, 'dist'));
