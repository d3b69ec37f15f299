/**
 * A process that does a bulk action and dies without a warning after so many transactions:
 * `node --import tsx bulk-writer.ts <tenant> <bulk action> <transactions> <folder>`.
 */
import { runBulk } from '../../src/identity/bulk/run.js';
import { userActionHandlers } from '../../src/identity/bulk/user-actions.js';
import { openStore } from '../../src/persistence/connect.js';
import { systemClock } from '../../src/shared/clock.js';
import { silentLog, testConfig, testCoreOf } from './core-parts.js';
import { overriding } from './overriding.js';

const [tenantId = '', bulkId = '', transactions = '', dataDir = ''] = process.argv.slice(2);
const log = silentLog;
const store = await openStore({ mongodbUri: undefined, dataDir, clock: systemClock, log });
let left = Number(transactions);
const core = testCoreOf({
  config: testConfig(),
  clock: systemClock,
  log,
  store: overriding(store, {
    transaction(work) {
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      left -= 1;
      return store.transaction(work);
    },
  }),
});
await runBulk(core, { tenantId, payload: { bulkId }, attempts: 1 } as never, userActionHandlers);
