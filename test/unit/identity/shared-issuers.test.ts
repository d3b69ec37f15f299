import { expect } from 'chai';
import { isCompanyAccount, isOfTenant } from '../../../src/identity/sso/shared-issuers.js';
import { isAddressAllowed } from '../../../src/infrastructure/outbound-address.js';

describe('issuers that many companies share', () => {
  const google = { issuer: 'https://accounts.google.com', verifiedDomains: ['acme.test'] };

  it('speak for a company at Google only by an `hd` that is one of its domains', () => {
    expect(isCompanyAccount(google, { hd: 'acme.test' })).to.equal(true);
    expect(isCompanyAccount(google, { hd: 'ACME.test' })).to.equal(true);
    for (const hd of [undefined, null, '', 'other.test', ['acme.test'], true]) {
      expect(isCompanyAccount(google, { hd, email: 'ghost@acme.test' }), JSON.stringify(hd)).to.equal(false);
    }
    expect(isCompanyAccount({ ...google, issuer: 'https://idp.acme.test' }, {})).to.equal(true);
  });

  it('speak for a company elsewhere by the claim it has named', () => {
    const slack = { issuer: 'https://slack.com', tenantClaim: { claim: 'team', value: 'T1' } };
    expect(isOfTenant(slack, { team: 'T1' })).to.equal(true);
    expect(isOfTenant(slack, { team: ['T0', 'T1'] })).to.equal(true);
    for (const team of [undefined, 'T2', 'T1 ', { T1: true }])
      expect(isOfTenant(slack, { team })).to.equal(false);
    expect(isOfTenant({ issuer: 'https://idp.acme.test' }, {})).to.equal(true);
  });
});

describe('addresses with an IPv4 address inside', () => {
  const closed = { allowPrivate: false };
  const open = { allowPrivate: true };

  it('of NAT64 are judged by the one inside', () => {
    for (const address of ['64:ff9b::808:808', '64:ff9b::8.8.8.8', '64:ff9b:0:0:0:0:808:808'])
      expect(isAddressAllowed(address, closed), address).to.equal(true);
    for (const address of ['64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b::c0a8:101']) {
      expect(isAddressAllowed(address, closed), address).to.equal(false);
      expect(isAddressAllowed(address, open), address).to.equal(true);
    }
    for (const address of ['64:ff9b::a9fe:a9fe', '64:ff9b::', '64:ff9b:1::808:808'])
      expect(isAddressAllowed(address, open), address).to.equal(false);
  });

  it('of the IPv4-translated range are closed', () => {
    for (const address of ['::ffff:0:127.0.0.1', '::ffff:0:8.8.8.8', '::ffff:0:a9fe:a9fe'])
      expect(isAddressAllowed(address, open), address).to.equal(false);
  });
});
