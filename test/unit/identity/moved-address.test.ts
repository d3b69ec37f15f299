import { expect } from 'chai';
import { resetAddressOf } from '../../../src/identity/users/moved-address.js';
import type { UserDocument } from '../../../src/identity/users/users.js';

describe('the mailbox a link for a new password goes to', () => {
  const day = 86_400_000;
  const at = new Date('2026-01-01T00:00:00Z');
  const after = (days: number): Date => new Date(at.getTime() + days * day);
  const user = (more: object) => ({ email: 'b@acme.test', userName: 'b', ...more }) as UserDocument;
  const moved = { movedAddress: { from: 'a@acme.test', at } };
  const cases: [string, UserDocument, Date, string | undefined][] = [
    ['is the user’s address', user({}), at, 'b@acme.test'],
    [
      'is the userName of a user without one',
      user({ email: null, userName: 'c@acme.test' }),
      at,
      'c@acme.test',
    ],
    ['is none where there is no address', user({ email: null }), at, undefined],
    ['is the one before a directory gave another, for 30 days', user(moved), after(30), 'a@acme.test'],
    ['is none after them', user(moved), after(31), undefined],
    [
      'is none where a directory gave the first one',
      user({ movedAddress: { from: null, at } }),
      at,
      undefined,
    ],
  ];
  for (const [title, given, now, expected] of cases)
    it(title, () => expect(resetAddressOf(given, now)?.address).to.equal(expected));
});
