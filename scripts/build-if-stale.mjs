// Builds dist/ when it is missing or older than any file of src/: `npm start` works in a fresh clone and after a pull.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile())
      latest = Math.max(latest, statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs);
  }
  return latest;
}

let built = 0;
try {
  built = statSync('dist/cli/main.js').mtimeMs;
} catch {
  // not built yet
}
if (built < newest('src')) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
