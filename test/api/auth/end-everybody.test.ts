import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { ManualClock } from '../../support/clock.js';
import { eventually } from '../../support/eventually.js';
import { sessionCall } from '../../support/session-call.js';

describe('the end of every session of a tenant', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  it('ends all sessions at once, the caller’s too, and nobody’s elsewhere; everybody may sign in again', async () => {
    const boss = await acme.givenUser({ roles: ['administrator'] });
    const plain = await acme.givenUser();
    const globex = await givenTenant(app);
    const [byBoss, byPlain, elsewhere] = [
      await sessionCall(app, boss),
      await sessionCall(app, plain),
      await sessionCall(app, await globex.givenUser()),
    ];
    clock.advance(1000);
    expect((await byPlain('post', '/sessions/end-all')).status).to.equal(403);
    expect((await byBoss('post', '/sessions/end-all')).status).to.equal(204);
    expect((await byBoss('get', '/me')).status).to.equal(401);
    expect((await byPlain('get', '/me')).status).to.equal(401);
    expect((await elsewhere('get', '/me')).status).to.equal(200);
    const sessions = app.core.store.tenant(acme.tenant._id).collection('sessions');
    await eventually(async () => (await sessions.count({})) === 0, 'the sessions are gone');
    clock.advance(1000);
    expect((await (await sessionCall(app, plain))('get', '/me')).status).to.equal(200);
  });

  it('takes somebody who holds every permission that a role gives', async () => {
    const limited = await acme.givenKey(['sessions.invalidate', 'users.read']);
    const refused = await acme.call('post', '/sessions/end-all', limited);
    expect(refused.body).to.include({ status: 403, code: 'user.above_actor' });
    await acme.call('post', '/sessions/end-all').expect(204);
  });
});
