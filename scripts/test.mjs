// Runs the suite, or the files named, in one process more than there are cores, since tests wait now and then: `npm test`,
// `npm test -- 'test/unit/**/*.test.ts'`. The whole suite keeps what V8 saw of the sources for `npm run coverage`.
import { execFileSync, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const given = process.argv.slice(2);
const named = given.some((argument) => argument.includes('.test.'));
const specs = named ? [] : ['test/**/*.test.ts'];

// Built once, here: test files that start a process of their own would else build beside each other.
execFileSync(process.execPath, ['scripts/build-if-stale.mjs'], { stdio: 'inherit' });
if (!named) rmSync('coverage', { recursive: true, force: true });
const jobs = Math.min(8, availableParallelism() + 1);
const { status } = spawnSync(
  process.execPath,
  [
    'node_modules/mocha/bin/mocha.js',
    '--forbid-only',
    '--parallel',
    '--jobs',
    String(jobs),
    ...specs,
    ...given,
  ],
  { stdio: 'inherit', env: { ...process.env, ...(!named && { NODE_V8_COVERAGE: 'coverage/tmp' }) } },
);
if (status === 0 && !named) writeFileSync('coverage/whole-suite', '');
process.exit(status ?? 1);
