import type { mongo } from 'mongoose';
import { isDuplicate, translate } from './failures.js';

interface Counter {
  _id: string;
  count: number;
  expiresAt: Date;
}

/** The store's counters: one small document each, changed by one atomic update. */
export async function createCounters(db: mongo.Db, now: () => Date, expire: boolean) {
  const counters = db.collection<Counter>('counters');
  await counters.createIndex(
    { expiresAt: 1 },
    { name: 'counters_expiry', ...(expire && { expireAfterSeconds: 0 }) },
    {},
  );
  const add = async (key: string, by: number, expiresAt: Date) => {
    const isLive = { $gt: ['$expiresAt', now()] };
    const change = {
      $set: {
        count: { $cond: [isLive, { $add: ['$count', by] }, by] },
        expiresAt: { $cond: [isLive, '$expiresAt', expiresAt] },
      },
    };
    const options = { upsert: true, returnDocument: 'after' } as const;
    const counter = await counters.findOneAndUpdate({ _id: key }, [change], options);
    return { count: counter?.count ?? by, expiresAt: counter?.expiresAt ?? expiresAt };
  };
  return {
    increment: async (key: string, by: number, expiresAt: Date) => {
      try {
        // Two that find no counter may both try to make it: the second then finds the first's.
        return await add(key, by, expiresAt).catch((error: unknown) => {
          if (isDuplicate(error)) return add(key, by, expiresAt);
          throw error;
        });
      } catch (error) {
        throw translate(error, 'counters');
      }
    },
    resetCounter: async (key: string) => {
      await counters.deleteOne({ _id: key }).catch((error: unknown) => {
        throw translate(error, 'counters');
      });
    },
  };
}
