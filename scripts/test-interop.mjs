// `npm run test:interop`: whole sign-ins with public client libraries. Installs and builds those that are not Node's into .cache; a client whose
// Python or Go is not to be had here is left out, and the run says so.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync(process.execPath, ['scripts/test.mjs', 'test/interop/**/*.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, INTEROP: 'all' },
});
process.exit(status ?? 1);
