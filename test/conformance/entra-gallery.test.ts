/**
 * The 25 tests that an application has to pass for Microsoft's gallery, by their numbers and names
 * (github.com/AzureAD/SCIMReferenceCode, Microsoft.SCIM.LogicAppValidationTemplate/StandardLogicApp/SCIM-Validation-Test-Overview.md).
 * Tests 1 to 14 are run there by Entra itself; here its requests are sent.
 */
import { expect } from 'chai';
import { fetchAccessToken } from '../../src/sim/access-token.js';
import { sendScim } from '../../src/sim/scim-client.js';
import { memberIds, patch, schemas, startProvider, type Json, type Provider } from '../support/provider.js';
import { givenSigner, startKeyServer } from '../support/scim-oauth.js';

const headers = { accept: 'application/scim+json', 'content-type': 'application/scim+json; charset=utf-8' };
const manager = `${schemas.enterprise}:manager`;

describe('the 25 tests of Microsoft’s gallery, by their numbers', () => {
  let entra: Provider;
  let directory: string;
  before(async () => {
    entra = await startProvider('entra', headers, [], { allowPrivateIssuers: true });
    const { items } = await entra.api('GET', '/directories');
    directory = items[0].id;
  });
  after(() => entra.stop());

  const create = (userName: string, more: Json = {}): Promise<Json> =>
    entra.expect(201, 'POST', '/Users', { schemas: [schemas.user], userName, active: true, ...more });
  const found = async (endpoint: string, path: string, value: string): Promise<Json[]> => {
    const filter = encodeURIComponent(`${path} eq "${value}"`);
    return (await entra.expect(200, 'GET', `/${endpoint}?filter=${filter}`))['Resources'];
  };
  async function change(path: string, ...operations: object[]): Promise<Json> {
    const reply = await entra.send('PATCH', path, patch(...operations));
    expect(reply.status, JSON.stringify(reply.body)).to.be.oneOf([200, 204]);
    return entra.expect(200, 'GET', path);
  }

  it('1 Create_User_Test: is not there before, is found by its name afterwards', async () => {
    const userName = 'create@bauch.example';
    expect(await found('Users', 'userName', userName)).to.deep.equal([]);
    const { id } = await create(userName, { externalId: 'create' });
    expect((await found('Users', 'userName', userName)).map((user) => user['id'])).to.deep.equal([id]);
  });

  it('2 Update_User_Test: mapped attributes have their new values', async () => {
    const { id } = await create('update@bauch.example', { title: 'Engineer' });
    const user = await change(
      `/Users/${id}`,
      { op: 'Replace', path: 'title', value: 'Chief' },
      { op: 'Add', path: `${schemas.enterprise}:department`, value: 'Sales' },
    );
    expect(user).to.deep.include({ title: 'Chief', [schemas.enterprise]: { department: 'Sales' } });
  });

  it('3 Disable_User_Test: active is false', async () => {
    const { id } = await create('disable@bauch.example');
    const user = await change(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' });
    expect(user).to.include({ active: false });
  });

  it('4 Delete_User_Test: is not found any more', async () => {
    const { id } = await create('delete@bauch.example');
    await entra.expect(204, 'DELETE', `/Users/${id}`);
    await entra.expect(404, 'GET', `/Users/${id}`);
    expect(await found('Users', 'userName', 'delete@bauch.example')).to.deep.equal([]);
  });

  it('5 User_Update_Manager_Test: set, changed, and found by it; taken away', async () => {
    const bosses = [await create('boss-1@bauch.example'), await create('boss-2@bauch.example')];
    const { id } = await create('report@bauch.example');
    for (const boss of bosses) {
      await change(`/Users/${id}`, { op: 'Add', path: manager, value: boss['id'] });
      const filter = encodeURIComponent(`id eq "${id}" and manager eq "${boss['id']}"`);
      expect((await entra.expect(200, 'GET', `/Users?filter=${filter}`))['totalResults']).to.equal(1);
    }
    const user = await change(`/Users/${id}`, { op: 'Remove', path: manager });
    expect(user[schemas.enterprise]?.manager).to.equal(undefined);
  });

  it('6 Restore_User_Test: provisioned, taken out, and provisioned again', async () => {
    const { id } = await create('restore@bauch.example');
    await change(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'False' });
    expect(await change(`/Users/${id}`, { op: 'Replace', path: 'active', value: 'True' })).to.include({
      active: true,
    });
    await entra.expect(204, 'DELETE', `/Users/${id}`);
    expect(await found('Users', 'userName', 'restore@bauch.example')).to.deep.equal([]);
    await create('restore@bauch.example');
    expect(await found('Users', 'userName', 'restore@bauch.example')).to.have.length(1);
  });

  it('7 POD_User_Test: at once, with all that Entra asks before', async () => {
    expect(await found('Users', 'externalId', 'pod')).to.deep.equal([]);
    const emails = [{ type: 'work', value: 'pod@bauch.example', primary: true }];
    const { id } = await create('pod@bauch.example', { externalId: 'pod', emails });
    for (const [path, value] of [
      ['externalId', 'pod'],
      ['userName', 'pod@bauch.example'],
      ['emails[type eq "work"].value', 'pod@bauch.example'],
    ] as const) {
      expect(
        (await found('Users', path, value)).map((user) => user['id']),
        path,
      ).to.deep.equal([id]);
    }
  });

  const createGroup = async (displayName: string): Promise<string> => {
    const group = { schemas: [schemas.group], displayName, externalId: displayName };
    return (await entra.expect(201, 'POST', '/Groups', group))['id'];
  };

  it('8 Create_Group_Test: is found by its name', async () => {
    const id = await createGroup('Gallery create');
    expect(
      (await found('Groups', 'displayName', 'Gallery create')).map((group) => group['id']),
    ).to.deep.equal([id]);
  });

  it('9 Update_Group_Test: is found by its new name', async () => {
    const id = await createGroup('Gallery update');
    await change(`/Groups/${id}`, { op: 'Replace', path: 'displayName', value: 'Gallery updated' });
    expect(await found('Groups', 'displayName', 'Gallery updated')).to.have.length(1);
    expect(await found('Groups', 'displayName', 'Gallery update')).to.have.length(0);
  });

  it('10 Delete_Group_Test: is not found any more', async () => {
    await entra.expect(204, 'DELETE', `/Groups/${await createGroup('Gallery delete')}`);
    expect(await found('Groups', 'displayName', 'Gallery delete')).to.deep.equal([]);
  });

  it('11 Group_Update_Add_Member_Test and 12 Group_Update_Remove_Member_Test', async () => {
    const { id: userId } = await create('member@bauch.example');
    const id = await createGroup('Gallery members');
    const value = [{ value: userId }];
    await change(`/Groups/${id}`, { op: 'Add', path: 'members', value });
    expect(await memberIds(entra, id)).to.deep.equal([userId]);
    await change(`/Groups/${id}`, { op: 'Remove', path: 'members', value });
    expect(await memberIds(entra, id)).to.deep.equal([]);
  });

  it('13 POD_Group_Test: at once, with its members, the list of groups without them', async () => {
    const { id: userId } = await create('pod-member@bauch.example');
    const id = await createGroup('Gallery on demand');
    await change(`/Groups/${id}`, { op: 'Add', path: 'members', value: [{ value: userId }] });
    const filter = encodeURIComponent('displayName eq "Gallery on demand"');
    const list = await entra.expect(200, 'GET', `/Groups?excludedAttributes=members&filter=${filter}`);
    expect(list['Resources'][0]).to.include({ id }).and.not.to.have.property('members');
    expect(await memberIds(entra, id)).to.deep.equal([userId]);
  });

  it('14 Restore_Group_Test: the name of a deleted group is free again', async () => {
    await entra.expect(204, 'DELETE', `/Groups/${await createGroup('Gallery restore')}`);
    await createGroup('Gallery restore');
    expect(await found('Groups', 'displayName', 'Gallery restore')).to.have.length(1);
  });

  it('15 Schema_Discoverability_Test: every attribute that Entra maps is in /Schemas, and never a null', async () => {
    const list = await entra.expect(200, 'GET', '/Schemas');
    expect(JSON.stringify(list)).not.to.include('null');
    const byId = new Map<string, Json>((list['Resources'] as Json[]).map((schema) => [schema['id'], schema]));
    const namesOf = (urn: string): string[] =>
      ((byId.get(urn)?.['attributes'] ?? []) as Json[]).flatMap(({ name, subAttributes = [] }) => [
        name,
        ...subAttributes.map((sub: Json) => `${name}.${sub['name']}`),
      ]);
    const names = ['userName', 'active', 'displayName', 'title', 'preferredLanguage', 'name.givenName'];
    expect(namesOf(schemas.user)).to.include.members([
      ...names,
      ...['name.familyName', 'emails.type', 'emails.value', 'phoneNumbers.value', 'addresses.country'],
    ]);
    expect(namesOf(schemas.enterprise)).to.include.members(['department', 'employeeNumber', 'manager.value']);
    expect(namesOf(schemas.group)).to.include.members(['displayName', 'members.value']);
  });

  for (const [what, empty] of [
    ['an empty text empties', ''],
    ['a null takes away', null],
  ] as const) {
    it(`16 SCIM_Null_Update_Test: ${what} an attribute, also a second time`, async () => {
      const department = `${schemas.enterprise}:department`;
      const { id } = await create(`null-${String(empty)}@bauch.example`, {
        title: 'Engineer',
        nickName: 'Nick',
        [schemas.enterprise]: { department: 'Sales' },
      });
      const paths = ['title', 'nickName', department];
      const operations = paths.map((path) => ({ op: 'Replace', path, value: empty }));
      for (const round of [1, 2]) {
        const user = await change(`/Users/${id}`, ...operations);
        const values = [user['title'], user['nickName'], user[schemas.enterprise]?.department];
        const wanted = empty ?? undefined;
        expect(values, `round ${round}`).to.deep.equal([wanted, wanted, wanted]);
      }
    });
  }

  it('17 SCIM_User_Create_Test: 201 with an id, and the userName that was sent', async () => {
    const user = await create('Direct.Create@Bauch.example');
    expect(user['id']).to.be.a('string').and.not.equal('');
    expect(user['userName']).to.equal('Direct.Create@Bauch.example');
  });

  it('18 SCIM_User_Update_Test: each single attribute in one PATCH', async () => {
    const { id } = await create('direct-update@bauch.example');
    const values = {
      title: 'a',
      displayName: 'b',
      nickName: 'c',
      userType: 'd',
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
    };
    const operations = Object.entries(values).map(([path, value]) => ({ op: 'Add', path, value }));
    const name = { op: 'Add', path: 'name.givenName', value: 'Ada' };
    const user = await change(`/Users/${id}`, ...operations, name);
    expect(user).to.include(values);
    expect(user['name'].givenName).to.equal('Ada');
  });

  it('19 SCIM_Group_Create_Test: 201 with an id, and the displayName that was sent', async () => {
    const group = { schemas: [schemas.group], displayName: 'Direct Create' };
    const made = await entra.expect(201, 'POST', '/Groups', group);
    expect(made).to.include({ displayName: 'Direct Create' }).and.to.have.property('id').that.is.a('string');
  });

  it('20 SCIM_Group_Update_Test: displayName and externalId in one PATCH', async () => {
    const values = { displayName: 'Direct Updated', externalId: 'updated' };
    const operations = Object.entries(values).map(([path, value]) => ({ op: 'Replace', path, value }));
    expect(await change(`/Groups/${await createGroup('Direct')}`, ...operations)).to.include(values);
  });

  it('21 Validate_Credentials_Test: a token by client credentials, good for an hour, opens SCIM; a bad one does not', async () => {
    const { clientId, clientSecret } = await entra.api('POST', `/directories/${directory}/clients`, {
      name: 'Entra',
    });
    const answer = await fetch(`${entra.app.url}/oidc/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: clientSecret,
      }),
    });
    expect(answer.status).to.equal(200);
    const told = (await answer.json()) as Json;
    expect(told['expires_in']).to.be.within(60 * 60, 360 * 60);
    const ask = (token: string) =>
      sendScim(
        { scimUrl: entra.scimUrl, token },
        { method: 'GET', path: '/Users?filter=userName eq "0a1b"', headers },
      );
    expect(await ask(told['access_token'])).to.deep.include({ status: 200 });
    expect((await ask('non-existent-token')).status).to.equal(401);
  });

  it('22 Federated_Identity_Test: a token of the company’s Entra is exchanged for one that opens SCIM', async () => {
    const issuer = await startKeyServer();
    try {
      const signer = await givenSigner('RS256');
      issuer.keys = [signer.jwk];
      const federation = { issuer: issuer.url, subject: 'service-principal', audience: 'api://gatehouse' };
      await entra.api('PATCH', `/directories/${directory}`, { federation });
      const exp = Math.floor(Date.now() / 1000) + 3600;
      const claims = { iss: issuer.url, sub: 'service-principal', aud: 'api://gatehouse', exp };
      const token = await fetchAccessToken(entra.app.url, {
        way: 'federation',
        assertion: await signer.sign(claims),
      });
      const request = { method: 'GET', path: '/Users?count=1', headers };
      expect((await sendScim({ scimUrl: entra.scimUrl, token }, request)).status).to.equal(200);
    } finally {
      await issuer.stop();
    }
  });

  for (const [number, name, endpoint] of [
    [23, 'SCIM_User_Pagination_Test', 'Users'],
    [24, 'SCIM_Group_Pagination_Test', 'Groups'],
  ] as const) {
    it(`${number} ${name}: pages of five, each resource once`, async () => {
      for (let index = 0; index < 11; index += 1) {
        if (endpoint === 'Users') await create(`page-${index}@bauch.example`);
        else await createGroup(`Page ${index}`);
      }
      const { totalResults } = await entra.expect(200, 'GET', `/${endpoint}?count=0`);
      const seen = new Set<string>();
      for (let startIndex = 1; startIndex <= totalResults; startIndex += 5) {
        const page = await entra.expect(200, 'GET', `/${endpoint}?startIndex=${startIndex}&count=5`);
        expect(page['startIndex']).to.equal(startIndex);
        for (const { id } of page['Resources']) seen.add(id);
      }
      expect(seen.size).to.equal(totalResults).and.to.be.above(10);
    });
  }

  it('25 SCIM_Update_Manager_Test: Add sets, Replace changes, Replace with an empty text removes', async () => {
    const [first, second] = [await create('lead-1@bauch.example'), await create('lead-2@bauch.example')];
    const { id } = await create('led@bauch.example');
    const managerAfter = async (op: string, value: string): Promise<unknown> =>
      (await change(`/Users/${id}`, { op, path: manager, value }))[schemas.enterprise]?.manager?.value;
    expect(await managerAfter('Add', first['id'])).to.equal(first['id']);
    expect(await managerAfter('Replace', second['id'])).to.equal(second['id']);
    expect(await managerAfter('Replace', '')).to.equal(undefined);
  });
});
