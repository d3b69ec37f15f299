import { expect } from 'chai';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

describe('cursors of the API', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let globex: ApiTenant;

  before(async () => {
    app = await startApp();
    const preset = 'contact-center';
    [acme, globex] = [await givenTenant(app, { preset }), await givenTenant(app, { preset })];
    for (const tenant of [acme, globex]) {
      for (let at = 0; at < 3; at += 1) {
        await tenant.givenUser();
        await tenant.givenInvitation(['viewer']);
      }
    }
  });
  after(() => app.stop());

  const refused = async (tenant: ApiTenant, list: string, cursor: string) => {
    const res = await tenant.call('get', `${list}?limit=1&cursor=${encodeURIComponent(cursor)}`);
    expect(res.status).to.equal(400);
    expect((res.body as { errors: { pointer: string }[] }).errors[0]?.pointer).to.equal('?cursor');
  };

  for (const list of ['/users', '/invitations', '/audit-events', '/roles', '/permissions']) {
    it(`of ${list} go on in their own tenant and list alone, and only as they were given`, async () => {
      const first = await acme.call('get', `${list}?limit=1`).expect(200);
      const cursor = (first.body as { next: string }).next;
      await acme.call('get', `${list}?limit=1&cursor=${encodeURIComponent(cursor)}`).expect(200);
      await refused(globex, list, cursor);
      await refused(acme, list === '/users' ? '/invitations' : '/users', cursor);
      const [text = '', signature = ''] = cursor.split('.');
      for (const other of [
        text,
        `${text}.`,
        `${text}.${signature}x`,
        `${cursor}.x`,
        `x${cursor}`,
        `${text}.é`,
      ]) {
        await refused(acme, list, other);
      }
    });
  }
});
