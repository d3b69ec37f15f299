import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'mocha';
import { createLogger } from '../../src/infrastructure/logger.js';
import { openStore } from '../../src/persistence/connect.js';
import type { Store } from '../../src/persistence/store.js';
import { systemClock, type Clock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';

const endings: (() => Promise<void>)[] = [];

after(async () => {
  for (const end of endings.splice(0)) await end();
});

/** The database's address under a fresh name. */
function freshUri(uri: string): string {
  const url = new URL(uri);
  url.pathname = `/gatehouse-test-${newId()}`;
  return url.href;
}

/**
 * A store of its own for this test: on MongoDB when `MONGODB_URI` is set, else embedded. Closed and deleted after the run.
 *
 * @param clock - what the store stamps and expires by; the machine's unless given.
 */
export async function openTestStore(clock: Clock = systemClock): Promise<Store> {
  const log = createLogger('silent');
  const uri = process.env['MONGODB_URI'];
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehouse-test-'));
  const store = await openStore({ mongodbUri: uri ? freshUri(uri) : undefined, dataDir, clock, log });
  endings.push(async () => {
    await store.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  return store;
}
