import { expect } from 'chai';
import { createSecretBox, SealBroken } from '../../../src/infrastructure/secret-box.js';

describe('createSecretBox', () => {
  const box = createSecretBox('a secret key of at least 32 bytes, really');

  it('gives back what was sealed, and seals the same text differently each time', () => {
    const sealed = box.seal('sso.client_secret', 'hunter2 ✓');
    expect(sealed).to.not.include('hunter2');
    expect(box.open('sso.client_secret', sealed)).to.equal('hunter2 ✓');
    expect(box.seal('sso.client_secret', 'hunter2 ✓')).to.not.equal(sealed);
  });

  it('refuses a text that was changed, or sealed for another purpose or under another key', () => {
    const sealed = box.seal('a', 'text');
    const changed = `${sealed.slice(0, -2)}${sealed.endsWith('AA') ? 'BB' : 'AA'}`;
    expect(() => box.open('a', changed)).to.throw(SealBroken);
    expect(() => box.open('b', sealed)).to.throw(SealBroken);
    expect(() => createSecretBox('another secret key of at least 32 bytes').open('a', sealed)).to.throw(
      SealBroken,
    );
  });

  it('signs by purpose: the same text has another signature elsewhere', () => {
    expect(box.sign('cursor', 'x')).to.equal(box.sign('cursor', 'x'));
    expect(box.sign('cursor', 'x')).to.not.equal(box.sign('state', 'x'));
  });
});
