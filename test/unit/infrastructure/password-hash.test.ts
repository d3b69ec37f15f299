import { expect } from 'chai';
import { createPasswordHasher } from '../../../src/infrastructure/password-hash.js';

describe('createPasswordHasher', () => {
  const hasher = createPasswordHasher(2);

  it('stores argon2id with the parameters OWASP asks for', async () => {
    expect(await hasher.hash('correct horse')).to.match(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });

  it('accepts the right password in either Unicode form and refuses another', async () => {
    const stored = await hasher.hash('caf\u00e9 au lait');
    expect(await hasher.verify(stored, 'cafe\u0301 au lait')).to.equal(true);
    expect(await hasher.verify(stored, 'cafe au lait')).to.equal(false);
  });

  it('is false for nobody, whatever the password', async () => {
    expect(await hasher.verify(null, 'nobody has this password')).to.equal(false);
  });

  it('answers a flood correctly while only a few hashes run at once', async () => {
    const stored = await hasher.hash('right');
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => hasher.verify(stored, i % 2 ? 'right' : 'wrong')),
    );
    expect(answers).to.deep.equal([false, true, false, true, false, true, false, true]);
  });
});
