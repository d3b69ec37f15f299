import { expect } from 'chai';
import {
  newGroup,
  newUser,
  startScim,
  unique,
  urn,
  type ScimApp,
  type ScimClient,
} from '../../support/scim.js';

interface Result {
  method: string;
  bulkId?: string;
  status: string;
  location?: string;
  version?: string;
  response?: { scimType?: string; status: string; detail: string };
}

describe('POST /Bulk (RFC 7644 section 3.7)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
  });
  after(() => app.stop());

  const send = (Operations: unknown, more: object = {}) =>
    scim.post('/Bulk', { schemas: [urn.bulk], Operations, ...more });
  const run = async (operations: object[], more: object = {}): Promise<Result[]> => {
    const res = await send(operations, more);
    expect(res.status, res.text).to.equal(200);
    expect(res.body.schemas).to.deep.equal([urn.bulkAnswer]);
    return res.body.Operations as Result[];
  };
  const post = (bulkId: string, path: string, data: object): object => ({
    method: 'POST',
    path,
    bulkId,
    data,
  });
  const idAt = (result: Result | undefined): string => result?.location?.split('/').at(-1) ?? '';
  const statuses = (results: Result[]): string[] => results.map(({ status }) => status);

  it('runs creations, changes and deletions, each with status as text, location and version', async () => {
    const user = await scim.user();
    const gone = await scim.user();
    const results = await run([
      post('new', '/Users', newUser()),
      { method: 'PUT', path: `/Users/${user.id}`, data: newUser({ userName: user.userName, title: 'Put' }) },
      {
        method: 'patch',
        path: `/Users/${user.id}`,
        data: { schemas: [urn.patch], Operations: [{ op: 'Replace', path: 'nickName', value: 'P' }] },
      },
      { method: 'DELETE', path: `/Users/${gone.id}` },
    ]);
    expect(statuses(results)).to.deep.equal(['201', '200', '200', '204']);
    expect(results[0]).to.include({ method: 'POST', bulkId: 'new' });
    expect(results[0]!.location).to.match(new RegExp(`^${app.url}/scim/v2/Users/`));
    expect(results[0]!.version).to.equal('W/"1"');
    expect(results[3]!.location).to.equal(`${app.url}/scim/v2/Users/${gone.id}`);
    expect((await scim.get(`/Users/${user.id}`)).body).to.include({ title: 'Put', nickName: 'P' });
    expect((await scim.get(`/Users/${gone.id}`)).status).to.equal(404);
  });

  it('resolves bulkId references backward and forward, in members, managers and paths', async () => {
    const results = await run([
      post('team', '/Groups', newGroup({ members: [{ value: 'bulkId:ada' }, { value: 'bulkId:bob' }] })),
      post('ada', '/Users', newUser()),
      post(
        'bob',
        '/Users',
        newUser({
          schemas: [urn.user, urn.enterprise],
          [urn.enterprise]: { manager: { value: 'bulkId:ada' } },
        }),
      ),
      {
        method: 'PATCH',
        path: '/Users/bulkId:ada',
        data: { schemas: [urn.patch], Operations: [{ op: 'add', path: 'title', value: 'Boss' }] },
      },
    ]);
    expect(statuses(results)).to.deep.equal(['201', '201', '201', '200']);
    const [team, ada, bob] = results.map(idAt);
    const { members } = (await scim.get(`/Groups/${team}`)).body;
    expect(members.map((member: { value: string }) => member.value)).to.have.members([ada, bob]);
    expect((await scim.get(`/Users/${bob}`)).body[urn.enterprise].manager.value).to.equal(ada);
    expect((await scim.get(`/Users/${ada}`)).body.title).to.equal('Boss');
  });

  it('closes circles of references (section 3.7.1)', async () => {
    const managed = (by: string): object =>
      newUser({
        schemas: [urn.user, urn.enterprise],
        [urn.enterprise]: { manager: { value: `bulkId:${by}` } },
      });
    const results = await run([post('a', '/Users', managed('b')), post('b', '/Users', managed('a'))]);
    expect(statuses(results)).to.deep.equal(['201', '201']);
    const [a, b] = results.map(idAt);
    expect((await scim.get(`/Users/${a}`)).body[urn.enterprise].manager.value).to.equal(b);
    expect((await scim.get(`/Users/${b}`)).body[urn.enterprise].manager.value).to.equal(a);
  });

  it('answers 409 to every operation of a circle that cannot be closed, and keeps none of it (section 3.7.1)', async () => {
    const names = [unique('Ring '), unique('Ring '), unique('Ring '), unique('Outside ')];
    const ring = (bulkId: string, at: number, of: string): object =>
      post(bulkId, '/Groups', newGroup({ displayName: names[at], members: [{ value: `bulkId:${of}` }] }));
    const results = await run([
      ring('a', 0, 'b'),
      ring('b', 1, 'c'),
      ring('c', 2, 'a'),
      ring('d', 3, 'a'),
      post('free', '/Users', newUser()),
    ]);
    expect(statuses(results)).to.deep.equal(['409', '409', '409', '409', '201']);
    for (const result of results.slice(0, 4)) expect(result).to.not.have.property('location');
    for (const name of names) {
      expect(await scim.find('Groups', `displayName eq "${name}"`)).to.include({ totalResults: 0 });
    }
    expect(statuses(await run([ring('self', 0, 'self')]))).to.deep.equal(['409']);
  });

  it('leaves no half of a circle behind when failOnErrors stops it', async () => {
    const [one, two] = [unique('Half '), unique('Half ')];
    const results = await run(
      [
        post('a', '/Groups', newGroup({ displayName: one, members: [{ value: 'bulkId:b' }] })),
        { method: 'DELETE', path: '/Users/unknown' },
        post('b', '/Groups', newGroup({ displayName: two, members: [{ value: 'bulkId:a' }] })),
      ],
      { failOnErrors: 1 },
    );
    expect(statuses(results).filter((status) => status.startsWith('2'))).to.deep.equal([]);
    for (const name of [one, two]) {
      expect(await scim.find('Groups', `displayName eq "${name}"`)).to.include({ totalResults: 0 });
    }
  });

  it('answers 409 for references to what was not created', async () => {
    const user = await scim.user();
    const results = await run([
      post('dup', '/Users', newUser({ userName: user.userName })),
      post('g1', '/Groups', newGroup({ members: [{ value: 'bulkId:dup' }] })),
      post('g2', '/Groups', newGroup({ members: [{ value: 'bulkId:nobody' }] })),
    ]);
    expect(statuses(results)).to.deep.equal(['409', '409', '409']);
    expect(results[0]!.response).to.include({ scimType: 'uniqueness', status: '409' });
    expect(results[0]).to.not.have.property('location');
  });

  it('refuses single operations without stopping the others', async () => {
    const results = await run([
      { method: 'POST', path: '/Users', data: newUser() },
      post('x', '/Users', newUser()),
      post('x', '/Users', newUser()),
      { method: 'GET', path: '/Users/1' },
      post('y', '/Bulk', {}),
      post('z', '/Users/.search', {}),
      { method: 'DELETE', path: '/Users/unknown' },
      { method: 'PATCH', path: '/Users' },
      7 as never,
    ]);
    expect(statuses(results)).to.deep.equal(['400', '201', '400', '400', '400', '400', '404', '400', '400']);
    for (const { status, response } of results) if (status !== '201') expect(response).to.include({ status });
  });

  it('treats version as If-Match', async () => {
    const user = await scim.user();
    const change = { schemas: [urn.patch], Operations: [{ op: 'add', path: 'title', value: 'V' }] };
    const results = await run([
      { method: 'PATCH', path: `/Users/${user.id}`, version: 'W/"99"', data: change },
      { method: 'PATCH', path: `/Users/${user.id}`, version: 'W/"1"', data: change },
      { method: 'DELETE', path: `/Users/${user.id}`, version: 'W/"1"' },
    ]);
    expect(statuses(results)).to.deep.equal(['412', '200', '412']);
  });

  it('stops after failOnErrors failures and leaves the rest undone', async () => {
    const name = unique('never');
    const operations = [
      { method: 'DELETE', path: '/Users/unknown1' },
      { method: 'DELETE', path: '/Users/unknown2' },
      post('late', '/Users', newUser({ userName: name })),
    ];
    expect(statuses(await run(operations, { failOnErrors: 2 }))).to.deep.equal(['404', '404']);
    expect(await scim.find('Users', `userName eq "${name}"`)).to.include({ totalResults: 0 });
    expect(statuses(await run(operations, { failOnErrors: 3 }))).to.deep.equal(['404', '404', '201']);
  });

  it('refuses too many operations and too many bytes with 413 and does nothing', async () => {
    const name = unique('limit');
    const many = Array.from({ length: 1001 }, (_, i) =>
      post(`b${i}`, '/Users', newUser({ userName: `${name}${i}` })),
    );
    const tooMany = await send(many);
    expect(tooMany.status).to.equal(413);
    expect(tooMany.body).to.include({ status: '413' });
    const heavy = await send([
      post('b', '/Users', newUser({ userName: name, displayName: 'é'.repeat(2_200_000) })),
    ]);
    expect(heavy.status).to.equal(413);
    expect(await scim.find('Users', `userName sw "${name}"`)).to.include({ totalResults: 0 });
  });

  it('refuses an envelope that is none with invalidSyntax', async () => {
    for (const body of [
      {},
      { schemas: [urn.bulk] },
      { schemas: [urn.bulk], Operations: {} },
      { schemas: [urn.patch], Operations: [] },
    ]) {
      const res = await scim.post('/Bulk', body);
      expect(res.status).to.equal(400);
      expect(res.body.scimType).to.equal('invalidSyntax');
    }
  });

  it('sees no more than the token may: strangers are 404 inside a bulk request too', async () => {
    const stranger = await app.globex.user();
    expect(statuses(await run([{ method: 'DELETE', path: `/Users/${stranger.id}` }]))).to.deep.equal(['404']);
    expect((await app.globex.get(`/Users/${stranger.id}`)).status).to.equal(200);
  });
});
