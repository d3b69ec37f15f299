/**
 * The requests of authentik's SCIM provider as its client writes them (`authentik/providers/scim/clients` of goauthentik/authentik): users by
 * POST and PUT, a group's name by a PATCH without `schemas`, each member by an operation of its own.
 */
import { expect } from 'chai';
import {
  accessOf,
  findings,
  memberIds,
  patch,
  schemas,
  startProvider,
  type Json,
  type Provider,
} from '../support/provider.js';

const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json' };

function authentikUser(userName: string, more: object = {}): object {
  return {
    schemas: [schemas.user],
    externalId: `uid-${userName}`,
    active: true,
    userName,
    name: { formatted: `${userName} Doe`, givenName: userName, familyName: 'Doe' },
    displayName: `${userName} Doe`,
    emails: [{ type: 'other', value: `${userName}@authentik.example`, primary: true }],
    ...more,
  };
}

const authentikGroup = (displayName: string, more: object = {}): object => ({
  schemas: [schemas.group],
  externalId: `pk-${displayName}`,
  displayName,
  ...more,
});

describe('authentik', () => {
  let authentik: Provider;
  before(async () => {
    authentik = await startProvider('auto', headers, [
      { when: { path: 'groups.displayName', is: 'Support' }, grant: ['crm:agent'] },
      { when: { path: 'groups.displayName', is: 'Sales' }, grant: ['crm:manager'] },
    ]);
  });
  after(() => authentik.stop());

  const createUser = async (userName: string): Promise<string> =>
    (await authentik.expect(201, 'POST', '/Users', authentikUser(userName)))['id'];
  const createGroup = async (displayName: string): Promise<string> =>
    (await authentik.expect(201, 'POST', '/Groups', authentikGroup(displayName)))['id'];
  const members = (op: 'add' | 'remove', ...ids: string[]): object =>
    patch(...ids.map((value) => ({ op, path: 'members', value: [{ value }] })));
  const change = (groupId: string, body: object): Promise<Json> =>
    authentik.expect(204, 'PATCH', `/Groups/${groupId}`, body);

  it('reads what the server can do, in the form it takes', async () => {
    const config = await authentik.expect(200, 'GET', '/ServiceProviderConfig');
    for (const feature of ['patch', 'filter', 'sort', 'changePassword', 'bulk'])
      expect(config[feature].supported, feature).to.be.a('boolean');
    expect(config['patch'].supported).to.equal(true);
    expect(config['filter'].supported).to.equal(true);
    expect(config['bulk'].maxOperations, 'how many operations it sends in one PATCH').to.be.above(0);
    expect(config['authenticationSchemes'][0]).to.include.keys('type', 'name', 'description');
  });

  it('reports a person who joins, moves, leaves, comes back and goes', async () => {
    const support = await createGroup('Support');
    const sales = await createGroup('Sales');
    const id = await createUser('ada');
    await change(support, members('add', id));
    const { status, roles } = await accessOf(authentik, id);
    expect(status).not.to.equal('disabled');
    expect(roles).to.deep.equal(['crm:agent']);

    await change(support, members('remove', id));
    await change(sales, members('add', id));
    const promoted = authentikUser('ada', { id, displayName: 'Ada, Sales' });
    expect(await authentik.expect(200, 'PUT', `/Users/${id}`, promoted)).to.deep.include({
      id,
      displayName: 'Ada, Sales',
      active: true,
    });
    expect(await accessOf(authentik, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await authentik.expect(200, 'PUT', `/Users/${id}`, authentikUser('ada', { id, active: false }));
    expect((await accessOf(authentik, id)).status).to.equal('disabled');
    await authentik.expect(200, 'PUT', `/Users/${id}`, authentikUser('ada', { id }));
    expect(await accessOf(authentik, id)).to.deep.equal({ status, roles: ['crm:manager'] });

    await authentik.expect(204, 'DELETE', `/Users/${id}`);
    await authentik.expect(404, 'PUT', `/Users/${id}`, authentikUser('ada', { id }));
    expect(await memberIds(authentik, sales)).to.deep.equal([]);
    await authentik.expect(204, 'DELETE', `/Groups/${sales}`);
    await authentik.expect(204, 'DELETE', `/Groups/${support}`);
  });

  for (const [version, filterOf] of [
    ['as it asks today', (name: string, value: string) => `${name}+eq+%22${value}%22`],
    ['as it asked until 2025.8, without quotes', (name: string, value: string) => `${name}+eq+${value}`],
  ] as const) {
    it(`adopts a user and a group after a 409, ${version}`, async () => {
      const name = version.length.toString();
      const userId = await createUser(`akadmin${name}`);
      const taken = await authentik.expect(409, 'POST', '/Users', authentikUser(`akadmin${name}`));
      expect(taken['scimType']).to.equal('uniqueness');
      const users = await authentik.expect(
        200,
        'GET',
        `/Users?filter=${filterOf('userName', `akadmin${name}`)}`,
      );
      expect(users['Resources'].map(({ id }: Json) => id)).to.deep.equal([userId]);

      const groupId = await createGroup(`Admins${name}`);
      await authentik.expect(409, 'POST', '/Groups', authentikGroup(`Admins${name}`));
      const groups = await authentik.expect(
        200,
        'GET',
        `/Groups?filter=${filterOf('displayName', `Admins${name}`)}`,
      );
      expect(groups['Resources'].map(({ id }: Json) => id)).to.deep.equal([groupId]);
    });
  }

  it('discovers what is there, page after page, without saying how long a page is', async () => {
    for (const name of ['d1', 'd2', 'd3']) await createUser(name);
    const first = await authentik.expect(200, 'GET', '/Users');
    expect(first['totalResults']).to.be.at.least(3);
    const second = await authentik.expect(200, 'GET', '/Users?startIndex=2');
    expect(second['startIndex']).to.equal(2);
    expect(second['Resources'][0].id).to.equal(first['Resources'][1].id);
    expect((await authentik.expect(200, 'GET', '/Groups'))['Resources']).to.be.an('array');
  });

  it('renames a group by a PATCH without schemas, then compares the members and changes each by itself', async () => {
    const made = [await createUser('m1'), await createUser('m2'), await createUser('m3')];
    const id = await createGroup('Staff');
    await change(id, members('add', ...made));
    const value = authentikGroup('Everybody', { id });
    await change(id, { Operations: [{ op: 'replace', value }] });
    expect((await authentik.expect(200, 'GET', `/Groups/${id}`))['displayName']).to.equal('Everybody');
    expect(await memberIds(authentik, id), 'the rename leaves them').to.deep.equal([...made].sort());
    await change(id, members('remove', ...made.slice(0, 2)));
    expect(await memberIds(authentik, id)).to.deep.equal(made.slice(2));
    expect((await findings(authentik)).counts).to.include.keys('missing-schemas', 'remove-with-value');
  });

  it('renames a group by paths in its mode for AWS', async () => {
    const id = await createGroup('Aws');
    const replace = (path: string, value: string): object => ({ op: 'replace', path, value });
    await change(id, patch(replace('displayName', 'Aws new'), replace('externalId', 'pk-new')));
    expect(await authentik.expect(200, 'GET', `/Groups/${id}`)).to.deep.include({
      displayName: 'Aws new',
      externalId: 'pk-new',
    });
  });

  it('replaces a group with its members where it believes the server knows no PATCH', async () => {
    const id = await createGroup('Put');
    const user = await createUser('put');
    const body = authentikGroup('Put', { id, members: [{ value: user }] });
    await authentik.expect(200, 'PUT', `/Groups/${id}`, body);
    expect(await memberIds(authentik, id)).to.deep.equal([user]);
    await authentik.expect(200, 'PUT', `/Groups/${id}`, authentikGroup('Put', { id, members: [] }));
    expect(await memberIds(authentik, id)).to.deep.equal([]);
  });
});
