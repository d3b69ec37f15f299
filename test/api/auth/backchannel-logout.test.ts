import { expect } from 'chai';
import type { JWTPayload } from 'jose';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { givenConnection, signInAtProvider } from '../../support/sso.js';

const event = 'http://schemas.openid.net/event/backchannel-logout';

describe('POST /sso/backchannel-logout (OpenID Connect Back-Channel Logout 1.0)', () => {
  let app: TestApp;
  let idp: Idp;
  let tenantId: string;
  let domain: string;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
    tenantId = (await givenTenant(app.core)).tenantId;
    domain = (await givenConnection(app.core, tenantId, idp)).verifiedDomains[0]!;
  });
  after(() => Promise.all([app.stop(), idp.stop()]));

  async function signedIn(sub: string, sid: string): Promise<Browser> {
    const email = `${sub}@${domain}`;
    const users = app.core.store.tenant(tenantId).collection('users');
    if (!(await users.findOne({ loginKeys: email })))
      await givenUser(app.core, tenantId, { email, password: null });
    idp.person = { sub, email, sid };
    const browser = openBrowser(app.url);
    expect((await signInAtProvider(browser, email)).status).to.equal(303);
    return browser;
  }

  const claims = (more: Record<string, unknown>): JWTPayload => ({
    iss: idp.issuer,
    aud: 'gatehouse',
    iat: Math.floor(Date.now() / 1000),
    jti: unique('jti'),
    events: { [event]: {} },
    ...more,
  });

  async function send(token: string): Promise<number> {
    const body = new URLSearchParams({ logout_token: token });
    const answer = await fetch(`${app.url}/sso/backchannel-logout`, { method: 'POST', body });
    expect(answer.headers.get('cache-control')).to.equal('no-store');
    return answer.status;
  }

  const isLive = async (browser: Browser): Promise<boolean> => (await browser.get('/account')).status === 200;

  it('ends all sessions of the identity by its sub, and nobody else’s', async () => {
    const [ann, bob] = [unique('ann'), unique('bob')];
    const browsers = [await signedIn(ann, 's1'), await signedIn(ann, 's2'), await signedIn(bob, 's3')];
    expect(await send(await idp.logoutToken(claims({ sub: ann })))).to.equal(200);
    expect(await Promise.all(browsers.map(isLive))).to.deep.equal([false, false, true]);
  });

  it('ends one session by its sid, with or without the sub', async () => {
    const ann = unique('ann');
    const [one, two, three] = [unique('sid'), unique('sid'), unique('sid')];
    const browsers = [await signedIn(ann, one), await signedIn(ann, two), await signedIn(ann, three)];
    expect(await send(await idp.logoutToken(claims({ sid: one })))).to.equal(200);
    expect(await send(await idp.logoutToken(claims({ sid: two, sub: ann })))).to.equal(200);
    expect(await Promise.all(browsers.map(isLive))).to.deep.equal([false, false, true]);
  });

  for (const typ of [undefined, 'JWT', 'logout+jwt', 'application/logout+jwt']) {
    it(`takes a token of the type ${typ ?? 'none'}`, async () => {
      const ann = unique('ann');
      const browser = await signedIn(ann, 's1');
      expect(await send(await idp.logoutToken(claims({ sub: ann }), { typ }))).to.equal(200);
      expect(await isLive(browser)).to.equal(false);
    });
  }

  it('is silenced by no other tenant’s connections, however they spell the issuer and however many', async () => {
    const evil = (await givenTenant(app.core)).tenantId;
    for (let count = 0; count < 25; count += 1) {
      const issuer = count % 2 === 0 ? `${idp.issuer}/` : idp.issuer;
      await givenConnection(app.core, evil, idp, { issuer, mode: 'optional' });
    }
    // Their connections come first in any order.
    const second = await givenConnection(app.core, tenantId, idp);
    const email = `late@${second.verifiedDomains[0]!}`;
    await givenUser(app.core, tenantId, { email, password: null });
    idp.person = { sub: unique('late'), email, sid: 'late' };
    const browser = openBrowser(app.url);
    expect((await signInAtProvider(browser, email)).status).to.equal(303);
    expect(await send(await idp.logoutToken(claims({ sub: idp.person.sub })))).to.equal(200);
    expect(await isLive(browser)).to.equal(false);
  });

  it('takes a token once (jti)', async () => {
    const token = await idp.logoutToken(claims({ sub: unique('ann') }));
    expect(await send(token)).to.equal(200);
    expect(await send(token)).to.equal(400);
  });

  it('refuses every token that is not a genuine logout token, and ends nothing', async () => {
    const ann = unique('ann');
    const browser = await signedIn(ann, 's1');
    const now = Math.floor(Date.now() / 1000);
    const tokens = {
      'an ID token': await idp.logoutToken(claims({ sub: ann, events: undefined, nonce: 'n' }), {
        typ: 'JWT',
      }),
      'without the event': await idp.logoutToken(claims({ sub: ann, events: {} })),
      'an event that is no object': await idp.logoutToken(claims({ sub: ann, events: { [event]: true } })),
      'with a nonce': await idp.logoutToken(claims({ sub: ann, nonce: 'n' })),
      'without sub and sid': await idp.logoutToken(claims({})),
      'without jti': await idp.logoutToken(claims({ sub: ann, jti: undefined })),
      'without iat': await idp.logoutToken(claims({ sub: ann, iat: undefined })),
      'too old': await idp.logoutToken(claims({ sub: ann, iat: now - 1200 })),
      'from the future': await idp.logoutToken(claims({ sub: ann, iat: now + 1200 })),
      expired: await idp.logoutToken(claims({ sub: ann, exp: now - 120 })),
      'for another client': await idp.logoutToken(claims({ sub: ann, aud: 'other' })),
      'of another issuer': await idp.logoutToken(claims({ sub: ann, iss: 'https://evil.test' })),
      'of another type': await idp.logoutToken(claims({ sub: ann }), { typ: 'at+jwt' }),
      nonsense: 'nonsense',
      nothing: '',
    };
    const forged = (await idp.logoutToken(claims({ sub: ann }))).replace(/\.[^.]+$/, `.${'A'.repeat(342)}`);
    for (const [title, token] of Object.entries({ ...tokens, forged })) {
      expect(await send(token), title).to.equal(400);
    }
    expect(await isLive(browser)).to.equal(true);
  });
});
