/**
 * The requests of WSO2 Identity Server's outbound SCIM 2.0 connector as its code writes them (wso2-extensions/identity-client-scim2 and
 * identity-outbound-provisioning-scim2): no id is remembered, so every change begins with a lookup by name, `Eq` and no quotes.
 */
import { expect } from 'chai';
import {
  accessOf,
  findings,
  memberIds,
  schemas,
  startProvider,
  type Json,
  type Provider,
} from '../support/provider.js';

const headers = { accept: 'application/json', 'content-type': 'application/scim+json' };

describe('WSO2 Identity Server', () => {
  let wso2: Provider;
  before(async () => {
    wso2 = await startProvider('auto', headers, [
      { when: { path: 'groups.displayName', is: 'support' }, grant: ['crm:agent'] },
      { when: { path: `${schemas.enterprise}:department`, is: 'Sales' }, grant: ['crm:manager'] },
    ]);
  });
  after(() => wso2.stop());

  const userOf = (userName: string, more: object = {}): object => ({
    schemas: [schemas.user, schemas.enterprise],
    userName,
    name: { givenName: 'Joe', familyName: 'Doe' },
    emails: [{ type: 'work', value: userName }],
    ...more,
  });
  const find = async (endpoint: 'Users' | 'Groups', name: string): Promise<string | undefined> => {
    const attribute = endpoint === 'Users' ? 'userName' : 'displayName';
    const path = `/${endpoint}?filter=${attribute}%20Eq%20${name}&startIndex=1&count=1`;
    return (await wso2.expect(200, 'GET', path))['Resources']?.[0]?.id;
  };

  it('reports a person who joins, moves, leaves and goes, looking up the name before each change', async () => {
    const name = 'joe@wso2.example';
    const created = await wso2.expect(201, 'POST', '/Users', userOf(name));
    expect(await find('Users', name)).to.equal(created['id']);
    const id = created['id'] as string;
    await wso2.expect(201, 'POST', '/Groups', {
      schemas: [schemas.group],
      displayName: 'support',
      members: [{ value: id, display: name }],
    });
    const { status, roles } = await accessOf(wso2, id);
    expect(status).not.to.equal('disabled');
    expect(roles).to.deep.equal(['crm:agent']);

    const moved = userOf(name, { [schemas.enterprise]: { department: 'Sales' } });
    await wso2.expect(200, 'PUT', `/Users/${await find('Users', name)}`, moved);
    expect(await accessOf(wso2, id)).to.deep.equal({ status, roles: ['crm:agent', 'crm:manager'] });
    await wso2.expect(204, 'DELETE', `/Groups/${await find('Groups', 'support')}`);
    expect((await accessOf(wso2, id)).roles).to.deep.equal(['crm:manager']);

    await wso2.expect(200, 'PUT', `/Users/${id}`, userOf(name, { active: false }));
    expect(await accessOf(wso2, id)).to.deep.equal({ status: 'disabled', roles: [] });
    await wso2.expect(200, 'PUT', `/Users/${id}`, userOf(name, { title: 'T' }));
    expect((await accessOf(wso2, id)).status, 'a PUT that says nothing of it revives nobody').to.equal(
      'disabled',
    );

    await wso2.expect(204, 'DELETE', `/Users/${await find('Users', name)}`);
    expect(await find('Users', name)).to.equal(undefined);
    expect((await findings(wso2)).counts).to.include.keys('bare-word-filter');
  });

  it('creates a user with the attributes alone that have a claim, and with a password where that is set', async () => {
    const body = { schemas: [schemas.user], userName: 'console', password: 'a-Password-of-9-words' };
    const user = await wso2.expect(201, 'POST', '/Users', body);
    expect(user).not.to.have.property('password');
    expect(user['active']).to.equal(true);
  });

  it('renames a group by the old name in the lookup and the new one in a PUT', async () => {
    await wso2.expect(201, 'POST', '/Groups', { schemas: [schemas.group], displayName: 'before' });
    const id = await find('Groups', 'before');
    await wso2.expect(200, 'PUT', `/Groups/${id}`, { schemas: [schemas.group], displayName: 'after' });
    expect(await find('Groups', 'after')).to.equal(id);
    expect(await find('Groups', 'before')).to.equal(undefined);
  });

  it('is refused when it names members by their display alone, and no group is emptied by that', async () => {
    const { id } = await wso2.expect(201, 'POST', '/Users', userOf('alice@wso2.example'));
    const group = { schemas: [schemas.group], displayName: 'kept', members: [{ value: id }] };
    const { id: groupId } = await wso2.expect(201, 'POST', '/Groups', group);
    const display = { ...group, members: [{ display: 'alice@wso2.example' }] };
    const error: Json = await wso2.expect(400, 'PUT', `/Groups/${groupId}`, display);
    expect(error['scimType']).to.equal('invalidValue');
    expect(await memberIds(wso2, groupId)).to.deep.equal([id]);
  });

  it('finds a person whose name has an apostrophe or a plus sign, as it writes them', async () => {
    for (const name of ["o'neil@wso2.example", 'joe%2Bx@wso2.example']) {
      const userName = decodeURIComponent(name);
      const { id } = await wso2.expect(201, 'POST', '/Users', userOf(userName));
      expect(await find('Users', name), name).to.equal(id);
    }
  });
});
