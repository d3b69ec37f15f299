import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder: where `config/`, `docs/` and `package.json` stand, from `src/` and from `dist/` alike. */
export const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The version in package.json. */
export const packageVersion = (
  JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string }
).version;
