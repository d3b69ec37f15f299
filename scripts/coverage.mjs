// Judges how much of the sources the tests run. Takes what the last whole `npm test` saw when no file has changed since, else runs it.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { newest } from './newest.mjs';

function run(command, args) {
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const seen = statSync('coverage/whole-suite', { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (seen < Math.max(newest('src'), newest('test'))) run(process.execPath, ['scripts/test.mjs']);
run(process.execPath, [
  'node_modules/c8/bin/c8.js',
  'report',
  '--check-coverage',
  '--temp-directory',
  'coverage/tmp',
]);
