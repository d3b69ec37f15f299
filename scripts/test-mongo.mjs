// The whole suite on MongoDB: `MONGODB_URI=mongodb://… npm run test:mongo`. Every test file uses databases of its own and drops them.
import { spawnSync } from 'node:child_process';

if (!process.env.MONGODB_URI) {
  console.error(
    'MONGODB_URI is not set: name a MongoDB, e.g. MONGODB_URI=mongodb://127.0.0.1:27017 npm run test:mongo',
  );
  process.exit(78);
}
const { status } = spawnSync(
  process.execPath,
  ['scripts/test.mjs', '--timeout', '60000', ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
