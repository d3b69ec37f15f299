import { parse } from 'csv-parse/sync';
import { expect } from 'chai';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { changeMembers } from '../../../src/identity/groups/members.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

describe('exports as CSV', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
  });
  after(() => app.stop());

  const rows = async (path: string): Promise<Record<string, string>[]> => {
    const res = await acme.call('get', path).expect(200);
    expect(res.headers['content-disposition']).to.match(/^attachment; filename="\w+-\d{8}-\d{4}\.csv"$/);
    return parse(res.text, { bom: true, columns: true });
  };

  it('tell of users what the list shows, their access level too (M4-8, M4-17)', async () => {
    const admin = await acme.givenUser({ roles: ['administrator'], email: 'csv-admin@acme.test' });
    await acme.givenUser({ email: 'csv-plain@acme.test' });
    const input = { displayName: 'Csv', externalId: null, attributes: {} };
    const group = await createGroup(app.core, acme.system, input);
    await changeMembers(app.core, acme.system, group._id, { add: [admin._id] });
    const levels = Object.fromEntries(
      (await rows('/users/export.csv')).map((row) => [row['Email'], row['Access Level']]),
    );
    expect(levels).to.include({
      'csv-admin@acme.test': 'Account, Group',
      'csv-plain@acme.test': 'Unassigned',
    });
  });

  it('tell of invitations, with the filters of their list', async () => {
    await acme.givenInvitation();
    const [row] = await rows('/invitations/export.csv?status=waiting');
    expect(row).to.include({ Status: 'waiting', Login: 'local' });
    expect(await rows('/invitations/export.csv?status=revoked')).to.deep.equal([]);
    await acme.call('get', '/invitations/export.csv?status=lost').expect(400);
  });

  it('tell of groups, with no cell a spreadsheet would run', async () => {
    const input = { displayName: '=HYPERLINK("http://evil.test")', externalId: null, attributes: {} };
    const group = await createGroup(app.core, acme.system, input);
    await changeMembers(app.core, acme.system, group._id, { add: [(await acme.givenUser())._id] });
    const row = (await rows('/groups/export.csv?q=hyperlink'))[0];
    expect(row).to.include({ Name: `'${input.displayName}`, Members: '1', Source: 'local' });
  });

  it('tell of roles and applications, with how many users hold them and no secret', async () => {
    const { clientId } = await acme.givenApplication('desk');
    await acme.givenUser({ roles: ['desk:agent'] });
    const role = (await rows('/roles/export.csv?application=desk'))[0];
    expect(role).to.include({ Role: 'desk:agent', Application: 'desk', Users: '1', 'Built-in': 'no' });
    const [administrator] = (await rows('/roles/export.csv')).filter(
      (one) => one['Role'] === 'administrator',
    );
    expect(administrator?.['Permissions']).to.include('users.read');
    const application = (await rows('/applications/export.csv')).find(({ Key }) => Key === 'desk');
    expect(application).to.include({ 'Client Id': clientId, Roles: 'agent', Users: '1', Access: 'everyone' });
    expect(Object.keys(application ?? {}).join()).to.not.match(/secret/i);
  });
});
