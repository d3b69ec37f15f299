import { expect } from 'chai';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { makeApplication, relyingParty } from '../../support/oidc.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { givenConnection } from '../../support/sso.js';

describe('what an application asks of a sign-in at a company’s provider', () => {
  let app: TestApp;
  let idp: Idp;
  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));

  const hoursAgo = (hours: number): number => Math.floor(Date.now() / 1000) - hours * 3600;

  for (const [asked, sent, authTime, status] of [
    [{ max_age: '1' }, { max_age: '1' }, 2, 403],
    [{ max_age: '1' }, { max_age: '1' }, undefined, 403],
    [{ max_age: '1' }, { max_age: '1' }, 0, 303],
    [{ prompt: 'login' }, { prompt: 'login' }, 2, 403],
    [{ prompt: 'login' }, { prompt: 'login' }, 0, 303],
    [{ max_age: '10000' }, { max_age: '10000' }, 2, 303],
    [{ acr_values: 'urn:strong' }, { acr_values: 'urn:strong' }, 2, 303],
  ] as const) {
    it(`goes on to it: ${JSON.stringify(asked)}, signed in ${authTime ?? 'no'} hours ago, is ${status}`, async () => {
      const tenant = await givenTenant(app.core);
      const connection = await givenConnection(app.core, tenant._id, idp);
      const email = `ann@${connection.verifiedDomains[0]!}`;
      await givenUser(app.core, tenant._id, { email, password: null });
      idp.person = {
        sub: unique('sub'),
        email,
        ...(authTime !== undefined && { auth_time: hoursAgo(authTime) }),
      };
      const party = await relyingParty(app.core, await makeApplication(app.core, tenant));
      const browser = openBrowser(app.url);
      const page = await browser.follow(await browser.get((await party.request(asked)).url));
      const leaving = await browser.post('/signin', { _csrf: page.fields['_csrf']!, email });
      expect(Object.fromEntries(new URL(leaving.location!).searchParams)).to.include(sent);
      const returning = await browser.get(leaving.location!);
      expect((await browser.get(returning.location!)).status).to.equal(status);
    });
  }
});
