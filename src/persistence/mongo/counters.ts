import { Schema, type mongo } from 'mongoose';
import { isDuplicate, translate } from './failures.js';

interface Counter {
  _id: string;
  count: number;
  expiresAt: Date;
}

/** Times a counter is tried to be made. */
const maxAttempts = 5;

/** Their one index: MongoDB sweeps away those that have ended. */
/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment -- as in src/persistence/collections: SchemaTypeOptions is a class */
export const counterSchema = new Schema({
  _id: { type: String, required: true },
  count: { type: Number, required: true },
  expiresAt: { type: Date, required: true },
}).index({ expiresAt: 1 }, { name: 'counters_expiry', expireAfterSeconds: 0 });
/* eslint-enable @typescript-eslint/no-unsafe-class-instance-assignment */

/** The store's counters: one small document each, changed by one atomic update. */
export function createCounters(db: mongo.Db, now: () => Date) {
  const counters = db.collection<Counter>('counters');
  const add = async (key: string, by: number, expiresAt: Date): Promise<Counter | null> => {
    const live = { _id: key, expiresAt: { $gt: now() } };
    const counted = await counters.findOneAndUpdate(
      live,
      { $inc: { count: by } },
      { returnDocument: 'after' },
    );
    if (counted) return counted;
    const ended = { _id: key, expiresAt: { $lte: now() } };
    const begin = { $set: { count: by, expiresAt } };
    return counters.findOneAndUpdate(ended, begin, { upsert: true, returnDocument: 'after' });
  };
  return {
    increment: async (key: string, by: number, expiresAt: Date) => {
      for (let attempt = 0; ; attempt++) {
        try {
          const counter = await add(key, by, expiresAt);
          return { count: counter?.count ?? by, expiresAt: counter?.expiresAt ?? expiresAt };
        } catch (error) {
          // Several that find no counter all try to make it: the others then count on the first one's.
          if (!isDuplicate(error) || attempt === maxAttempts) throw translate(error, 'counters');
        }
      }
    },
    resetCounter: async (key: string) => {
      await counters.deleteOne({ _id: key }).catch((error: unknown) => {
        throw translate(error, 'counters');
      });
    },
  };
}
