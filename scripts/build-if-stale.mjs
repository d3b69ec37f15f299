// Builds dist/ when it is missing or older than any file of src/: `npm start` works in a fresh clone and after a pull.
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { newest } from './newest.mjs';

const builtAt = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const built = Math.min(builtAt('dist/cli/main.js'), builtAt('dist/console/index.html'));
if (built < newest('src')) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
