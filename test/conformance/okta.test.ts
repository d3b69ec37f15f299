import { expect } from 'chai';
import { memberIds, patch, ruleRoles, schemas, startProvider, type Provider } from '../support/provider.js';

const headers = {
  'user-agent': 'Okta SCIM Client 1.0.0',
  accept: 'application/scim+json',
  'content-type': 'application/scim+json; charset=utf-8',
};

/** A user as Okta creates it: read-only groups and a password travel along. */
function oktaUser(userName: string, more: object = {}): object {
  return {
    schemas: [schemas.user],
    userName,
    name: { givenName: 'Test', familyName: 'User' },
    emails: [{ primary: true, value: userName, type: 'work' }],
    displayName: 'Test User',
    locale: 'en-US',
    externalId: `00u-${userName}`,
    groups: [],
    password: '1mz050nq',
    active: true,
    ...more,
  };
}

describe("Okta's SCIM 2.0 SPEC suite, its twelve requests", () => {
  let okta: Provider;
  let id: string;
  const given = { name: { givenName: 'Random', familyName: 'Person' } };
  const userName = 'random.username@okta.example';
  const spec = {
    schemas: [schemas.user],
    userName,
    ...given,
    emails: [{ primary: true, value: 'random.email@okta.example', type: 'work' }],
    displayName: 'Random Person',
    active: true,
  };

  before(async () => {
    okta = await startProvider('auto', headers);
    await okta.expect(201, 'POST', '/Users', oktaUser('first.user@okta.example'));
  });
  after(() => okta.stop());

  it('R1 lists one user with everything the suite wants of it', async () => {
    const list = await okta.expect(200, 'GET', '/Users?count=1&startIndex=1');
    expect(list['schemas']).to.include(schemas.list);
    expect(list).to.deep.include({ itemsPerPage: 1, startIndex: 1, totalResults: 1 });
    const [user] = list['Resources'];
    expect(user.id).to.be.a('string').that.is.not.empty;
    expect(user.name).to.deep.include({ familyName: 'User', givenName: 'Test' });
    expect(user.userName).to.equal('first.user@okta.example');
    expect(user.active).to.equal(true);
    expect(user.emails[0].value).to.equal('first.user@okta.example');
  });

  it('R2 reads that user by its id', async () => {
    const list = await okta.expect(200, 'GET', '/Users?count=1&startIndex=1');
    const user = await okta.expect(200, 'GET', `/Users/${list['Resources'][0].id}`);
    expect(user).to.deep.equal(list['Resources'][0]);
  });

  it('R3 answers an empty list for a userName that no user has, with raw blanks and quotes in the address', async () => {
    const list = await okta.expect(200, 'GET', '/Users?filter=userName eq "invalid@okta.example"');
    expect(list['schemas']).to.include(schemas.list);
    expect(list['totalResults']).to.equal(0);
  });

  it('R4 answers 404 with detail for a user that does not exist', async () => {
    const error = await okta.expect(404, 'GET', '/Users/010101001010101011001010101011');
    expect(error['detail']).to.be.a('string').that.is.not.empty;
    expect(error['schemas']).to.include(schemas.error);
  });

  it('R5 does not know the random address yet', async () => {
    const list = await okta.expect(200, 'GET', '/Users?filter=userName eq "random.email@okta.example"');
    expect(list['totalResults']).to.equal(0);
  });

  it('R6 creates a user from application/json and answers 201 with all of it', async () => {
    const reply = await okta.send('POST', '/Users', spec, {
      'content-type': 'application/json',
      accept: 'application/scim+json; charset=utf-8',
    });
    expect(reply.status).to.equal(201);
    expect(reply.body).to.deep.include({ active: true, userName });
    expect(reply.body['name']).to.deep.include(given.name);
    expect(reply.body['schemas']).to.include(schemas.user);
    expect(reply.headers['content-type']).to.match(/^application\/scim\+json/);
    expect(reply.headers['location']).to.equal(reply.body['meta'].location);
    id = reply.body['id'];
  });

  it('R7 reads the new user back', async () => {
    const user = await okta.expect(200, 'GET', `/Users/${id}`);
    expect(user['userName']).to.equal(userName);
    expect(user['name']).to.deep.include(given.name);
  });

  it('R8 refuses the same user again with 409', async () => {
    const error = await okta.expect(409, 'POST', '/Users', spec);
    expect(error).to.deep.include({ status: '409', scimType: 'uniqueness' });
  });

  it('R9 finds the user by its userName in capitals', async () => {
    const list = await okta.expect(200, 'GET', `/Users?filter=userName eq "${userName.toUpperCase()}"`);
    expect(list['totalResults']).to.equal(1);
    expect(list['Resources'][0].id).to.equal(id);
  });

  it('R10 lists groups', async () => {
    await okta.expect(201, 'POST', '/Groups', { schemas: [schemas.group], displayName: 'Any', members: [] });
    const list = await okta.expect(200, 'GET', '/Groups');
    expect(list['Resources']).to.be.an('array').that.is.not.empty;
  });

  it('R11 answers 401 with detail to something that is not a token', async () => {
    const reply = await okta.send('GET', '/Users?filter=userName eq "x"', undefined, {
      authorization: 'non-token',
    });
    expect(reply.status).to.equal(401);
    expect(reply.body).to.deep.include({ status: '401', schemas: [schemas.error] });
    expect(reply.body['detail']).to.be.a('string').that.is.not.empty;
    expect(reply.headers['www-authenticate']).to.match(/^Bearer/);
  });

  it('R12 answers 404 to an id of another shape', async () => {
    const error = await okta.expect(404, 'GET', '/Users/00919288221112222');
    expect(error).to.deep.include({ status: '404', schemas: [schemas.error] });
    expect(error['detail']).to.be.a('string').that.is.not.empty;
  });
});

for (const dialect of ['auto', 'okta']) {
  describe(`Okta's provisioning against a directory with dialect ${dialect}`, () => {
    let okta: Provider;
    before(async () => {
      const rule = { when: { path: 'groups.displayName', is: 'Engineering' }, grant: ['crm:agent'] };
      okta = await startProvider(dialect, headers, [rule]);
    });
    after(() => okta.stop());

    it('ignores the read-only groups of a creation and never answers the password', async () => {
      const user = await okta.expect(201, 'POST', '/Users', oktaUser('create@okta.example'));
      expect(user).not.to.have.property('password');
      expect(user['externalId']).to.equal('00u-create@okta.example');
      expect(user['groups'] ?? []).to.deep.equal([]);
    });

    it('updates a profile by GET and PUT of the merged whole, id, meta and groups included', async () => {
      const { id } = await okta.expect(201, 'POST', '/Users', oktaUser('put@okta.example'));
      const read = await okta.expect(200, 'GET', `/Users/${id}`);
      const put = await okta.expect(200, 'PUT', `/Users/${id}`, {
        ...read,
        name: { givenName: 'Another', familyName: 'User' },
        groups: [],
      });
      expect(put['name'].givenName).to.equal('Another');
      expect(put['id']).to.equal(id);
      expect(put['meta'].created).to.equal(read['meta'].created);
      expect(put['meta'].version).not.to.equal(read['meta'].version);
    });

    it('deactivates by a PATCH without a path, keeps the user listed, and reactivates the same way', async () => {
      const { id } = await okta.expect(201, 'POST', '/Users', oktaUser('patch@okta.example'));
      for (const active of [false, true]) {
        const reply = await okta.send('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active } }));
        expect(reply.status).to.be.oneOf([200, 204]);
        const list = await okta.expect(
          200,
          'GET',
          '/Users?filter=userName eq "patch@okta.example"&startIndex=1&count=100',
        );
        expect(list['Resources'][0]).to.deep.include({ id, active });
      }
    });

    it('deactivates by PUT with active false (wizard applications)', async () => {
      const { id } = await okta.expect(201, 'POST', '/Users', oktaUser('aiw@okta.example'));
      const read = await okta.expect(200, 'GET', `/Users/${id}`);
      expect((await okta.expect(200, 'PUT', `/Users/${id}`, { ...read, active: false }))['active']).to.equal(
        false,
      );
    });

    it('changes a profile by a PATCH without a path, extension and all (wizard applications)', async () => {
      const { id } = await okta.expect(201, 'POST', '/Users', oktaUser('wizard@okta.example'));
      const value = {
        name: { givenName: 'New' },
        title: 'Engineer',
        emails: [{ primary: true, value: 'wizard@okta.example', type: 'work' }],
        [schemas.enterprise]: { department: 'R&D', manager: { value: 'boss' } },
      };
      await okta.expect(200, 'PATCH', `/Users/${id}`, patch({ op: 'replace', value }));
      const user = await okta.expect(200, 'GET', `/Users/${id}`);
      expect(user['name']).to.deep.equal({ givenName: 'New', familyName: 'User' });
      expect(user['title']).to.equal('Engineer');
      expect(user[schemas.enterprise]).to.deep.equal({ department: 'R&D', manager: { value: 'boss' } });
    });

    it('neither suspends nor revives by a PUT that says nothing of active, and revives by one that does', async () => {
      const { id } = await okta.expect(201, 'POST', '/Users', oktaUser('silent@okta.example'));
      const { active: _active, ...silent } = oktaUser('silent@okta.example') as Record<string, unknown>;
      expect((await okta.expect(200, 'PUT', `/Users/${id}`, silent))['active']).to.equal(true);
      await okta.expect(200, 'PUT', `/Users/${id}`, { ...silent, active: false });
      expect((await okta.expect(200, 'PUT', `/Users/${id}`, silent))['active']).to.equal(false);
      expect((await okta.expect(200, 'PUT', `/Users/${id}`, { ...silent, active: true }))['active']).to.equal(
        true,
      );
    });

    it('answers 409 with what Okta shows its administrator when the person is there already', async () => {
      await okta.expect(201, 'POST', '/Users', oktaUser('twice@okta.example'));
      const error = await okta.expect(409, 'POST', '/Users', oktaUser('Twice@okta.example'));
      expect(error).to.deep.include({ schemas: [schemas.error], status: '409', scimType: 'uniqueness' });
      expect(error['detail']).to.contain('taken');
    });

    it('pages an import by startIndex and count with integer figures and no user twice', async () => {
      for (const name of ['a', 'b', 'c', 'd']) {
        await okta.expect(201, 'POST', '/Users', oktaUser(`imported-${name}@okta.example`));
      }
      const first = await okta.expect(200, 'GET', '/Users?startIndex=1&count=2');
      const second = await okta.expect(200, 'GET', '/Users?startIndex=3&count=2');
      expect([first['itemsPerPage'], first['startIndex'], second['startIndex']]).to.deep.equal([2, 1, 3]);
      const ids = [...first['Resources'], ...second['Resources']].map((user: { id: string }) => user.id);
      expect(new Set(ids).size).to.equal(4);
      const test = await okta.expect(200, 'GET', '/Users?startIndex=1&count=2');
      expect(test).to.deep.include({ itemsPerPage: 2, startIndex: 1, schemas: [schemas.list] });
    });

    it('renames a group with its id inside the value', async () => {
      const { id } = await okta.expect(201, 'POST', '/Groups', {
        schemas: [schemas.group],
        displayName: 'Before',
        members: [],
      });
      const rename = (value: object): Promise<{ status: number }> =>
        okta.send('PATCH', `/Groups/${id}`, patch({ op: 'replace', value }));
      expect((await rename({ id, displayName: 'After' })).status).to.be.oneOf([200, 204]);
      expect((await okta.expect(200, 'GET', `/Groups/${id}`))['displayName']).to.equal('After');
      expect((await rename({ id: 'another', displayName: 'Never' })).status).to.equal(400);
      expect((await okta.expect(200, 'GET', `/Groups/${id}`))['displayName']).to.equal('After');
    });

    it('pushes members by remove-and-add in one PATCH, and roles follow the group', async () => {
      const [one, two] = [
        await okta.expect(201, 'POST', '/Users', oktaUser('one@okta.example')),
        await okta.expect(201, 'POST', '/Users', oktaUser('two@okta.example')),
      ];
      const { id } = await okta.expect(201, 'POST', '/Groups', {
        schemas: [schemas.group],
        displayName: 'Engineering',
        members: [{ value: one['id'], display: 'one@okta.example' }],
      });
      expect(await ruleRoles(okta, one['id'])).to.deep.equal(['crm:agent']);
      const reply = await okta.send(
        'PATCH',
        `/Groups/${id}`,
        patch(
          { op: 'remove', path: `members[value eq "${one['id']}"]` },
          { op: 'add', path: 'members', value: [{ value: two['id'], display: 'two@okta.example' }] },
        ),
      );
      expect(reply.status).to.be.oneOf([200, 204]);
      expect(await memberIds(okta, id)).to.deep.equal([two['id']]);
      expect(await ruleRoles(okta, one['id'])).to.deep.equal([]);
      expect(await ruleRoles(okta, two['id'])).to.deep.equal(['crm:agent']);
    });

    it('empties and refills a group by replacing all members, also by PUT', async () => {
      const user = await okta.expect(201, 'POST', '/Users', oktaUser('full@okta.example'));
      const members = [{ value: user['id'], display: 'full@okta.example' }];
      const group = { schemas: [schemas.group], displayName: 'Full push', members };
      const { id } = await okta.expect(201, 'POST', '/Groups', group);
      await okta.send('PATCH', `/Groups/${id}`, patch({ op: 'replace', path: 'members', value: [] }));
      expect(await memberIds(okta, id)).to.deep.equal([]);
      await okta.send('PATCH', `/Groups/${id}`, patch({ op: 'replace', path: 'members', value: members }));
      expect(await memberIds(okta, id)).to.deep.equal([user['id']]);
      await okta.expect(200, 'PUT', `/Groups/${id}`, { ...group, id, members: [] });
      expect(await memberIds(okta, id)).to.deep.equal([]);
    });

    it('unlinks a group with DELETE: its members lose it and its roles', async () => {
      const user = await okta.expect(201, 'POST', '/Users', oktaUser('unlink@okta.example'));
      const list = await okta.expect(
        200,
        'GET',
        '/Groups?filter=displayName eq "Engineering"&startIndex=1&count=100',
      );
      const group = { schemas: [schemas.group], displayName: 'Engineering', members: [] };
      const { id } = list['Resources'][0] ?? (await okta.expect(201, 'POST', '/Groups', group));
      await okta.send(
        'PATCH',
        `/Groups/${id}`,
        patch({ op: 'add', path: 'members', value: [{ value: user['id'] }] }),
      );
      expect(await ruleRoles(okta, user['id'])).to.deep.equal(['crm:agent']);
      await okta.expect(204, 'DELETE', `/Groups/${id}`);
      await okta.expect(404, 'GET', `/Groups/${id}`);
      expect(await ruleRoles(okta, user['id'])).to.deep.equal([]);
      expect((await okta.expect(200, 'GET', `/Users/${user['id']}`))['groups'] ?? []).to.deep.equal([]);
    });
  });
}

describe("Okta's roles by profile attributes and entitlements", () => {
  let okta: Provider;
  before(async () => {
    okta = await startProvider('okta', headers, [
      { when: { path: 'roles.value', is: 'sales-manager' }, grant: ['crm:manager'] },
      { when: { path: 'userType', is: 'agent' }, grant: ['crm:agent'] },
      { when: { path: `${schemas.enterprise}:costCenter`, in: ['4711', '4712'] }, grant: ['crm:agent'] },
      { when: { path: 'entitlements.value', is: 'crm-manager' }, grant: ['crm:manager'] },
    ]);
  });
  after(() => okta.stop());

  const cases: [what: string, more: object, roles: string[]][] = [
    ['roles as objects', { roles: [{ value: 'sales-manager', type: 'r', primary: true }] }, ['crm:manager']],
    ['roles as texts', { roles: ['Sales-Manager'] }, ['crm:manager']],
    ['a role named twice', { roles: ['sales-manager', { value: 'SALES-MANAGER' }] }, ['crm:manager']],
    ['userType', { userType: 'Agent' }, ['crm:agent']],
    [
      'an enterprise attribute',
      { schemas: [schemas.user, schemas.enterprise], [schemas.enterprise]: { costCenter: '4712' } },
      ['crm:agent'],
    ],
    ['entitlements', { entitlements: [{ value: 'crm-manager', type: 'license' }] }, ['crm:manager']],
    ['several at once', { userType: 'agent', roles: ['sales-manager'] }, ['crm:agent', 'crm:manager']],
    ['a value no rule knows', { roles: [{ value: 'administrator' }] }, []],
  ];
  for (const [number, [what, more, roles]] of cases.entries()) {
    it(`grants ${JSON.stringify(roles)} for ${what}`, async () => {
      const user = await okta.expect(201, 'POST', '/Users', oktaUser(`role${number}@okta.example`, more));
      expect(await ruleRoles(okta, user['id'])).to.deep.equal(roles);
    });
  }

  it('takes the roles away with the value, by PUT and by PATCH', async () => {
    const given = oktaUser('away@okta.example', { roles: ['sales-manager'], userType: 'agent' });
    const { id } = await okta.expect(201, 'POST', '/Users', given);
    await okta.expect(200, 'PATCH', `/Users/${id}`, patch({ op: 'replace', value: { roles: [] } }));
    expect(await ruleRoles(okta, id)).to.deep.equal(['crm:agent']);
    await okta.expect(200, 'PUT', `/Users/${id}`, oktaUser('away@okta.example'));
    expect(await ruleRoles(okta, id)).to.deep.equal([]);
  });

  it('finds every endpoint that the resource types name (Identity Governance reads them first)', async () => {
    const types = await okta.expect(200, 'GET', '/ResourceTypes');
    for (const { endpoint } of types['Resources']) await okta.expect(200, 'GET', endpoint);
  });
});
