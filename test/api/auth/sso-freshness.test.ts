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

  /** A browser that an application has sent, at the sign-in page, with what takes it to its company’s provider. */
  async function leave(asked: Record<string, string>) {
    const tenant = await givenTenant(app.core);
    const connection = await givenConnection(app.core, tenant._id, idp);
    const email = `ann@${connection.verifiedDomains[0]!}`;
    await givenUser(app.core, tenant._id, { email, password: null });
    idp.person = { sub: unique('sub'), email };
    const party = await relyingParty(app.core, await makeApplication(app.core, tenant));
    const browser = openBrowser(app.url);
    const begun = await party.request(asked);
    const page = await browser.follow(await browser.get(begun.url));
    const post = (address: string) =>
      browser.post('/signin', { _csrf: page.fields['_csrf']!, email: address });
    return { browser, begun, party, page, post, email };
  }

  for (const [acr, outcome] of [
    ['urn:strong', 'code'],
    ['urn:weak', 'error'],
    [undefined, 'error'],
  ] as const) {
    it(`an essential acr is asked of it, and ${String(acr)} brings the application a ${outcome}`, async () => {
      const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['urn:strong'] } } });
      const { browser, post, email } = await leave({ claims });
      idp.person = { ...idp.person, ...(acr !== undefined && { acr }) };
      const leaving = await post(email);
      expect(new URL(leaving.location!).searchParams.get('acr_values')).to.equal('urn:strong');
      const returning = await browser.get((await browser.get(leaving.location!)).location!);
      const back = await browser.follow(returning, 'http://app.example.test');
      const told = new URL(back.location!).searchParams;
      expect(told.has(outcome), back.location).to.equal(true);
      if (outcome === 'error') expect(told.get('error')).to.equal('unmet_authentication_requirements');
    });
  }

  it('all pages of the sign-in are in the language of ui_locales, until the person chooses another', async () => {
    const { browser, page, post, email } = await leave({ ui_locales: 'fr de' });
    const german = '<html lang="de"';
    expect(page.text).to.include(german);
    expect((await post('stranger@home.example.test')).text)
      .to.include(german)
      .and.to.include('Passwort');
    expect((await post('nonsense')).text).to.include(german);
    const leaving = await post(email);
    idp.person = { sub: unique('sub'), email: 'ann@elsewhere.example.test' };
    const refused = await browser.get((await browser.get(leaving.location!)).location!);
    expect(refused.status).to.equal(403);
    expect(refused.text).to.include(german);
    const [, path] = /href="(\/signin\?flow=[\w-]+)"/.exec(refused.text)!;
    const chosen = await browser.get(`/language/en?return_to=${encodeURIComponent(path!)}`);
    expect((await browser.follow(chosen)).text).to.include('<html lang="en"');
    expect((await browser.get('/signin')).text).to.include('<html lang="en"');
  });

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
      const { browser, post, email } = await leave(asked);
      idp.person = { ...idp.person, ...(authTime !== undefined && { auth_time: hoursAgo(authTime) }) };
      const leaving = await post(email);
      expect(Object.fromEntries(new URL(leaving.location!).searchParams)).to.include(sent);
      const returning = await browser.get(leaving.location!);
      expect((await browser.get(returning.location!)).status).to.equal(status);
    });
  }
});
