/**
 * A process that puts every user of a tenant into a group and dies without a warning after so many transactions:
 * `node --import tsx member-writer.ts <tenant> <group> <transactions> <folder> [mongodb uri]`.
 */
import { systemActor } from '../../src/identity/actors.js';
import { changeMembers } from '../../src/identity/groups/members.js';
import { openStore } from '../../src/persistence/connect.js';
import { systemClock } from '../../src/shared/clock.js';
import { silentLog, testConfig, testCoreOf } from './core-parts.js';
import { overriding } from './overriding.js';

const [tenantId = '', groupId = '', transactions = '', dataDir = '', mongodbUri] = process.argv.slice(2);
const log = silentLog;
const store = await openStore({ mongodbUri, dataDir, clock: systemClock, log });
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
const users = await store.tenant(tenantId).collection('users').find({}, { fields: [] });
await changeMembers(core, systemActor(tenantId), groupId, { add: users.map(({ _id }) => _id) });
