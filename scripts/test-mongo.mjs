// The suite on MongoDB: `MONGODB_URI=mongodb://… npm run test:mongo`, with every test file that works on a store; the others are the same on every
// database. Every test file uses databases of its own and drops them.
import { spawnSync } from 'node:child_process';
import { filesOnAStore } from './test-files.mjs';

if (!process.env.MONGODB_URI) {
  console.error(
    'MONGODB_URI is not set: name a MongoDB, e.g. MONGODB_URI=mongodb://127.0.0.1:27017 npm run test:mongo',
  );
  process.exit(78);
}
const given = process.argv.slice(2);
const files = given.some((argument) => argument.includes('.test.')) ? [] : filesOnAStore();
const { status } = spawnSync(
  process.execPath,
  ['scripts/test.mjs', '--timeout', '120000', ...files, ...given],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
