/** `npm run site`: the documentation as files, in `dist/site`. Says what it is doing. */
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildSite } from './build.ts';

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'dist/site' },
    'no-reference': { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});

if (values.help) {
  console.log('npm run site -- [--out FOLDER] [--no-reference]    the documentation as a site');
} else {
  const folder = resolve(values.out);
  const say = (line: string): void => console.error(`site: ${line}`);
  await buildSite({ folder, say, withReference: !values['no-reference'] });
  console.log(relative('', `${folder}/index.html`));
}
