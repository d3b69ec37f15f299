import { expect } from 'chai';
import { memberIds, patch, schemas, startProvider, type Json, type Provider } from '../support/provider.js';

const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json' };
const search = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
const bulk = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

/** As they are printed, but for the addresses: those are unique in a tenant. */
describe('the examples of RFC 7644', () => {
  let client: Provider;
  let bjensen: string;
  before(async () => {
    client = await startProvider('auto', headers);
    const user = await client.expect(201, 'POST', '/Users', {
      schemas: [schemas.user],
      userName: 'bjensen',
      externalId: 'bjensen',
      name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
    });
    bjensen = user['id'];
  });
  after(() => client.stop());

  const read = (id = bjensen): Promise<Json> => client.expect(200, 'GET', `/Users/${id}`);
  const change = (...operations: object[]): Promise<Json> =>
    client.expect(200, 'PATCH', `/Users/${bjensen}`, patch(...operations)).then(() => read());

  it('section 3.3: a creation is answered with 201, Location, ETag and the whole resource', async () => {
    const reply = await client.send('POST', '/Users', { schemas: [schemas.user], userName: 'created' });
    expect(reply.status).to.equal(201);
    expect(reply.headers['location']).to.equal(`${client.scimUrl}/Users/${reply.body['id']}`);
    expect(reply.headers['etag']).to.equal(reply.body['meta'].version);
    expect(reply.body['meta']).to.deep.include({ resourceType: 'User', location: reply.headers['location'] });
    expect(reply.body['meta'].created).to.equal(reply.body['meta'].lastModified);
  });

  it('section 3.4.2.2: the filters of figure 1 and the paragraphs after it find who they describe', async () => {
    const people = {
      jomalley: {
        schemas: [schemas.user, schemas.enterprise],
        name: { familyName: "O'Malley" },
        title: 'Guide',
        userType: 'Employee',
        emails: [{ type: 'work', value: 'jo@example.com' }],
        [schemas.enterprise]: { employeeNumber: '7' },
      },
      intern: { userType: 'Intern', emails: [{ type: 'home', value: 'intern@example.org' }] },
      chatter: { ims: [{ type: 'xmpp', value: 'chatter@foo.com' }] },
    };
    for (const [userName, more] of Object.entries(people)) {
      await client.expect(201, 'POST', '/Users', { schemas: [schemas.user], userName, ...more });
    }
    const everybody = Object.keys(people);
    const instant = '"2011-05-13T04:42:34Z"';
    for (const [filter, found] of Object.entries({
      'userName eq "jomalley"': ['jomalley'],
      'name.familyName co "O\'Malley"': ['jomalley'],
      'userName sw "J"': ['jomalley'],
      [`${schemas.user}:userName sw "J"`]: ['jomalley'],
      'title pr': ['jomalley'],
      [`meta.lastModified gt ${instant}`]: everybody,
      [`meta.lastModified ge ${instant}`]: everybody,
      [`meta.lastModified lt ${instant}`]: [],
      [`meta.lastModified le ${instant}`]: [],
      'title pr and userType eq "Employee"': ['jomalley'],
      'title pr or userType eq "Intern"': ['jomalley', 'intern'],
      [`schemas eq "${schemas.enterprise}"`]: ['jomalley'],
      'userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")': ['jomalley'],
      'userType ne "Employee" and not (emails co "example.com" or emails.value co "example.org")': [
        'chatter',
      ],
      'userType eq "Employee" and (emails.type eq "work")': ['jomalley'],
      'userType eq "Employee" and emails[type eq "work" and value co "@example.com"]': ['jomalley'],
      'emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]': [
        'jomalley',
        'chatter',
      ],
    })) {
      const list = await client.expect(200, 'GET', `/Users?filter=${filter}&count=200`);
      const names = list['Resources'].map((user: Json) => user['userName']);
      expect(names.filter((name: string) => everybody.includes(name)).sort(), filter).to.deep.equal(
        [...found].sort(),
      );
    }
  });

  it('section 3.4.2.2: an invalid filter is 400 invalidFilter, never an unfiltered list', async () => {
    for (const filter of [
      'userName eq',
      'userName is "x"',
      '(userName eq "x"',
      'active eq "yes"',
      'userName eq x y',
    ]) {
      const error = await client.expect(400, 'GET', `/Users?filter=${filter}`);
      expect(error['scimType'], filter).to.equal('invalidFilter');
    }
  });

  it('section 3.4.2.4: a page begins at startIndex, holds count, and gives the total', async () => {
    await client.expect(201, 'POST', '/Users', { schemas: [schemas.user], userName: 'another' });
    const page = await client.expect(200, 'GET', '/Users?startIndex=1&count=1');
    expect(page).to.deep.include({ itemsPerPage: 1, startIndex: 1 });
    expect(page['totalResults']).to.be.at.least(2);
    expect(page['Resources']).to.have.lengthOf(1);
  });

  it('section 3.4.3: a search by POST answers what the query would', async () => {
    const list = await client.expect(200, 'POST', '/.search', {
      schemas: [search],
      attributes: ['displayName', 'userName'],
      filter: 'userName sw "bjen"',
      startIndex: 1,
      count: 10,
    });
    expect(list['totalResults']).to.equal(1);
    expect(list['Resources'][0]).to.deep.include({ userName: 'bjensen', id: bjensen });
    expect(list['Resources'][0]).not.to.have.property('name');
  });

  it('section 3.5.1: a replacement clears what it leaves out', async () => {
    const { id } = await client.expect(201, 'POST', '/Users', {
      schemas: [schemas.user],
      userName: 'put',
      nickName: 'Babs',
      emails: [{ value: 'put@example.com' }, { value: 'put@jensen.org' }],
    });
    const user = await client.expect(200, 'PUT', `/Users/${id}`, {
      schemas: [schemas.user],
      id,
      userName: 'put',
      roles: [],
      emails: [{ value: 'put@example.com' }],
    });
    expect(user).not.to.have.property('nickName');
    expect(user['emails']).to.deep.equal([{ value: 'put@example.com' }]);
  });

  it('section 3.5.2.1: members are added by a path, attributes without one', async () => {
    const user = await change(
      { op: 'remove', path: 'emails' },
      { op: 'add', value: { emails: [{ value: 'babs@jensen.org', type: 'home' }], nickName: 'Babs' } },
      { op: 'add', path: 'emails', value: [{ value: 'bjensen@example.com', type: 'work' }] },
    );
    expect(user['nickName']).to.equal('Babs');
    expect(user['emails'].map((email: { value: string }) => email.value)).to.deep.equal([
      'babs@jensen.org',
      'bjensen@example.com',
    ]);
  });

  it('section 3.5.2.1: an operation that changes nothing keeps version and lastModified', async () => {
    const emails = [{ value: 'bjensen@example.com', type: 'work' }];
    const before = await change({ op: 'replace', path: 'emails', value: emails });
    const after = await change({
      op: 'add',
      path: 'emails',
      value: [{ value: 'bjensen@example.com', type: 'work' }],
    });
    expect(after['meta']).to.deep.equal(before['meta']);
  });

  it('section 3.5.2.2: a complex filter removes the elements it matches', async () => {
    const home = { value: 'babs@jensen.org', type: 'home' };
    const work = { value: 'bjensen@example.com', type: 'work' };
    await change({ op: 'replace', path: 'emails', value: [home, work] });
    const user = await change({ op: 'remove', path: 'emails[type eq "work" and value ew "example.com"]' });
    expect(user['emails']).to.deep.equal([home]);
  });

  it('section 3.5.2.2: a removal without a path is 400 noTarget', async () => {
    const error = await client.expect(400, 'PATCH', `/Users/${bjensen}`, patch({ op: 'remove' }));
    expect(error['scimType']).to.equal('noTarget');
  });

  it('section 3.5.2.3: a work address is replaced whole, or one part of it', async () => {
    const address = {
      type: 'work',
      streetAddress: '911 Universal City Plaza',
      locality: 'Hollywood',
      primary: true,
    };
    await change({ op: 'replace', path: 'addresses', value: [{ type: 'work', locality: 'Nowhere' }] });
    expect(
      (await change({ op: 'replace', path: 'addresses[type eq "work"]', value: address }))['addresses'],
    ).to.deep.equal([address]);
    const user = await change({
      op: 'replace',
      path: 'addresses[type eq "work"].streetAddress',
      value: '1010 Broadway Ave',
    });
    expect(user['addresses']).to.deep.equal([{ ...address, streetAddress: '1010 Broadway Ave' }]);
  });

  it('section 3.5.2.3: a value filter that matches nothing is 400 noTarget', async () => {
    const body = patch({ op: 'replace', path: 'phoneNumbers[type eq "pager"].value', value: '1' });
    const error = await client.expect(400, 'PATCH', `/Users/${bjensen}`, body);
    expect(error['scimType']).to.equal('noTarget');
  });

  it('section 3.5.2: one failing operation undoes the ones before it', async () => {
    const before = await read();
    await client.expect(
      400,
      'PATCH',
      `/Users/${bjensen}`,
      patch({ op: 'replace', path: 'nickName', value: 'Lost' }, { op: 'replace', path: 'id', value: 'x' }),
    );
    expect(await read()).to.deep.equal(before);
  });

  it('section 3.5.2.2: group members are removed by filter, and all of them by path', async () => {
    const members = [
      { value: bjensen },
      {
        value: (await client.expect(201, 'POST', '/Users', { schemas: [schemas.user], userName: 'second' }))[
          'id'
        ],
      },
    ];
    const { id } = await client.expect(201, 'POST', '/Groups', {
      schemas: [schemas.group],
      displayName: 'Group A',
      members,
    });
    await client.send(
      'PATCH',
      `/Groups/${id}`,
      patch({ op: 'remove', path: `members[value eq "${bjensen}"]` }),
    );
    expect(await memberIds(client, id)).to.deep.equal([members[1]?.value]);
    await client.send('PATCH', `/Groups/${id}`, patch({ op: 'remove', path: 'members' }));
    expect(await memberIds(client, id)).to.deep.equal([]);
  });

  it('section 3.7.2: a bulk request makes a user and a group that names it by its bulkId', async () => {
    const answer = await client.expect(200, 'POST', '/Bulk', {
      schemas: [bulk],
      Operations: [
        {
          method: 'POST',
          path: '/Users',
          bulkId: 'qwerty',
          data: { schemas: [schemas.user], userName: 'Alice' },
        },
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'ytrewq',
          data: {
            schemas: [schemas.group],
            displayName: 'Tour Guides',
            members: [{ type: 'User', value: 'bulkId:qwerty' }],
          },
        },
      ],
    });
    expect(answer['Operations'].map((operation: { status: string }) => operation.status)).to.deep.equal([
      '201',
      '201',
    ]);
    const groupId = String(answer['Operations'][1].location).split('/').at(-1) ?? '';
    expect(await memberIds(client, groupId)).to.deep.equal([
      String(answer['Operations'][0].location).split('/').at(-1),
    ]);
  });

  it('section 4: what the server works out itself is advertised as read-only, the names of members too', async () => {
    const schema = await client.expect(200, 'GET', `/Schemas/${schemas.group}`);
    const named = (list: Json[], name: string): Json =>
      list.find((attribute) => attribute['name'] === name) ?? {};
    const display = named(named(schema['attributes'], 'members')['subAttributes'], 'display');
    expect(display['mutability']).to.equal('readOnly');
    const group = {
      schemas: [schemas.group],
      displayName: 'Names',
      members: [{ value: bjensen, display: 'Not her name' }],
    };
    const { members } = await client.expect(201, 'POST', '/Groups', group);
    expect(members[0]).to.deep.include({ value: bjensen }).and.not.to.include({ display: 'Not her name' });
  });

  it('section 3.12: an error is a SCIM error whose status is a text', async () => {
    const error = await client.expect(404, 'GET', '/Users/2819c223-7f76-453a-919d-413861904646');
    expect(error).to.deep.include({ schemas: [schemas.error], status: '404' });
    expect(error['detail']).to.be.a('string').that.is.not.empty;
  });

  it('section 3.14: a matching ETag answers 304, a stale one 412', async () => {
    const { meta } = await read();
    const same = await client.send('GET', `/Users/${bjensen}`, undefined, { 'if-none-match': meta.version });
    expect(same.status).to.equal(304);
    const stale = await client.send(
      'PATCH',
      `/Users/${bjensen}`,
      patch({ op: 'replace', path: 'title', value: 'x' }),
      {
        'if-match': 'W/"0"',
      },
    );
    expect(stale.status).to.equal(412);
  });
});

describe('a directory with dialect strict', () => {
  let client: Provider;
  let id: string;
  before(async () => {
    client = await startProvider('strict', headers);
    id = (
      await client.expect(201, 'POST', '/Users', {
        schemas: [schemas.user],
        userName: 'strict',
        active: true,
      })
    )['id'];
  });
  after(() => client.stop());

  for (const [what, operation, scimType] of [
    ['a boolean as text', { op: 'replace', path: 'active', value: 'False' }, 'invalidValue'],
    ['a capital op', { op: 'Replace', path: 'active', value: false }, 'invalidSyntax'],
    [
      'a bare text for a manager',
      { op: 'add', path: `${schemas.enterprise}:manager`, value: 'x' },
      'invalidValue',
    ],
  ] as const) {
    it(`refuses ${what}, which others tolerate, and changes nothing`, async () => {
      const before = await client.expect(200, 'GET', `/Users/${id}`);
      const error = await client.expect(400, 'PATCH', `/Users/${id}`, patch(operation));
      expect(error['scimType']).to.equal(scimType);
      expect(await client.expect(200, 'GET', `/Users/${id}`)).to.deep.equal(before);
    });
  }

  it('refuses members removed by a value and keeps them', async () => {
    const group = { schemas: [schemas.group], displayName: 'Strict', members: [{ value: id }] };
    const { id: groupId } = await client.expect(201, 'POST', '/Groups', group);
    await client.expect(
      400,
      'PATCH',
      `/Groups/${groupId}`,
      patch({ op: 'remove', path: 'members', value: [{ value: id }] }),
    );
    expect(await memberIds(client, groupId)).to.deep.equal([id]);
  });
});
