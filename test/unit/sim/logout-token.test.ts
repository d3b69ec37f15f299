import { expect } from 'chai';
import { generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { verifyLogoutToken } from '../../../src/sim/logout-token.js';

const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
const expected = { issuer: 'http://localhost:3000/oidc', clientId: 'crm' };

describe('the sample application checks logout tokens (OpenID Connect Back-Channel Logout 1.0, section 2.6)', () => {
  let privateKey: CryptoKey;
  let publicKey: CryptoKey;
  let seen: Set<string>;

  before(async () => {
    ({ privateKey, publicKey } = await generateKeyPair('ES256'));
  });
  beforeEach(() => {
    seen = new Set();
  });

  const tokenOf = (
    claims: Record<string, unknown>,
    more: { typ?: string; audience?: string; issuer?: string } = {},
  ): Promise<string> =>
    new SignJWT({ jti: 'one', events, ...claims })
      .setProtectedHeader({ alg: 'ES256', typ: more.typ ?? 'logout+jwt' })
      .setIssuer(more.issuer ?? expected.issuer)
      .setAudience(more.audience ?? expected.clientId)
      .setIssuedAt()
      .setExpirationTime('2m')
      .sign(privateKey);
  const verify = async (token: Promise<string>): Promise<unknown> =>
    verifyLogoutToken(await token, () => Promise.resolve(publicKey), expected, seen);
  const refusal = async (token: Promise<string>): Promise<string> => {
    try {
      await verify(token);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    return 'accepted';
  };

  it('takes the session it names, else the user', async () => {
    expect(await verify(tokenOf({ sid: 's1', sub: 'u1' }))).to.deep.equal({ sid: 's1' });
    expect(await verify(tokenOf({ jti: 'two', sub: 'u1' }))).to.deep.equal({ sub: 'u1' });
  });

  it('refuses the same token a second time', async () => {
    expect(await refusal(tokenOf({ sid: 's1' }))).to.equal('accepted');
    expect(await refusal(tokenOf({ sid: 's1' }))).to.contain('used before');
  });

  for (const [what, claims, more] of [
    ['an ID token', { sid: 's1' }, { typ: 'JWT' }],
    ['a token for another application', { sid: 's1' }, { audience: 'erp' }],
    ['a token of another issuer', { sid: 's1' }, { issuer: 'http://evil.test' }],
    ['a token with a nonce', { sid: 's1', nonce: 'n' }, {}],
    ['a token without the logout event', { sid: 's1', events: {} }, {}],
    ['a token that names nobody', {}, {}],
  ] as const) {
    it(`refuses ${what}`, async () => {
      expect(await refusal(tokenOf(claims, more))).not.to.equal('accepted');
    });
  }

  it('refuses a token signed by somebody else', async () => {
    const { privateKey: other } = await generateKeyPair('ES256');
    const forged = new SignJWT({ jti: 'x', events, sid: 's1' })
      .setProtectedHeader({ alg: 'ES256', typ: 'logout+jwt' })
      .setIssuer(expected.issuer)
      .setAudience(expected.clientId)
      .setIssuedAt()
      .sign(other);
    expect(await refusal(forged)).to.contain('signature');
  });
});
