import { expect } from 'chai';
import { memberIds, patch, schemas, startProvider, type Json, type Provider } from '../support/provider.js';

const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json' };

/**
 * What went wrong in other servers, each with the request that showed it. Removals that empty a group, lost parallel changes and the like
 * are in the suites of the providers that send them.
 */
describe('faults other servers had, in changes of users', () => {
  let client: Provider;
  let serial = 0;
  before(async () => {
    client = await startProvider('auto', headers);
  });
  after(() => client.stop());

  const create = async (more: object = {}): Promise<string> => {
    serial += 1;
    const user = { schemas: [schemas.user], userName: `fault${serial}@acme.example`, ...more };
    return (await client.expect(201, 'POST', '/Users', user))['id'];
  };
  const read = (id: string): Promise<Json> => client.expect(200, 'GET', `/Users/${id}`);
  const change = (id: string, ...operations: object[]): Promise<Json> =>
    client.expect(200, 'PATCH', `/Users/${id}`, patch(...operations));

  it('remove of an address with another value than the stored one never sets that value', async () => {
    const id = await create({ emails: [{ type: 'work', value: 'one@acme.example', primary: true }] });
    await change(id, {
      op: 'Remove',
      path: 'emails[type eq "work"].value',
      value: 'other@acme.example',
    });
    expect(JSON.stringify(await read(id))).not.to.contain('other@acme.example');
  });

  it('reads "false" and "FALSE" as false, and nothing else of the kind', async () => {
    const id = await create();
    for (const value of ['false', 'FALSE', 'False']) {
      await change(id, { op: 'replace', path: 'active', value: true });
      expect((await change(id, { op: 'replace', path: 'active', value }))['active']).to.equal(false);
    }
    for (const value of ['no', '0', '', 0, 'falsehood']) {
      await client.expect(400, 'PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value }));
    }
  });

  it('leaves unknown sub-attributes out, on POST, PUT and PATCH', async () => {
    const name = { givenName: 'A', nick: 'x' };
    const id = await create({ name });
    expect((await read(id))['name']).to.deep.equal({ givenName: 'A' });
    const changed = await change(id, { op: 'replace', path: 'name', value: { familyName: 'B', nick: 'x' } });
    expect(changed['name']).to.deep.equal({ givenName: 'A', familyName: 'B' });
    const { userName } = changed;
    const put = await client.expect(200, 'PUT', `/Users/${id}`, { schemas: [schemas.user], userName, name });
    expect(put['name']).to.deep.equal({ givenName: 'A' });
  });

  it('keeps externalId, finds by it in its exact case, and lets a PATCH change it', async () => {
    const id = await create({ externalId: 'Ext-1' });
    expect((await read(id))['externalId']).to.equal('Ext-1');
    const count = async (value: string): Promise<number> =>
      (await client.expect(200, 'GET', `/Users?filter=externalId eq "${value}"`))['totalResults'];
    expect([await count('Ext-1'), await count('EXT-1')]).to.deep.equal([1, 0]);
    await change(id, { op: 'replace', path: 'externalId', value: 'Ext-2' });
    expect([await count('Ext-1'), await count('Ext-2')]).to.deep.equal([0, 1]);
    await change(id, { op: 'remove', path: 'externalId' });
    expect(await read(id)).not.to.have.property('externalId');
  });

  it('makes no attribute called "name.familyName", and none of a URN cut at its dots', async () => {
    const id = await create();
    const user = await change(id, {
      op: 'Replace',
      value: { 'name.familyName': 'F', [`${schemas.enterprise}:department`]: 'D', 'name.givenName': 'G' },
    });
    expect(user['name']).to.deep.equal({ familyName: 'F', givenName: 'G' });
    expect(Object.keys(user).sort()).to.deep.equal(
      ['active', 'id', 'meta', 'name', 'schemas', schemas.enterprise, 'userName'].sort(),
    );
  });

  it('takes nulls for nothing: in a creation, in a replace, in a path-less value', async () => {
    const id = await create({ title: null, name: { givenName: null, familyName: 'F' }, emails: null });
    expect(await read(id)).to.deep.include({ name: { familyName: 'F' } });
    await change(id, { op: 'replace', path: 'title', value: 'T' });
    expect(await change(id, { op: 'Replace', path: 'title', value: null })).not.to.have.property('title');
    await change(id, { op: 'replace', path: 'nickName', value: 'N' });
    expect(await change(id, { op: 'replace', value: { nickName: null } })).not.to.have.property('nickName');
  });

  it('finds a manager by manager[value eq "..."], which has but one value', async () => {
    const id = await create();
    await change(id, { op: 'Add', path: `${schemas.enterprise}:manager`, value: 'boss' });
    const replaced = await change(
      id,
      { op: 'Remove', path: `${schemas.enterprise}:manager[value eq "boss"]` },
      { op: 'Add', path: `${schemas.enterprise}:manager`, value: 'next' },
    );
    expect(replaced[schemas.enterprise].manager.value).to.equal('next');
  });

  it('takes an empty manager for none', async () => {
    const id = await create({
      schemas: [schemas.user, schemas.enterprise],
      [schemas.enterprise]: { manager: '', department: 'D' },
    });
    expect((await read(id))[schemas.enterprise]).to.deep.equal({ department: 'D' });
    await change(id, { op: 'Add', path: `${schemas.enterprise}:manager`, value: 'boss' });
    const emptied = await change(id, { op: 'Replace', path: `${schemas.enterprise}:manager`, value: '' });
    expect(emptied[schemas.enterprise]).to.deep.equal({ department: 'D' });
  });

  it('answers a PATCH with what the user is afterwards, under the schemas of a user', async () => {
    const id = await create({ title: 'Before' });
    const answer = await change(id, { op: 'replace', path: 'title', value: 'After' });
    expect(answer).to.deep.include({ title: 'After', schemas: [schemas.user] });
  });

  it('ignores an unknown attribute of a creation, and refuses it as a PATCH path with invalidPath', async () => {
    const id = await create({ extensionAttribute7: 'x' });
    expect(await read(id)).not.to.have.property('extensionAttribute7');
    const unknown = patch({ op: 'Add', path: 'extensionAttribute7', value: 'x' });
    const error = await client.expect(400, 'PATCH', `/Users/${id}`, unknown);
    expect(error['scimType']).to.equal('invalidPath');
  });

  it('answers the attributes at the top, not below the URN of the core schema, each user with its schemas', async () => {
    await create({ name: { givenName: 'Top' } });
    const list = await client.expect(200, 'GET', '/Users?count=200');
    for (const user of list['Resources']) {
      expect(user).not.to.have.property(schemas.user);
      expect(user.userName).to.be.a('string');
      expect(user.schemas).to.include(schemas.user);
    }
  });

  it('has filters that read AND, OR and NOT in any case and as values, parentheses, URNs, dates, booleans and null', async () => {
    await create({ externalId: 'OR', title: 'AND', displayName: 'not (x)' });
    const filters: [filter: string, found: number][] = [
      ['externalId eq "OR"', 1],
      ['externalId eq "OR" AND title eq "AND"', 1],
      ['externalId eq "OR" AND title eq "other"', 0],
      ['displayName eq "not (x)"', 1],
      ['externalId eq "no" or (externalId eq "OR" and title eq "AND")', 1],
      ['(externalId eq "OR" or externalId eq "no") and title eq "no"', 0],
      ['not (externalId eq "no") and externalId eq "OR"', 1],
      [`${schemas.user}:externalId eq "OR" and ${schemas.user}:title eq "AND"`, 1],
      ['externalId eq "OR" and meta.created gt "2011-05-13T04:42:34Z" and active eq true', 1],
      ['externalId eq "OR" and nickName eq null', 1],
      ['externalId eq "O"', 0],
    ];
    for (const [filter, found] of filters) {
      const list = await client.expect(200, 'GET', `/Users?filter=${encodeURIComponent(filter)}`);
      expect(list['totalResults'], filter).to.equal(found);
    }
  });

  it('does not block a user whose name begins like another’s', async () => {
    await create({ userName: 'ann@acme.example.org' });
    await create({ userName: 'ann@acme.example' });
    const list = await client.expect(200, 'GET', '/Users?filter=userName eq "ann@acme.example"');
    expect(list['Resources'].map((user: Json) => user['userName'])).to.deep.equal(['ann@acme.example']);
  });

  it('advertises a page size of more than none, and what it says of externalId and displayName is true', async () => {
    const config = await client.expect(200, 'GET', '/ServiceProviderConfig');
    expect(config['filter'].maxResults).to.be.above(0);
    const schema = await client.expect(200, 'GET', `/Schemas/${schemas.user}`);
    const attribute = (name: string): Json => schema['attributes'].find((one: Json) => one['name'] === name);
    expect(attribute('displayName')['mutability']).to.equal('readWrite');
    expect(JSON.stringify(await client.expect(200, 'GET', '/Schemas'))).not.to.contain('null');
  });
});

describe('faults other servers had, in groups', () => {
  let client: Provider;
  let users: string[];
  before(async () => {
    client = await startProvider('auto', headers);
    users = [];
    for (const name of ['a', 'b', 'c', 'd']) {
      const user = { schemas: [schemas.user], userName: `${name}@groups.example` };
      users.push((await client.expect(201, 'POST', '/Users', user))['id']);
    }
  });
  after(() => client.stop());

  const create = async (displayName: string, members: readonly (string | undefined)[]): Promise<string> => {
    const group = { schemas: [schemas.group], displayName, members: members.map((value) => ({ value })) };
    return (await client.expect(201, 'POST', '/Groups', group))['id'];
  };

  it('several removals in one request take out those they name, not those at the same places', async () => {
    const id = await create('Places', users);
    const remove = (user: string | undefined): object => ({
      op: 'remove',
      path: `members[value eq "${user}"]`,
    });
    await client.expect(204, 'PATCH', `/Groups/${id}`, patch(remove(users[0]), remove(users[2])));
    expect(await memberIds(client, id)).to.deep.equal([users[1], users[3]].sort());
  });

  it('members of a creation and of a PUT are kept, for every client', async () => {
    const id = await create('Kept', users.slice(0, 2));
    expect(await memberIds(client, id)).to.deep.equal(users.slice(0, 2).sort());
    const members = users.slice(1).map((value) => ({ value }));
    const put = { schemas: [schemas.group], displayName: 'Kept', members };
    const answer = await client.expect(200, 'PUT', `/Groups/${id}`, put);
    expect(answer['members']).to.have.lengthOf(3);
    expect(await memberIds(client, id)).to.deep.equal(users.slice(1).sort());
  });

  it('adding members keeps the others, in every form', async () => {
    const id = await create('Adding', users.slice(0, 1));
    const forms = [
      { op: 'add', path: 'members', value: [{ value: users[1] }] },
      { op: 'Add', path: 'members', value: { value: users[2] } },
      { op: 'add', value: { members: [{ value: users[3], display: 'd', $ref: null }] } },
    ];
    for (const form of forms) await client.expect(204, 'PATCH', `/Groups/${id}`, patch(form));
    expect(await memberIds(client, id)).to.deep.equal([...users].sort());
  });

  it('replaces all members by a path-less value, as Okta may push them', async () => {
    const id = await create('Whole', users.slice(0, 2));
    const whole = { op: 'replace', value: { members: [{ value: users[3] }] } };
    await client.expect(204, 'PATCH', `/Groups/${id}`, patch(whole));
    expect(await memberIds(client, id)).to.deep.equal([users[3]]);
  });

  it('a group is in no group that is in it, at any depth', async () => {
    const inner = await create('Inner', []);
    const outer = await create('Outer', [inner]);
    for (const [group, member] of [
      [inner, inner],
      [inner, outer],
    ]) {
      const body = patch({ op: 'add', path: 'members', value: [{ value: member }] });
      expect((await client.expect(400, 'PATCH', `/Groups/${group}`, body))['scimType']).to.equal(
        'invalidValue',
      );
    }
  });

  it('a failing operation leaves the members of the ones before it alone', async () => {
    const id = await create('Atomic', users.slice(0, 1));
    const body = patch(
      { op: 'add', path: 'members', value: [{ value: users[1] }] },
      { op: 'add', path: 'members', value: [{ value: 'nobody' }] },
    );
    await client.expect(400, 'PATCH', `/Groups/${id}`, body);
    expect(await memberIds(client, id)).to.deep.equal([users[0]]);
  });

  it('finds the groups of a member, with and without the name of the sub-attribute', async () => {
    const id = await create('Lookup', [users[0]]);
    for (const filter of [
      `id eq "${id}" and members eq "${users[0]}"`,
      `id eq "${id}" and members.value eq "${users[0]}"`,
    ]) {
      const list = await client.expect(200, 'GET', `/Groups?filter=${filter}&attributes=id`);
      expect(list['totalResults'], filter).to.equal(1);
    }
  });
});
