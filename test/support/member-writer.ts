/**
 * A process that puts every user of a tenant into a group and dies without a warning after so many transactions:
 * `node --import tsx member-writer.ts <tenant> <group> <transactions> <folder> [mongodb uri]`.
 */
import { join } from 'node:path';
import { systemActor } from '../../src/identity/actors.js';
import type { Core } from '../../src/identity/core.js';
import { changeMembers } from '../../src/identity/groups/members.js';
import { loadConfig } from '../../src/infrastructure/config.js';
import { newServices } from '../../src/identity/services.js';
import { createLogger } from '../../src/infrastructure/logger.js';
import { packageFolder } from '../../src/infrastructure/package-info.js';
import { createSecretBox } from '../../src/infrastructure/secret-box.js';
import { openStore } from '../../src/persistence/connect.js';
import { systemClock } from '../../src/shared/clock.js';
import { overriding } from './overriding.js';
import { cheapPasswords } from './passwords.js';

const [tenantId = '', groupId = '', transactions = '', dataDir = '', mongodbUri] = process.argv.slice(2);
const log = createLogger('silent');
const store = await openStore({ mongodbUri, dataDir, clock: systemClock, log });
let left = Number(transactions);
const core: Core = {
  config: loadConfig({ NODE_ENV: 'test' }, join(packageFolder, 'config')),
  clock: systemClock,
  log,
  secretBox: createSecretBox('a secret for tests that is long enough'),
  passwords: cheapPasswords(),
  ...newServices(),
  store: overriding(store, {
    transaction(work) {
      if (left === 0) process.kill(process.pid, 'SIGKILL');
      left -= 1;
      return store.transaction(work);
    },
  }),
};
const users = await store.tenant(tenantId).collection('users').find({}, { fields: [] });
await changeMembers(core, systemActor(tenantId), groupId, { add: users.map(({ _id }) => _id) });
