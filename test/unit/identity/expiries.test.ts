import { expect } from 'chai';
import { remindersAt, type Expiry } from '../../../src/identity/sso/expiries.js';

describe('reminders of what expires', () => {
  const day = 86_400_000;
  const end = new Date('2026-06-30T00:00:00Z');
  const before = (days: number): Date => new Date(end.getTime() - days * day);
  const expiry: Expiry = { what: 'client_secret', key: 'k', expiresAt: end };
  const cases: [title: string, told: string[], days: number, due: number[], nextDays: number | null][] = [
    ['wait for the thirtieth day', [], 31, [], 30],
    ['begin there', [], 30, [30], 7],
    ['are not told again', ['k 30'], 29, [], 7],
    ['go on with the seventh', ['k 30'], 7, [7], 1],
    ['are one of the nearest where the end is found late', [], 0.5, [1], 0],
    ['end with the end itself', ['k 30', 'k 7', 'k 1'], -1, [0], null],
    ['are over then', ['k 30', 'k 7', 'k 1', 'k 0'], -2, [], null],
    ['begin again with another end', ['other 30', 'other 7'], 6, [7], 1],
  ];
  for (const [title, told, days, due, nextDays] of cases)
    it(title, () => {
      const found = remindersAt([expiry], told, before(days));
      expect(found.due.map((reminder) => reminder.days)).to.deep.equal(due);
      expect(found.nextAt).to.deep.equal(nextDays === null ? null : before(nextDays));
      expect(remindersAt([expiry], found.told, before(days)).due).to.deep.equal([]);
    });
});
