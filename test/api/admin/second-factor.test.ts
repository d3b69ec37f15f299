import { expect } from 'chai';
import supertest from 'supertest';
import { routeTable } from '../../../src/admin/table.js';
import { permissionCatalogue } from '../../../src/identity/permissions.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { ManualClock } from '../../support/clock.js';
import { signIn } from '../../support/sign-in.js';
import { codeNow } from '../../support/totp.js';

const password = 'a long enough password';

describe('the API for the own second factor', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;

  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  async function person(roles: string[] = []) {
    const user = await acme.givenUser({ password, roles });
    const browser = openBrowser(app.url);
    await signIn(browser, user.userName, password, `?tenant=${acme.tenant.slug}`);
    const cookie = await browser.jar.getCookieString(app.url);
    const me = await supertest(app.url).get('/api/v1/me').set('Cookie', cookie).expect(200);
    const send = (method: 'post' | 'delete', path: string, body?: object) => {
      const test = supertest(app.url)[method](`/api/v1${path}`).set('Cookie', cookie);
      return test.set('X-CSRF-Token', me.headers['x-csrf-token'] ?? '').send(body);
    };
    return { user, cookie, send };
  }

  async function enrolled() {
    const somebody = await person();
    const { body } = await somebody.send('post', '/me/2fa').expect(200);
    const { secret } = body as { secret: string };
    const codes = await somebody
      .send('post', '/me/2fa/confirm', { code: codeNow(secret, clock) })
      .expect(200);
    clock.advance(60_000);
    return { ...somebody, secret, backupCodes: (codes.body as { backupCodes: string[] }).backupCodes };
  }

  const factorOf = async (userId: string) =>
    (await app.core.store.tenant(acme.tenant._id).collection('credentials').get(userId))?.twoFactor ?? null;

  const resetsOf = (userId: string) =>
    app.core.store
      .tenant(acme.tenant._id)
      .collection('audit_events')
      .count({ action: 'twofactor.reset', 'target.id': userId });

  it('takes it away for the password, for a code and for a backup code, and records each', async () => {
    for (const proof of ['password', 'code', 'backup'] as const) {
      const { user, send, secret, backupCodes } = await enrolled();
      const body = {
        password: { password },
        code: { code: codeNow(secret, clock) },
        backup: { code: backupCodes[0] },
      }[proof];
      await send('delete', '/me/2fa', body).expect(204);
      expect(await factorOf(user._id), proof).to.equal(null);
      expect(await resetsOf(user._id), proof).to.equal(1);
    }
  });

  it('refuses to take it away without a right proof, and leaves it on', async () => {
    const { user, send } = await enrolled();
    for (const [body, expected] of [
      [undefined, 403],
      [{}, 403],
      [{ password: 'wrong' }, 400],
      [{ code: '000000' }, 400],
      [{ password: '' }, 400],
    ] as const) {
      const { status } = await send('delete', '/me/2fa', body);
      expect(status, JSON.stringify(body)).to.equal(expected);
    }
    expect((await factorOf(user._id))?.state).to.equal('on');
    expect(await resetsOf(user._id)).to.equal(0);
  });

  it('stops guessing a proof after five wrong ones with 429, the right one included', async () => {
    const { send } = await enrolled();
    for (let guess = 0; guess < 5; guess += 1) {
      await send('delete', '/me/2fa', { code: `00000${guess}` }).expect(400);
    }
    const refused = await send('delete', '/me/2fa', { password });
    expect(refused.status).to.equal(429);
    expect(Number(refused.headers['retry-after'])).to.be.greaterThan(0);
  });

  it('makes a secret for another app only for a proof; the first one counts until its code has come', async () => {
    const { user, send, secret } = await enrolled();
    await send('post', '/me/2fa').expect(403);
    await send('post', '/me/2fa', { password: 'wrong' }).expect(400);
    const { body } = await send('post', '/me/2fa', { password }).expect(200);
    const fresh = (body as { secret: string }).secret;
    expect(fresh).to.not.equal(secret);
    await send('post', '/me/2fa/confirm', { code: codeNow(secret, clock) }).expect(400);
    await send('post', '/me/2fa/confirm', { code: codeNow(fresh, clock) }).expect(200);
    clock.advance(60_000);
    await send('delete', '/me/2fa', { code: codeNow(secret, clock) }).expect(400);
    await send('delete', '/me/2fa', { code: codeNow(fresh, clock) }).expect(204);
    expect(await factorOf(user._id)).to.equal(null);
  });

  it('gives new backup codes for a proof, and the older ones are dead', async () => {
    const { send, backupCodes, secret } = await enrolled();
    await send('post', '/me/2fa/backup-codes').expect(403);
    await send('post', '/me/2fa/backup-codes', { password: 'wrong' }).expect(400);
    const { body } = await send('post', '/me/2fa/backup-codes', { code: codeNow(secret, clock) }).expect(200);
    const fresh = (body as { backupCodes: string[] }).backupCodes;
    expect(new Set([...fresh, ...backupCodes]).size).to.equal(20);
    await send('delete', '/me/2fa', { code: backupCodes[0] }).expect(400);
    await send('delete', '/me/2fa', { code: fresh[0] }).expect(204);
    await send('post', '/me/2fa/backup-codes', { password }).expect(409);
  });

  it('lets administrators take it away with the permission users.reset_2fa alone, and with all others together not', async () => {
    const { user } = await enrolled();
    const others = permissionCatalogue.filter(
      ({ key, staffOnly }) => !staffOnly && key !== 'users.reset_2fa',
    );
    const without = await acme.givenKey(others.map(({ key }) => key));
    const refused = await acme.call('post', `/users/${user._id}/reset-2fa`, without);
    expect([refused.status, (refused.body as { code: string }).code]).to.deep.equal([403, 'auth.forbidden']);
    expect((await factorOf(user._id))?.state).to.equal('on');
    expect(await resetsOf(user._id)).to.equal(0);
    const only = await acme.givenKey(['users.reset_2fa']);
    expect((await acme.call('post', `/users/${user._id}/reset-2fa`, only)).status).to.be.below(300);
    expect(await factorOf(user._id)).to.equal(null);
    expect(await resetsOf(user._id)).to.equal(1);
  });

  it('refuses every write of the API by a session without its token, and changes nothing', async () => {
    const { cookie } = await person(['administrator']);
    const events = app.core.store.tenant(acme.tenant._id).collection('audit_events');
    const before = await events.count({});
    const writes = routeTable.filter(({ method }) => method !== 'get');
    expect(writes.some(({ method }) => method === 'delete')).to.equal(true);
    for (const { method, path, scope } of writes) {
      const target = `/api/v1${path.replace(/\{\w+\}/g, newId())}`;
      const res = await supertest(app.url)[method](target).set('Cookie', cookie).send({});
      expect([res.status, (res.body as { code: string }).code], `${method} ${path}`).to.deep.equal([
        403,
        // The operator's routes are closed to a session of a tenant, with its token or without.
        scope === 'server' ? 'auth.forbidden' : 'csrf.invalid',
      ]);
    }
    expect(await events.count({})).to.equal(before);
  });
});
