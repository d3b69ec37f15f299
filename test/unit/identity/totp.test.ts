import { expect } from 'chai';
import fc from 'fast-check';
import { fromBase32, matchTotp, stepAt, toBase32, totpCode } from '../../../src/identity/credentials/totp.js';

const secret = toBase32(Buffer.from('12345678901234567890'));
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

  it('reads the base32 it writes', () => {
    expect(toBase32(Buffer.from('foobar'))).to.equal('MZXW6YTBOI');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect([...fromBase32(toBase32(bytes))]).to.deep.equal([...bytes]);
      }),
    );
    expect(() => fromBase32('0')).to.throw();
  });
});
