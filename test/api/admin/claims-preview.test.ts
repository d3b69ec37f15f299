import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

interface Preview {
  status: string;
  maySignIn: boolean;
  allowed: boolean;
  claims: Record<string, unknown>;
}

describe('what an application would get of a person', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
  });
  after(() => app.stop());

  const preview = (user: string, key?: string) =>
    acme.call('get', `/applications/crm/claims-preview?user=${user}`, key);

  it('is told without a sign-in: its own roles, the claims it configured, and nothing of a session', async () => {
    const user = await acme.givenUser({ email: 'ada@claims.test' });
    await acme
      .call('patch', `/users/${user._id}`)
      .send({ roles: ['crm:agent', 'administrator'] })
      .expect(200);
    await acme
      .call('patch', '/applications/crm')
      .send({ claims: [{ claim: 'family', from: 'name.familyName' }] });
    const { body } = await preview(user._id).expect(200);
    const { claims, ...rest } = body as Preview;
    expect(rest).to.deep.include({ status: 'active', maySignIn: true, allowed: true });
    expect(claims).to.deep.include({ sub: user._id, email: 'ada@claims.test', roles: ['agent'], groups: [] });
    expect(claims).to.have.property('family');
    expect(claims).not.to.have.any.keys('sid', 'amr');
    const sessions = await acme.call('get', `/users/${user._id}/sessions`);
    expect((sessions.body as { items: object[] }).items).to.deep.equal([]);
  });

  it('says who has no access, and whose status lets nobody in', async () => {
    const user = await acme.givenUser();
    await acme
      .call('patch', '/applications/crm')
      .send({ access: { by: 'role', roles: ['crm:agent'] } })
      .expect(200);
    expect((await preview(user._id)).body).to.deep.include({ allowed: false, maySignIn: true });
    await acme.call('post', `/users/${user._id}/disable`).expect(200);
    expect((await preview(user._id)).body).to.deep.include({ status: 'disabled', maySignIn: false });
  });

  it('needs the right to read users beside that to manage applications, and one’s own tenant’s people', async () => {
    const user = await acme.givenUser();
    await preview(user._id, await acme.givenKey(['applications.manage'])).expect(403);
    await preview(user._id, await acme.givenKey(['applications.manage', 'users.read'])).expect(200);
    const other = await (await givenTenant(app)).givenUser();
    await preview(other._id).expect(404);
  });
});
