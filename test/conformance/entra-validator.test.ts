import { expect } from 'chai';
import { memberIds, patch, schemas, startProvider, type Json, type Provider } from '../support/provider.js';

const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json; charset=utf-8' };

/** The attributes the validator fills by default, with values as random as its own. */
const full = {
  schemas: [schemas.user, schemas.enterprise],
  userName: 'katrine@bauch.example',
  active: true,
  displayName: 'QZXVBNNHBBKX',
  title: 'TMOOHPHXVEWC',
  preferredLanguage: 'ko-KR',
  name: {
    givenName: 'Jarrett',
    familyName: 'Cathrine',
    formatted: 'Katelyn',
    middleName: 'Rosalia',
    honorificPrefix: 'Nash',
    honorificSuffix: 'Otis',
  },
  nickName: 'MUQBNVLWNIYA',
  userType: 'EOYTJHRYYLVQ',
  locale: 'CXIWOVLHDOKN',
  timezone: 'Africa/Kinshasa',
  emails: [{ type: 'work', value: 'ayden_murphy@white.example', primary: true }],
  phoneNumbers: [
    { type: 'work', value: '65-290-4103', primary: true },
    { type: 'mobile', value: '65-290-4103' },
    { type: 'fax', value: '65-290-4103' },
  ],
  addresses: [
    {
      type: 'work',
      formatted: 'NBMWKQCYTVWI',
      streetAddress: '40147 Daniel Fort',
      locality: 'BTHOQFNOFFIS',
      region: 'FXLBNAEHBSCX',
      postalCode: 'hp2 5kj',
      primary: true,
      country: 'Norway',
    },
  ],
  [schemas.enterprise]: {
    employeeNumber: 'GFRTUOPIZOEM',
    department: 'GDJTDNADXYSD',
    costCenter: 'HRLKGVKXNKXH',
    organization: 'NYQDUHYWFDLA',
    division: 'ADBQRPZNNLLP',
  },
};

/** Every user of the validator has an address of its own, made up like all the rest. */
function validatorUser(userName: string, more: object): object {
  const emails = [{ type: 'work', value: `mail.${userName}`, primary: true }];
  return { ...more, ...('emails' in more && { emails }), userName };
}

describe("the Entra validator's user tests", () => {
  let entra: Provider;
  before(async () => {
    entra = await startProvider('auto', headers);
  });
  after(() => entra.stop());

  const create = async (userName: string, more: object = full): Promise<string> =>
    (await entra.expect(201, 'POST', '/Users', validatorUser(userName, more)))['id'];
  const read = (id: string): Promise<Json> => entra.expect(200, 'GET', `/Users/${id}`);
  const change = async (id: string, ...operations: object[]): Promise<Json> => {
    const reply = await entra.send('PATCH', `/Users/${id}`, patch(...operations));
    expect(reply.status, JSON.stringify(reply.body)).to.be.oneOf([200, 204]);
    return read(id);
  };

  it('Create a new User: every attribute comes back as it was sent', async () => {
    const user = await entra.expect(201, 'POST', '/Users', full);
    const { schemas: urns, ...attributes } = full;
    expect(user).to.deep.include(attributes);
    expect(user['schemas']).to.include.members(urns);
    expect(await read(user['id'])).to.deep.equal(user);
  });

  it('Create a duplicate User: 409', async () => {
    await create('duplicate@bauch.example');
    await entra.expect(409, 'POST', '/Users', validatorUser('duplicate@bauch.example', full));
  });

  it('Filter for an existing User, also in another case; for one that does not exist', async () => {
    const id = await create('Filter.Me@bauch.example');
    for (const name of ['Filter.Me@bauch.example', 'FILTER.ME@BAUCH.EXAMPLE']) {
      const list = await entra.expect(
        200,
        'GET',
        `/Users?filter=userName+eq+%22${encodeURIComponent(name)}%22`,
      );
      expect(list['Resources'].map((user: { id: string }) => user.id)).to.deep.equal([id]);
    }
    const none = await entra.expect(200, 'GET', '/Users?filter=userName+eq+%22BMUSLIMJBAQS%22');
    expect(none['totalResults']).to.equal(0);
  });

  it('Patch User, Replace Attributes: filtered paths and one path-less object together', async () => {
    const id = await create('replace@bauch.example');
    const user = await change(
      id,
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'cora@kreiger.example' },
      { op: 'replace', path: 'emails[type eq "work"].primary', value: true },
      { op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '3-391-1155' },
      { op: 'replace', path: 'phoneNumbers[type eq "fax"].value', value: '3-391-1155' },
      { op: 'replace', path: 'addresses[type eq "work"].formatted', value: 'AHZXDMHAPUTW' },
      { op: 'replace', path: 'addresses[type eq "work"].country', value: 'Palau' },
      {
        op: 'replace',
        value: {
          displayName: 'RYRKUYTNOHRR',
          title: 'DHEOVDXQEYIG',
          timezone: 'Asia/Choibalsan',
          'name.givenName': 'Kyra',
          'name.honorificSuffix': 'Wallace',
          [`${schemas.enterprise}:department`]: 'PHSQBRAHSJPZ',
        },
      },
    );
    expect(user['emails']).to.deep.equal([{ type: 'work', value: 'cora@kreiger.example', primary: true }]);
    expect(user['phoneNumbers'].map((phone: { value: string }) => phone.value)).to.deep.equal([
      '3-391-1155',
      '65-290-4103',
      '3-391-1155',
    ]);
    expect(user['addresses'][0]).to.deep.include({
      formatted: 'AHZXDMHAPUTW',
      country: 'Palau',
      postalCode: 'hp2 5kj',
    });
    expect(user).to.deep.include({ displayName: 'RYRKUYTNOHRR', timezone: 'Asia/Choibalsan' });
    expect(user['name']).to.deep.include({
      givenName: 'Kyra',
      familyName: 'Cathrine',
      honorificSuffix: 'Wallace',
    });
    expect(user[schemas.enterprise]).to.deep.include({
      department: 'PHSQBRAHSJPZ',
      division: 'ADBQRPZNNLLP',
    });
  });

  it('Patch User, Add Attributes: to a user created without them', async () => {
    const id = await create('add@bauch.example', { schemas: [schemas.user] });
    const user = await change(
      id,
      { op: 'add', path: 'emails[type eq "work"].value', value: 'added@bauch.example' },
      { op: 'add', path: 'emails[type eq "work"].primary', value: true },
      { op: 'add', path: 'phoneNumbers[type eq "mobile"].value', value: '48-883-8371' },
      { op: 'add', path: 'addresses[type eq "work"].postalCode', value: 'mf4 3jq' },
      { op: 'add', path: 'addresses[type eq "work"].primary', value: true },
      {
        op: 'add',
        value: {
          displayName: 'JXWAQPNDBNOR',
          active: true,
          'name.formatted': 'Vita',
          'name.familyName': 'Una',
          [`${schemas.enterprise}:organization`]: 'LUJAOYUTGRKL',
        },
      },
    );
    expect(user['emails']).to.deep.equal([{ type: 'work', value: 'added@bauch.example', primary: true }]);
    expect(user['phoneNumbers']).to.deep.equal([{ type: 'mobile', value: '48-883-8371' }]);
    expect(user['addresses']).to.deep.equal([{ type: 'work', postalCode: 'mf4 3jq', primary: true }]);
    expect(user['name']).to.deep.equal({ formatted: 'Vita', familyName: 'Una' });
    expect(user[schemas.enterprise]).to.deep.equal({ organization: 'LUJAOYUTGRKL' });
  });

  it('Patch User, Remove Attributes: each path, elements vanish with their last part', async () => {
    const id = await create('remove@bauch.example');
    const user = await change(
      id,
      { op: 'remove', path: 'emails[type eq "work"].value' },
      { op: 'remove', path: 'emails[type eq "work"].primary' },
      { op: 'remove', path: 'phoneNumbers[type eq "work"]' },
      { op: 'remove', path: 'displayName' },
      { op: 'remove', path: 'name.givenName' },
      { op: 'remove', path: `${schemas.enterprise}:division` },
    );
    expect(user).not.to.have.property('displayName');
    expect(user['name']).not.to.have.property('givenName');
    expect(user['phoneNumbers'].map((phone: { type: string }) => phone.type)).to.deep.equal([
      'mobile',
      'fax',
    ]);
    expect(JSON.stringify(user['emails'] ?? [])).not.to.contain('mail.remove');
    expect(user[schemas.enterprise]).not.to.have.property('division');
  });

  it('Update userName: the joining property changes and is found under its new value', async () => {
    const id = await create('joining@bauch.example');
    expect(
      (await change(id, { op: 'replace', path: 'userName', value: 'joined@bauch.example' }))['userName'],
    ).to.equal('joined@bauch.example');
    const list = await entra.expect(200, 'GET', '/Users?filter=userName eq "joined@bauch.example"');
    expect(list['totalResults']).to.equal(1);
  });

  it('Disable User: a later GET shows it', async () => {
    const id = await create('disable@bauch.example');
    expect((await change(id, { op: 'replace', path: 'active', value: false }))['active']).to.equal(false);
  });

  it('Delete a User, the same again, and one that never was', async () => {
    const id = await create('gone@bauch.example');
    await entra.expect(204, 'DELETE', `/Users/${id}`);
    await entra.expect(404, 'DELETE', `/Users/${id}`);
    await entra.expect(404, 'DELETE', '/Users/5171a35d82074e068ce2');
  });
});

describe("the Entra validator's group tests", () => {
  let entra: Provider;
  let userId: string;
  before(async () => {
    entra = await startProvider('auto', headers);
    userId = (await entra.expect(201, 'POST', '/Users', full))['id'];
  });
  after(() => entra.stop());

  it('creates, refuses the duplicate, finds in any case, renames and deletes', async () => {
    const group = { schemas: [schemas.group], displayName: 'NKQKFVYYOBXZ', externalId: 'dd8a6b1e' };
    const { id } = await entra.expect(201, 'POST', '/Groups', group);
    expect(await entra.expect(409, 'POST', '/Groups', group)).to.deep.include({ scimType: 'uniqueness' });
    const list = await entra.expect(200, 'GET', '/Groups?filter=displayName eq "nkqkfvyyobxz"');
    expect(list['Resources'][0].id).to.equal(id);
    const body = patch({ op: 'replace', value: { displayName: 'VSOJDUHQYNLB' } });
    expect((await entra.send('PATCH', `/Groups/${id}`, body)).status).to.be.oneOf([200, 204]);
    expect((await entra.expect(200, 'GET', `/Groups/${id}`))['displayName']).to.equal('VSOJDUHQYNLB');
    await entra.expect(204, 'DELETE', `/Groups/${id}`);
    await entra.expect(404, 'DELETE', `/Groups/${id}`);
  });

  it('adds and removes a member, also as a bare text and under a display name', async () => {
    const { id } = await entra.expect(201, 'POST', '/Groups', {
      schemas: [schemas.group],
      displayName: 'Members',
    });
    const change = async (operation: object): Promise<string[]> => {
      const reply = await entra.send('PATCH', `/Groups/${id}`, patch(operation));
      expect(reply.status, JSON.stringify(reply.body)).to.be.oneOf([200, 204]);
      return memberIds(entra, id);
    };
    expect(
      await change({ op: 'add', path: 'members', value: [{ value: userId, displayName: 'x' }] }),
    ).to.deep.equal([userId]);
    expect(await change({ op: 'remove', path: `members[value eq "${userId}"]` })).to.deep.equal([]);
    expect(await change({ op: 'add', value: { members: [{ value: userId }] } })).to.deep.equal([userId]);
  });
});
