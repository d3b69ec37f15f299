/** A program for the durability test: writes without end, and says on its standard output what was acknowledged. It is killed. */
import { createLogger } from '../../src/infrastructure/logger.js';
import { openStore } from '../../src/persistence/connect.js';
import { systemClock } from '../../src/shared/clock.js';
import { newId } from '../../src/shared/ids.js';
import { roleOf } from './roles.js';

const [dataDir = '', mongodbUri] = process.argv.slice(2);
const store = await openStore({ mongodbUri, dataDir, clock: systemClock, log: createLogger('silent') });
const roles = store.tenant('t').collection('roles');

async function client(number: number): Promise<void> {
  for (let i = 0; ; i++) {
    const { _id } = await roles.insert(roleOf('t', `${number}-${i}`));
    process.stdout.write(`${_id}\n`);
    await store.transaction(function* (tx) {
      // Two documents that must come or be missing together.
      const inside = tx.tenant('t').collection('roles');
      yield* inside.insert(roleOf('t', `pair-a-${number}-${i}`, { _id: newId() }));
      yield* inside.insert(roleOf('t', `pair-b-${number}-${i}`, { _id: newId() }));
    });
    await roles.update(_id, (stored) => ({ ...stored, name: 'updated' }));
    process.stdout.write(`${_id} updated\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, i) => client(i)));
