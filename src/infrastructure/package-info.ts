import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder: where `config/`, `docs/` and `package.json` stand, from `src/` and from `dist/` alike. */
export const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The version in package.json. */
export const packageVersion = (
  JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
).version;

/**
 * What people type before a command's name here: the program's own name where it was called by it (it is on the PATH, as
 * in the image), else the script of the checkout. Never `npx`, which would fetch a stranger's package of that name.
 *
 * @param script - what `node` was asked to run.
 */
export function programCall(script = process.argv[1]): string {
  return basename(script ?? '') === 'gatehouse' ? 'gatehouse' : 'npm run gatehouse --';
}
