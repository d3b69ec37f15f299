import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const store = join('test', 'support', 'store.ts');

/** The files of test/ that a file imports by a relative path. */
function importsOf(file) {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import\() ?'(\.[^']+)\.js'/g)]
    .flatMap(([, path]) => [`${path}.ts`, `${path}.tsx`].map((name) => join(dirname(file), name)))
    .filter((path) => path.startsWith('test') && existsSync(path));
}

function reaches(file, wanted, seen = new Set()) {
  if (file === wanted) return true;
  if (seen.has(file)) return false;
  seen.add(file);
  return importsOf(file).some((imported) => reaches(imported, wanted, seen));
}

/** Every test file that works on a store of the database under test: it imports test/support/store.ts, itself or through others. */
export function filesOnAStore() {
  return readdirSync('test', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => reaches(file, store))
    .sort();
}
