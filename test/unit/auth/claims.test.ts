import { expect } from 'chai';
import { isEmailVerified, mayHoldTokens } from '../../../src/auth/provider/account-access.js';
import { buildClaims, type ClaimSource } from '../../../src/auth/provider/claims.js';
import { userStatuses } from '../../../src/identity/grants/user-status.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';

const userWith = (over: Partial<UserDocument>): UserDocument =>
  ({ _id: 'u', userName: 'ada', email: null, attributes: {}, activatedAt: null, ...over }) as UserDocument;

const claimsOf = (over: Partial<UserDocument>, verified = false) =>
  buildClaims({
    user: userWith(over),
    isEmailVerified: verified,
    tenant: { id: 't', slug: 'acme', name: 'Acme' },
    roles: [],
    permissions: [],
    approved: true,
    access: { limitedProducts: [], userProfileAccess: false },
    session: { id: 's', amr: ['pwd'] },
  } satisfies ClaimSource);

describe('claims of an application’s user', () => {
  it('take the name as the directory displays it, else formats it, else from its parts, else the userName', () => {
    const parts = { givenName: 'Ada', familyName: 'Lovelace' };
    expect(claimsOf({ attributes: { displayName: 'A. L.', name: parts } })['name']).to.equal('A. L.');
    const formatted = { name: { ...parts, formatted: 'Countess Ada' } };
    expect(claimsOf({ attributes: formatted })['name']).to.equal('Countess Ada');
    expect(claimsOf({ attributes: { name: parts } })['name']).to.equal('Ada Lovelace');
    expect(claimsOf({ attributes: { name: { familyName: ' Lovelace ' } } })).to.deep.include({
      name: 'Lovelace',
      family_name: 'Lovelace',
    });
    expect(claimsOf({})).to.include({ name: 'ada' }).and.not.to.have.any.keys('given_name', 'family_name');
  });

  it('have the address of the user, else a userName that is one', () => {
    expect(claimsOf({})).not.to.have.any.keys('email', 'email_verified');
    const named = claimsOf({ userName: 'ada@acme.test' });
    expect(named).to.include({ email: 'ada@acme.test', email_verified: false });
    expect(claimsOf({ email: 'a@acme.test' }, true)).to.include({
      email: 'a@acme.test',
      email_verified: true,
    });
  });

  it('call an address verified by its own stamp, and a directory’s only on a proven domain', () => {
    const ssoDomains = new Set(['acme.test']);
    const isVerified = (over: Partial<UserDocument>): boolean =>
      isEmailVerified(userWith({ activatedAt: new Date(0), directoryId: null, ...over }), { ssoDomains });
    const verifiedEmailKey = 'a@home.test';
    expect(isVerified({ email: 'A@home.test', verifiedEmailKey })).to.equal(true);
    expect(isVerified({ email: 'a@home.test' })).to.equal(false);
    expect(isVerified({ email: 'b@home.test', verifiedEmailKey })).to.equal(false);
    expect(isVerified({ email: 'a@acme.test' })).to.equal(false);
    expect(isVerified({ userName: 'ada', email: null, verifiedEmailKey })).to.equal(false);
    expect(isVerified({ email: 'a@home.test', verifiedEmailKey, activatedAt: null })).to.equal(false);
    expect(isVerified({ email: 'a@home.test', directoryId: 'd' })).to.equal(false);
    expect(isVerified({ email: 'a@acme.test', directoryId: 'd' })).to.equal(true);
    expect(isVerified({ userName: 'A@Acme.Test', directoryId: 'd' })).to.equal(true);
    expect(isVerified({ email: 'a@acme.test.evil.test', directoryId: 'd' })).to.equal(false);
  });
});

describe('limits of a user in the claims (requirements B6)', () => {
  const limitsOf = (access: ClaimSource['access']): unknown =>
    buildClaims({
      user: userWith({}),
      tenant: { id: 't', slug: 'acme', name: 'Acme' },
      roles: [],
      permissions: [],
      approved: true,
      isEmailVerified: false,
      access,
      session: { id: 's', amr: ['pwd'] },
    })['limits'];

  it('name the products the user is limited to, all when there are none, and the access to profiles', () => {
    expect(limitsOf({ limitedProducts: [], userProfileAccess: false })).to.deep.equal({
      profile_access: false,
    });
    expect(limitsOf({ limitedProducts: ['Insights'], userProfileAccess: true })).to.deep.equal({
      products: ['Insights'],
      profile_access: true,
    });
  });
});

describe('tokens by status (B2)', () => {
  it('are begun by active, locked and unapproved users, and held on to by disabled ones as well', () => {
    const holders = (use: 'begin' | 'continue') =>
      userStatuses.filter((status) => mayHoldTokens(status, use));
    expect(holders('begin')).to.deep.equal(['locked', 'pending_approval', 'active']);
    expect(holders('continue')).to.deep.equal(['disabled', 'locked', 'pending_approval', 'active']);
  });
});
