import { expect } from 'chai';
import supertest from 'supertest';
import { createApiKey } from '../../../src/identity/applications/api-keys.js';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { systemActor } from '../../../src/identity/actors.js';
import { sendPasswordReset } from '../../../src/identity/credentials/reset.js';
import { openBrowser } from '../../support/browser.js';
import { waitForMails } from '../../support/mailbox.js';
import { givenUser, goodPassword } from '../../support/people.js';
import { newUser, startScim, unique, type ScimApp } from '../../support/scim.js';
import { signIn, typeEmail } from '../../support/sign-in.js';

/** One of each kind that nobody sees, or that turns the text around. */
const odd: readonly [string, string][] = [
  ['a control character', '\u0007'],
  ['a C1 control', '\u0085'],
  ['a zero width space', '\u200b'],
  ['a zero width joiner', '\u200d'],
  ['a soft hyphen', '\u00ad'],
  ['a right-to-left override', '\u202e'],
  ['an isolate', '\u2066'],
  ['a byte order mark', '\ufeff'],
  ['a tag', '\u{e0061}'],
  ['an invisible operator', '\u2063'],
];

describe('odd characters in names and addresses', () => {
  let scim: ScimApp;
  let apiKey: string;

  before(async () => {
    scim = await startScim();
    apiKey = (
      await createApiKey(scim.core, systemActor(scim.tenantId), { name: 'tests', role: 'administrator' })
    ).key;
  });
  after(() => scim.stop());

  const api = (path: string, body: object) =>
    supertest(scim.url).post(`/api/v1${path}`).set('Authorization', `Bearer ${apiKey}`).send(body);
  const users = () => scim.core.store.tenant(scim.tenantId).collection('users');

  for (const [what, character] of odd) {
    it(`refuses ${what} in userName and addresses at every door`, async () => {
      const name = unique('odd');
      const bad = `${name}${character}x@acme.test`;
      const before = await users().count({});
      for (const body of [
        newUser({ userName: bad }),
        newUser({ userName: `${name}${character}plain` }),
        newUser({ emails: [{ value: bad, primary: true }] }),
        newUser({ emails: [{ value: `${name}@ac${character}me.test` }] }),
      ]) {
        const created = await scim.acme.post('/Users', body);
        expect(created.body, JSON.stringify(body)).to.include({ status: '400', scimType: 'invalidValue' });
      }
      for (const body of [{ email: bad }, { email: `${name}@acme.test`, userName: bad }]) {
        expect((await api('/users', body)).status, JSON.stringify(body)).to.equal(400);
      }
      const invited = await api('/invitations', { emails: [bad], roles: [], loginType: 'local' });
      const [result] = (invited.body as { results?: { outcome: string }[] }).results ?? [];
      expect(result?.outcome ?? invited.status).to.be.oneOf(['invalid', 400]);
      expect((await typeEmail(openBrowser(scim.url), bad)).status).to.equal(400);
      expect((await openBrowser(scim.url).post('/forgot', { email: bad })).status).to.equal(400);
      const file = { tenants: [{ slug: 'acme', name: 'Acme', users: [{ email: bad, userName: bad }] }] };
      const applied = await Promise.resolve()
        .then(() => applyBootstrap(scim.core, parseBootstrap(file)))
        .then(
          () => 'applied',
          () => 'refused',
        );
      expect(applied).to.equal('refused');
      expect(await users().count({})).to.equal(before);
    });

    it(`refuses ${what} in a change too, and leaves the user as it was`, async () => {
      const user = await scim.acme.user();
      for (const operation of [
        { op: 'replace', path: 'userName', value: `x${character}@acme.test` },
        { op: 'add', path: 'emails', value: [{ value: `x${character}@acme.test`, type: 'other' }] },
      ]) {
        const changed = await scim.acme.patch(`/Users/${user.id}`, [operation]);
        expect(changed.body, JSON.stringify(operation)).to.include({ scimType: 'invalidValue' });
      }
      const put = await scim.acme.put(`/Users/${user.id}`, newUser({ userName: `x${character}@acme.test` }));
      expect(put.body).to.include({ scimType: 'invalidValue' });
      expect((await scim.acme.get(`/Users/${user.id}`)).body).to.include({ userName: user.userName });
    });
  }

  it('takes full-width, ligature and upper-case forms of a userName for the same one: 409, and found by a filter', async () => {
    const name = unique('bob');
    const user = await scim.acme.user({ userName: `${name}@home.test`, emails: [] });
    const wide = Array.from(`${name}@home.test`)
      .map((one) => (/[!-~]/.test(one) ? String.fromCodePoint(one.codePointAt(0)! + 0xfee0) : one))
      .join('');
    for (const same of [wide, `${name.toUpperCase()}@HOME.test`]) {
      const again = await scim.acme.post('/Users', newUser({ userName: same, emails: [] }));
      expect([again.status, (again.body as { scimType: string }).scimType]).to.deep.equal([
        409,
        'uniqueness',
      ]);
      const found = await scim.acme.find('Users', `userName eq "${same}"`);
      expect(found.Resources.map(({ id }) => id)).to.deep.equal([user.id]);
    }
    const sharp = await scim.acme.user({ userName: `${name}-straße@home.test`, emails: [] });
    expect(sharp.userName).to.equal(`${name}-straße@home.test`);
    const folded = await scim.acme.find('Users', `userName eq "${name}-STRASSE@home.test"`);
    expect(folded.Resources.map(({ id }) => id)).to.deep.equal([sharp.id]);
  });

  it('signs somebody in by the full-width form of their address', async () => {
    const user = await givenUser(scim.core, scim.tenantId);
    const page = await signIn(openBrowser(scim.url), user.userName.replace('@', '＠'), goodPassword);
    expect(page.status).to.equal(303);
  });

  it('keeps such characters in names as they were sent, and shows none of them in pages and mails', async () => {
    const displayName = 'Ada \u202eecalevoL\u200b';
    const user = await givenUser(scim.core, scim.tenantId, {
      input: {
        attributes: { displayName, emails: [{ value: `${unique('shown')}@local.test`, primary: true }] },
      },
    });
    expect((await users().get(user._id))!.attributes['displayName']).to.equal(displayName);
    const browser = openBrowser(scim.url);
    await signIn(browser, user.userName, goodPassword);
    const page = await browser.get('/account');
    expect(page.text)
      .to.include('Ada ecalevoL')
      .and.not.match(/[\u202e\u200b]/);
    const tenants = scim.core.store.tenant(scim.tenantId).collection('tenants');
    await tenants.update(scim.tenantId, (stored) => ({ ...stored, name: 'Ac\u202eme' }));
    try {
      await sendPasswordReset(scim.core, systemActor(scim.tenantId), user);
      const [mail] = await waitForMails(scim.core, user.email!);
      expect(mail!.subject).to.equal('Set a new password for Acme');
      expect(`${mail!.text}${mail!.html}`).to.not.match(/\p{Cf}/u);
    } finally {
      await tenants.update(scim.tenantId, (stored) => ({ ...stored, name: 'Acme' }));
    }
  });

  it('offers address fields that a browser sends as they are typed, in any script', async () => {
    const browser = openBrowser(scim.url);
    expect((await typeEmail(browser, 'jörg@home.test')).text).to.not.include('type="email"');
    for (const page of [await openBrowser(scim.url).get('/signin'), await browser.get('/forgot')]) {
      expect(page.status).to.equal(200);
      expect(page.text).to.not.include('type="email"');
      expect(page.text).to.include('inputMode="email"').and.include('autoComplete="username"');
    }
  });
});
