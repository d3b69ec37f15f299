import { expect } from 'chai';
import { matchTotp, randomBase32 } from '../../../src/identity/credentials/totp.js';
import { stepAt, totpCode } from '../../support/totp.js';

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const at = (seconds: number): Date => new Date(seconds * 1000);

describe('TOTP (RFC 6238)', () => {
  it('makes the codes of appendix B', () => {
    const times = [59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000];
    const codes = times.map((time) => totpCode(secret, stepAt(at(time))));
    expect(codes).to.deep.equal(['287082', '081804', '050471', '005924', '279037', '353130']);
  });

  it('takes one step of drift to either side, and no more (F-12)', () => {
    const now = at(1_000_000_000);
    const matches = [-2, -1, 0, 1, 2].map((drift) =>
      matchTotp(secret, totpCode(secret, stepAt(now) + drift), now, 0),
    );
    const step = stepAt(now);
    expect(matches).to.deep.equal([undefined, step - 1, step, step + 1, undefined]);
  });

  it('takes no step twice, and none before one that was used', () => {
    const now = at(1_000_000_000);
    const step = stepAt(now);
    expect(matchTotp(secret, totpCode(secret, step), now, step)).to.equal(undefined);
    expect(matchTotp(secret, totpCode(secret, step - 1), now, step)).to.equal(undefined);
    expect(matchTotp(secret, totpCode(secret, step + 1), now, step)).to.equal(step + 1);
  });

  it('takes six digits, however they are grouped and in whatever script, and nothing else', () => {
    const now = at(59);
    expect(matchTotp(secret, ' 287 082 ', now, 0)).to.equal(1);
    expect(matchTotp(secret, '２８７-０８２', now, 0)).to.equal(1);
    for (const text of ['', '28708', '2870822', '28708x'])
      expect(matchTotp(secret, text, now, 0)).to.equal(undefined);
  });

  it('makes secrets in base32 without padding, each a new one', () => {
    const secrets = [randomBase32(20), randomBase32(20), randomBase32(10)];
    expect(secrets.map((one) => one.length)).to.deep.equal([32, 32, 16]);
    for (const one of secrets) expect(one).to.match(/^[A-Z2-7]+$/);
    expect(secrets[0]).not.to.equal(secrets[1]);
  });
});
