import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { updateDirectory } from '../../../src/identity/directories/directories.js';
import { putGoogleUser } from '../../../src/sim/google-workspace.js';
import { patch, schemas, startProvider, type Json, type Provider } from '../../support/provider.js';
import { startPulling } from '../../support/workspace.js';

const custom = 'urn:okta:acme:1.0:user:custom';
const own = 'urn:gatehouse:params:scim:schemas:extension:tenant:2.0:User';

describe('the attribute mapping of a directory', () => {
  let provider: Provider;
  let directory: string;
  before(async () => {
    provider = await startProvider('auto', { 'content-type': 'application/scim+json' }, [
      { when: { path: 'userType', is: 'Engineer' }, grant: ['crm:agent'] },
    ]);
    const { items } = await provider.api('GET', '/directories');
    directory = items[0].id;
    await provider.api('POST', '/attributes', { name: 'badge', type: 'integer' });
  });
  after(() => provider.stop());

  let serial = 0;
  const user = (more: Json = {}): Json => {
    serial += 1;
    return { schemas: [schemas.user], userName: `person${serial}@acme.test`, ...more };
  };
  const map = (attributeMapping: readonly Json[]): Promise<Json> =>
    provider.api('PATCH', `/directories/${directory}`, { attributeMapping });
  const push = (more: Json): Promise<Json> => provider.expect(201, 'POST', '/Users', user(more));
  const patched = async (id: string, ...operations: object[]): Promise<Json> =>
    provider.expect(200, 'PATCH', `/Users/${id}`, patch(...operations));

  const name = { givenName: 'Ada', familyName: 'Lovelace' };
  const emails = [
    { value: 'ADA@acme.test', type: 'work', primary: true },
    { value: 'ada@home.test', type: 'home' },
  ];
  const phoneNumbers = [
    { value: '1', type: 'work' },
    { value: '2', type: 'home' },
  ];
  const cases: [what: string, entry: Json, sent: Json, path: string[], filled: unknown][] = [
    [
      'another attribute',
      { to: 'displayName', from: 'name.familyName' },
      { name },
      ['displayName'],
      'Lovelace',
    ],
    [
      'an extension without its URN',
      { to: 'department', from: 'title' },
      { title: 'IT' },
      [schemas.enterprise, 'department'],
      'IT',
    ],
    [
      'one of several',
      { to: 'phoneNumbers[type eq "work"].value', from: 'title' },
      { title: '5' },
      ['phoneNumbers'],
      [{ type: 'work', value: '5' }],
    ],
    [
      'the first of several',
      { to: 'nickName', from: 'emails.value', transform: ['first', 'lower'] },
      { emails },
      ['nickName'],
      'ada@acme.test',
    ],
    [
      'several, joined',
      { to: 'displayName', from: ['name.familyName', 'name.givenName'], transform: 'join', separator: ', ' },
      { name },
      ['displayName'],
      'Lovelace, Ada',
    ],
    [
      'those that a filter chooses',
      { to: 'nickName', from: 'phoneNumbers[type eq "home"].value' },
      { phoneNumbers },
      ['nickName'],
      '2',
    ],
    ['a fixed value', { to: 'userType', value: 'Engineer' }, {}, ['userType'], 'Engineer'],
    ['a default', { to: 'title', from: 'userType', default: 'none' }, {}, ['title'], 'none'],
    [
      'nothing, where the source has nothing',
      { to: 'title', from: 'userType' },
      { title: 'sent' },
      ['title'],
      undefined,
    ],
    ['nothing of what is ignored', { to: 'title', ignore: true }, { title: 'sent' }, ['title'], undefined],
    [
      'a name of the provider’s',
      { to: 'nickName', from: 'badgeText' },
      { badgeText: 'B7' },
      ['nickName'],
      'B7',
    ],
    [
      'a name below a URN, as a number',
      { to: `${own}:badge`, from: `${custom}:badge` },
      { [custom]: { badge: '17' } },
      [own, 'badge'],
      17,
    ],
    [
      'a list as a whole',
      { to: 'roles', from: 'userType' },
      { userType: 'Chief' },
      ['roles'],
      [{ value: 'Chief' }],
    ],
  ];
  for (const [what, entry, sent, path, filled] of cases) {
    it(`fills an attribute with ${what}`, async () => {
      await map([entry]);
      const at = (resource: Json): unknown =>
        path.reduce<unknown>((value, step) => (value as Json | undefined)?.[step], resource);
      const made = await push(sent);
      expect(at(made)).to.deep.equal(filled);
      const { version } = made['meta'];
      const body = { ...user(sent), userName: made['userName'] };
      const again = await provider.expect(200, 'PUT', `/Users/${made['id']}`, body);
      expect(at(again)).to.deep.equal(filled);
      expect(again['meta'].version, 'a second push changes nothing').to.equal(version);
    });
  }

  it('holds for PATCH: sources change what they fill, and what is filled or ignored cannot be sent', async () => {
    await map([
      { to: 'displayName', from: 'nickName', transform: 'upper' },
      { to: 'locale', ignore: true },
      { to: 'title', from: `${custom}:job` },
    ]);
    const { id } = await push({ nickName: 'ada', [custom]: { job: 'Engineer' } });
    expect(await patched(id, { op: 'replace', path: 'nickName', value: 'al' })).to.include({
      displayName: 'AL',
    });
    const value = { displayName: 'other', locale: 'de', title: 'other', active: true };
    const after = await patched(id, { op: 'replace', value });
    expect(after).to.include({ displayName: 'AL', title: 'Engineer' }).and.not.to.have.property('locale');
    const path = `${custom}:job`;
    expect(await patched(id, { op: 'replace', path, value: 'Chief' })).to.include({ title: 'Chief' });
    expect(await patched(id, { op: 'replace', value: { [path]: 'Head', nickName: 'g' } })).to.include({
      title: 'Head',
      displayName: 'G',
    });
    expect(await patched(id, { op: 'remove', path })).not.to.have.property('title');
  });

  it('keeps what an administrator set where the directory is ignored', async () => {
    await map([{ to: 'phoneNumbers', ignore: true }]);
    const { id } = await push({ phoneNumbers: [{ value: '1', type: 'work' }] });
    const { store } = provider.app.core;
    const tenant = await store.server.collection('tenants').findOne({ slug: 'acme' });
    const phoneNumbers = [{ value: '+1 555 0100', type: 'work' }];
    await store
      .tenant(tenant!._id)
      .collection('users')
      .update(id, (stored) => ({ ...stored, attributes: { ...stored.attributes, phoneNumbers } }));
    const sent = { op: 'replace', path: 'phoneNumbers', value: [{ value: '2', type: 'work' }] };
    expect((await patched(id, sent))['phoneNumbers']).to.deep.equal(phoneNumbers);
  });

  it('comes before the role rules, in a dry run too', async () => {
    await map([{ to: 'userType', from: 'title', default: 'Guest' }]);
    const { id } = await push({ title: 'Engineer' });
    const { roles } = await provider.api('GET', `/users/${id}`);
    expect(roles.map(({ role }: Json) => role)).to.deep.equal(['crm:agent']);
    const tried = { user: user({ title: 'engineer' }) };
    const { grants } = await provider.api('POST', `/directories/${directory}/rules/dry-run`, tried);
    expect(grants.map(({ role }: Json) => role)).to.deep.equal(['crm:agent']);
  });

  it('says which entry a value of the provider does not fit', async () => {
    await map([{ to: `${own}:badge`, from: 'title' }]);
    const refused = await provider.send('POST', '/Users', user({ title: 'no number' }));
    expect(refused).to.deep.include({ status: 400 });
    expect(refused.body['detail']).to.contain('attribute mapping to').and.to.contain('badge');
  });

  it('is read and written as it is, recorded, and holds in bulk requests', async () => {
    const entry = { to: 'title', from: ['userType'], transform: ['lower'] };
    const changed = await map([{ ...entry, from: 'userType', transform: 'lower' }]);
    expect(changed['attributeMapping']).to.deep.equal([entry]);
    const events = await provider.api('GET', `/audit-events?action=directory.updated&limit=1`);
    expect(events['items'][0].changes[0]).to.deep.include({ path: 'attributeMapping', after: [entry] });
    const bulk = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'POST', path: '/Users', bulkId: 'a', data: user({ userType: 'CHIEF' }) }],
    };
    const { Operations } = await provider.expect(200, 'POST', '/Bulk', bulk);
    const id = Operations[0].location.split('/').at(-1);
    expect(await provider.expect(200, 'GET', `/Users/${id}`)).to.include({ title: 'chief' });
    expect((await map([]))['attributeMapping']).to.deep.equal([]);
    expect(await push({ userType: 'CHIEF' })).not.to.have.property('title');
  });

  const refusals: [what: string, mapping: Json[], pointer: string][] = [
    ['an unknown attribute', [{ to: 'tittle', value: 'x' }], '/attributeMapping/0/to'],
    ['the name people are found by', [{ to: 'userName', from: 'title' }], '/attributeMapping/0/to'],
    ['the state of an account', [{ to: 'active', value: true }], '/attributeMapping/0/to'],
    ['a password', [{ to: 'password', value: 'x' }], '/attributeMapping/0/to'],
    ['groups', [{ to: 'groups', value: 'x' }], '/attributeMapping/0/to'],
    ['one part of all values', [{ to: 'emails.value', value: 'x' }], '/attributeMapping/0/to'],
    ['an attribute with parts', [{ to: 'name', value: 'x' }], '/attributeMapping/0/to'],
    [
      'an attribute twice',
      [
        { to: 'title', value: 'x' },
        { to: 'TITLE', value: 'y' },
      ],
      '/attributeMapping/1/to',
    ],
    ['nothing', [{ to: 'title' }], '/attributeMapping/0'],
    ['two ways at once', [{ to: 'title', value: 'x', ignore: true }], '/attributeMapping/0'],
    [
      'a transform of a fixed value',
      [{ to: 'title', value: 'x', transform: 'lower' }],
      '/attributeMapping/0',
    ],
    ['a source that is secret', [{ to: 'title', from: 'password' }], '/attributeMapping/0/from'],
    [
      'a source that another entry fills',
      [
        { to: 'title', from: 'nickName' },
        { to: 'nickName', from: 'title' },
      ],
      '/attributeMapping/0/from',
    ],
  ];
  for (const [what, attributeMapping, pointer] of refusals) {
    it(`refuses ${what}`, async () => {
      const answer = await fetch(`${provider.app.url}/api/v1/directories/${directory}`, {
        method: 'PATCH',
        headers: {
          authorization: 'Bearer gh_sk_an_api_key_for_conformance_tests_0123456789',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ attributeMapping }),
      });
      expect(answer.status).to.equal(400);
      const { errors } = (await answer.json()) as Json;
      expect(errors.map((error: Json) => error['pointer'])).to.include(pointer);
    });
  }

  it('shows what it would make of the newest user sent, of a stored one, or of a given one, and writes nothing', async () => {
    await map([]);
    const { id } = await push({ title: 'CHIEF', [custom]: { job: 'x' }, shoeSize: 44 });
    const preview = (body: Json): Promise<Json> =>
      provider.api('POST', `/directories/${directory}/mapping/preview`, body);
    const attributeMapping = [{ to: 'nickName', from: 'title', transform: 'lower' }];
    const newest = await preview({ attributeMapping });
    expect(newest['sample'].source).to.equal('request');
    expect(newest['changes']).to.deep.equal([{ path: 'nickName', before: null, after: 'chief' }]);
    expect(newest['unknownNames']).to.have.members([`${custom}:job`, 'shoeSize']);
    expect(newest['after']).to.include({ title: 'CHIEF', nickName: 'chief' });
    const stored = await preview({ attributeMapping, userId: id });
    expect(stored['sample']).to.deep.equal({ source: 'user', id });
    const given = await preview({ attributeMapping, user: user({ title: 'A' }) });
    expect(given['after']).to.include({ nickName: 'a' });
    const refused = await preview({
      attributeMapping: [{ to: 'badge', from: 'title' }],
      user: user({ title: 'A' }),
    });
    expect(refused['error']).to.contain('attribute mapping to badge');
    expect((await preview({}))['changes']).to.deep.equal([]);
    expect(await provider.expect(200, 'GET', `/Users/${id}`)).not.to.have.property('nickName');
  });

  it('holds for a directory that pulls, which stays quiet when nothing changed', async () => {
    const tenant = await startPulling({
      prepare(workspace) {
        putGoogleUser(workspace, 'ada@acme.test', { organizations: [{ title: 'CHIEF', primary: true }] });
      },
    });
    try {
      await tenant.drain();
      const attributeMapping = [
        { to: 'nickName', from: 'title', transform: 'lower' as const },
        { to: 'displayName', value: 'mapped' },
      ];
      await updateDirectory(tenant.core, systemActor(tenant.tenantId), tenant.directory._id, {
        attributeMapping,
      });
      await tenant.drain();
      const { attributes } = (await tenant.users()).get('ada@acme.test')!;
      expect(attributes).to.include({ nickName: 'chief', displayName: 'mapped' });
      const before = await tenant.requests();
      await tenant.pull();
      expect(await tenant.requests()).to.have.length(before.length);
    } finally {
      await tenant.stop();
    }
  });
});
