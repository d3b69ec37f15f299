import { expect } from 'chai';
import { knownRewrites } from '../../src/scim/protocol/rewrites/dialects.js';
import { findings, patch, schemas, startProvider, type Provider } from '../support/provider.js';

interface Sample {
  method?: 'GET' | 'POST' | 'PATCH';
  /** `{user}` and `{group}` stand for ids. */
  path?: string;
  body?: object;
}

const role = { value: '{"id":"1","value":"Admin","displayName":"Admin"}' };
const enterprise = schemas.enterprise;
const create = (more: object): Sample => ({
  method: 'POST',
  path: '/Users',
  body: { schemas: [schemas.user], userName: 'sample@acme.example', ...more },
});
const change = (...operations: object[]): Sample => ({ body: patch(...operations) });
const query = (filter: string): Sample => ({ method: 'GET', path: `/Users?filter=${filter}` });

/** One request for each deviation that shows it, if possible it alone. */
const samples: Readonly<Record<string, Sample>> = {
  'bare-operations': { body: [{ op: 'add', path: 'title', value: 'x' }] },
  'missing-schemas': { body: { Operations: [{ op: 'add', path: 'title', value: 'x' }] } },
  'legacy-urns': create({ schemas: ['urn:scim:schemas:core:2.0'] }),
  'malformed-enterprise-urn': change({
    op: 'add',
    path: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0User:department',
    value: 'x',
  }),
  'foreign-schemas': create({ schemas: [schemas.user, 'urn:somebody:else'] }),
  'undeclared-extension': create({ [enterprise]: { department: 'x' } }),
  'unknown-attribute': create({ shoeSize: 44 }),
  'empty-operations': change(),
  'capital-op': change({ op: 'Add', path: 'title', value: 'x' }),
  'id-in-value': change({ op: 'replace', value: { id: '{user}', title: 'x' } }),
  'dotted-keys': change({ op: 'replace', value: { 'name.givenName': 'x' } }),
  'unqualified-extension': change({ op: 'add', path: 'department', value: 'x' }),
  'single-valued-filter': change({
    op: 'add',
    path: `${enterprise}:manager[value eq "x"].value`,
    value: 'x',
  }),
  'replace-creates-element': {
    ...change({ op: 'replace', path: 'phoneNumbers[type eq "work"].value', value: '1' }),
    path: '/Users/{user}?aadOptscim062020',
  },
  'list-for-single': change({ op: 'add', path: `${enterprise}:manager`, value: [{ value: 'x' }] }),
  'single-for-list': create({ emails: { value: 'sample@acme.example' } }),
  'manager-id': create({
    schemas: [schemas.user, enterprise],
    [enterprise]: { manager: { managerId: 'x' } },
  }),
  'string-boolean': change({ op: 'replace', path: 'active', value: 'True' }),
  'packed-json': change({ op: 'add', path: 'roles', value: [role] }),
  'scalar-for-complex': create({ roles: ['Admin'] }),
  'display-name-for-display': create({ roles: [{ value: 'Admin', displayName: 'Admin' }] }),
  'several-primaries': create({
    phoneNumbers: [
      { value: '1', primary: true },
      { value: '2', primary: true },
    ],
  }),
  'unqualified-extension-filter': query('department eq "x"'),
  'complex-value-filter': query(`${enterprise}:manager eq "x"`),
  'string-boolean-filter': query('active eq "True"'),
  'bare-word-filter': query('userName eq akadmin'),
  'remove-with-value': {
    path: '/Groups/{group}',
    ...change({ op: 'remove', path: 'members', value: [{ value: '{user}' }] }),
  },
};

describe('each known deviation, by a request that shows it', () => {
  const headers = { 'content-type': 'application/scim+json' };
  let provider: Provider;
  let ids: Record<string, string>;

  const start = async (dialect: string): Promise<void> => {
    provider = await startProvider(dialect, headers);
    const user = { schemas: [schemas.user], userName: 'standing@acme.example' };
    const { id } = await provider.expect(201, 'POST', '/Users', user);
    const group = { schemas: [schemas.group], displayName: 'Standing', members: [{ value: id }] };
    ids = { user: id, group: (await provider.expect(201, 'POST', '/Groups', group))['id'] };
  };
  const send = (name: string): ReturnType<Provider['send']> => {
    const { method = 'PATCH', path = '/Users/{user}', body } = samples[name] ?? {};
    const filled = JSON.stringify({ path, body }).replaceAll(
      /\{(user|group)\}/g,
      (_, what: string) => ids[what]!,
    );
    const request = JSON.parse(filled) as { path: string; body?: object };
    return provider.send(method, request.path, request.body);
  };

  it('has a sample for every name, and none besides', () => {
    expect(Object.keys(samples).sort()).to.deep.equal(knownRewrites.map(({ name }) => name).sort());
  });

  describe('against dialect auto', () => {
    before(() => start('auto'));
    after(() => provider.stop());
    afterEach(async () => {
      const list = await provider.expect(200, 'GET', '/Users?filter=userName eq "sample@acme.example"');
      for (const { id } of list['Resources']) await provider.expect(204, 'DELETE', `/Users/${id}`);
    });

    for (const { name } of knownRewrites) {
      it(`${name} is corrected, counted, and named in the request log`, async () => {
        const before = (await findings(provider)).counts[name] ?? 0;
        const answer = await send(name);
        expect(answer.status, JSON.stringify(answer.body)).to.be.oneOf([200, 201, 204]);
        expect((await findings(provider)).counts[name]).to.equal(before + 1);
        const { items } = await provider.api('GET', '/directories');
        const log = await provider.api('GET', `/directories/${items[0].id}/requests?limit=1`);
        expect(log['items'][0].deviations).to.include(name);
      });
    }
  });

  describe('against dialect strict', () => {
    before(() => start('strict'));
    after(() => provider.stop());

    for (const { name, scimType } of knownRewrites) {
      it(`${name} is refused with ${scimType}, and nothing happens`, async () => {
        const read = async (): Promise<unknown> => [
          (await provider.expect(200, 'GET', `/Users/${ids['user']}`))['meta'],
          (await provider.expect(200, 'GET', `/Groups/${ids['group']}`))['meta'],
          (await provider.expect(200, 'GET', '/Users'))['totalResults'],
        ];
        const before = await read();
        const answer = await send(name);
        expect([answer.status, answer.body['scimType']]).to.deep.equal([400, scimType]);
        expect(await read()).to.deep.equal(before);
      });
    }
  });
});
