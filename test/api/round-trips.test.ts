import { expect } from 'chai';
import { systemActor } from '../../src/identity/actors.js';
import { createGroup } from '../../src/identity/groups/groups.js';
import { searchGroups, viewGroups } from '../../src/identity/groups/search.js';
import { commandsOf } from '../support/mongo-commands.js';
import { newUser, startScim, unique, type ScimApp } from '../support/scim.js';

const isWrite = (command: string) => /^(insert|update|delete|findAndModify|commitTransaction) /.test(command);

describe('round trips to MongoDB', () => {
  let app: ScimApp;
  before(async function () {
    if (!process.env['MONGODB_URI']) return this.skip();
    app = await startScim();
    for (let i = 0; i < 25; i++) await app.acme.user();
  });
  after(async () => {
    if (process.env['MONGODB_URI']) await app.stop();
  });

  it('a user is written by one command for the user, one for its audit event and the commit', async () => {
    const user = await app.acme.user();
    const created = await commandsOf(() => app.acme.post('/Users', newUser()).expect(201));
    expect(created.filter(isWrite)).to.deep.equal([
      'insert users',
      'insert audit_events',
      'commitTransaction 1',
    ]);
    const patched = await commandsOf(() =>
      app.acme.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'title', value: 'x' }]).expect(200),
    );
    expect(patched.filter(isWrite)).to.deep.equal([
      'update users',
      'insert audit_events',
      'commitTransaction 1',
    ]);
  });

  it('the second page of a list neither counts nor skips, and reads no user it has rendered before', async () => {
    const page = (startIndex: number) => app.acme.get(`/Users?count=10&startIndex=${startIndex}`).expect(200);
    await page(1);
    await page(11);
    const again = await commandsOf(() => page(11));
    expect(again.filter((command) => command.endsWith(' users'))).to.deep.equal(['find users']);
  });

  it('the members of a page of groups are counted by one command, however many groups there are', async () => {
    const actor = systemActor(app.tenantId);
    const commands = async (limit: number) => {
      const { items } = await searchGroups(
        app.core,
        app.tenantId,
        {},
        { sort: 'createdAt', descending: false, limit },
      );
      expect(items).to.have.length(limit);
      return (await commandsOf(() => viewGroups(app.core, app.tenantId, items))).length;
    };
    for (let i = 0; i < 20; i++)
      await createGroup(app.core, actor, { displayName: unique('Group'), externalId: null, attributes: {} });
    expect(await commands(20)).to.equal(await commands(2));
  });
});
