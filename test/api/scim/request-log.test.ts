import { expect } from 'chai';
import {
  deviationCounts,
  fullDiff,
  getRequest,
  listRequests,
  replayRequest,
  subscribeRequests,
  type LoggedRequest,
  type ScimRequestDocument,
} from '../../../src/scim/log/preview.js';
import { getDirectory } from '../../../src/identity/directories/directories.js';
import supertest from 'supertest';
import { maskSecrets, secretNames } from '../../../src/scim/exchange/trace.js';
import {
  newGroup,
  newUser,
  startScim,
  unique,
  urn,
  type ScimApp,
  type ScimClient,
} from '../../support/scim.js';

describe('the SCIM request log of a directory', () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim({
      directory: {
        roleRules: [
          { when: { path: 'title', is: 'Chief' }, grant: ['administrator'] },
          { when: { path: 'groups.displayName', matches: 'Admins*' }, grant: ['administrator'] },
        ],
      },
    });
    scim = app.acme;
  });
  after(() => app.stop());

  const all = async (filter: Parameters<typeof listRequests>[3] = {}): Promise<ScimRequestDocument[]> =>
    (await listRequests(app.core, app.tenantId, app.directoryId, filter, { limit: 100 })).items;
  const latest = async (): Promise<ScimRequestDocument> => (await all())[0]!;
  const replay = (id: string) => replayRequest(app.core, app.tenantId, app.directoryId, id);

  it('records method, path, status, target and who sent it, newest first', async () => {
    const user = await scim.user();
    await scim
      .get(`/Users/${user.id}?attributes=userName`)
      .set('User-Agent', 'Tester 1')
      .set('X-Request-Id', 'req-1');
    const [read, created] = await all();
    expect(read).to.include({
      method: 'GET',
      path: `/Users/${user.id}?attributes=userName`,
      status: 200,
      userAgent: 'Tester 1',
      requestId: 'req-1',
    });
    expect(read!.latencyMs).to.be.above(0);
    expect(created).to.include({ method: 'POST', status: 201 });
    expect(created!.target).to.deep.equal({ type: 'User', id: user.id, label: user.userName });
    expect(fullDiff(created!).find((change) => change.path === 'userName')).to.deep.equal({
      path: 'userName',
      before: null,
      after: user.userName,
    });
  });

  it('keeps a value once: what the body says is not written into the diff again, and is read back from there', async () => {
    const sent = newUser({ title: 'Clerk', name: { givenName: 'A', familyName: 'B' } });
    const { body } = await scim.post('/Users', sent).expect(201);
    const created = await latest();
    expect(created.diff).to.deep.include({ path: 'title', before: null, sent: true });
    expect(created.diff).to.deep.include({ path: 'name', before: null, sent: true });
    await scim.put(`/Users/${body.id}`, { ...sent, title: 'Chief' }).expect(200);
    const replaced = await latest();
    expect(replaced.diff).to.deep.equal([{ path: 'title', before: 'Clerk', sent: true }]);
    expect(fullDiff(replaced)).to.deep.equal([{ path: 'title', before: 'Clerk', after: 'Chief' }]);
    expect(fullDiff(created)).to.deep.include({
      path: 'name',
      before: null,
      after: { givenName: 'A', familyName: 'B' },
    });
  });

  it('shows before and after of what changed, and the roles that moved', async () => {
    const user = await scim.user({ title: 'Clerk', name: { givenName: 'A', familyName: 'B' } });
    await scim.patch(`/Users/${user.id}`, [
      { op: 'replace', path: 'title', value: 'Chief' },
      { op: 'replace', path: 'name.givenName', value: 'Z' },
    ]);
    const entry = await latest();
    expect(entry.diff).to.have.deep.members([
      { path: 'title', before: 'Clerk', after: 'Chief' },
      { path: 'name.givenName', before: 'A', after: 'Z' },
    ]);
    expect(entry.roleChanges).to.deep.equal([{ userId: user.id, granted: ['administrator'], withdrawn: [] }]);
  });

  it('shows the members a group change moved and whose roles followed', async () => {
    const user = await scim.user();
    const group = await scim.group({ displayName: unique('Admins ') });
    await scim.patch(`/Groups/${group.id}`, [{ op: 'add', path: 'members', value: [{ value: user.id }] }]);
    const entry = await latest();
    expect(entry.diff).to.deep.include({ path: 'members.added', before: null, after: [user.id] });
    expect(entry.roleChanges).to.deep.equal([{ userId: user.id, granted: ['administrator'], withdrawn: [] }]);
  });

  it('keeps neither passwords nor tokens', async () => {
    const user = await scim.user({ password: 'Correct-horse-1' });
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'password', value: 'Correct-horse-2' }]);
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', value: { password: 'Correct-horse-3' } }]);
    const text = JSON.stringify(await all());
    expect(text).to.not.contain('Correct-horse');
    expect(text).to.not.contain(app.acme.token);
    expect(text).to.contain('[redacted]');
  });

  it('keeps nothing of an attribute that a schema never returns, in body and diff', () => {
    const isSecret = secretNames(['pin']);
    const body = { schemas: ['urn:x:User'], 'urn:x:User': { pin: '1234', shipping: 'kept' } };
    expect(maskSecrets(body, isSecret)).to.deep.equal({
      schemas: ['urn:x:User'],
      'urn:x:User': { pin: '[redacted]', shipping: 'kept' },
    });
    const operations = [{ op: 'replace', path: 'urn:x:User:pin', value: '1234' }];
    expect(JSON.stringify(maskSecrets(operations, isSecret))).to.not.contain('1234');
    expect(isSecret('urn:x:User:pin')).to.equal(true);
    expect(isSecret('urn:x:User:shipping')).to.equal(false);
  });

  it('keeps a refusal with a hint and no diff', async () => {
    const user = await scim.user();
    await scim.post('/Users', newUser({ userName: user.userName }));
    const entry = await latest();
    expect(entry).to.include({ status: 409 });
    expect(entry.error).to.include({ status: 409, scimType: 'uniqueness' });
    expect(entry.error!.hint).to.match(/userName or address/);
    expect(entry.diff).to.deep.equal([]);
    expect((await all({ result: 'failure' })).every((request) => request.status >= 400)).to.equal(true);
  });

  it('counts the deviations it tolerates and learns who the client is, whatever its User-Agent says', async () => {
    const user = await scim.user();
    await scim
      .patch(`/Users/${user.id}`, [{ op: 'Replace', path: 'active', value: 'False' }])
      .set('User-Agent', 'Okta SCIM Client 1.0.0');
    const entry = await latest();
    expect(entry.deviations).to.include.members(['capital-op', 'string-boolean']);
    const counts = await deviationCounts(app.core, app.tenantId, app.directoryId);
    expect(counts['capital-op']).to.be.at.least(1);
    expect((await getDirectory(app.core, app.tenantId, app.directoryId)).learnedDialect).to.equal('entra');
  });

  it('replays a request as a dry run: the diff it would make now, and nothing written', async () => {
    const user = await scim.user({ title: 'Clerk' });
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'title', value: 'Chief' }]);
    const { _id } = await latest();
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'title', value: 'Cook' }]);
    const before = (await scim.get(`/Users/${user.id}`)).body;
    const outcome = await replay(_id);
    expect(outcome).to.include({ status: 200, error: null });
    expect(outcome.diff).to.deep.equal([{ path: 'title', before: 'Cook', after: 'Chief' }]);
    expect(outcome.roleChanges).to.deep.equal([
      { userId: user.id, granted: ['administrator'], withdrawn: [] },
    ]);
    expect((await scim.get(`/Users/${user.id}`)).body).to.deep.equal(before);
    // The dry run made a version of its own, which is not the one that a change makes afterwards.
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'title', value: 'Baker' }]);
    expect((await scim.get(`/Users/${user.id}`)).body).to.include({ title: 'Baker' });
  });

  it('replays creations and deletions without making or removing anything, refusals with their hint', async () => {
    const user = await scim.user();
    const creation = (await latest())._id;
    const taken = await replay(creation);
    expect(taken).to.include({ status: 409 });
    expect(taken.error!.hint).to.be.a('string');
    await scim.delete(`/Users/${user.id}`);
    const deletion = (await latest())._id;
    expect(await replay(creation)).to.include({ status: 201 });
    expect(await scim.find('Users', `userName eq "${user.userName}"`)).to.include({ totalResults: 0 });
    expect(await replay(deletion)).to.include({ status: 404 });
    const group = await scim.group();
    await scim.delete(`/Groups/${group.id}?x=1`).expect(204);
    const other = await scim.group({ displayName: group.displayName });
    expect((await scim.get(`/Groups/${other.id}`)).status).to.equal(200);
  });

  it('names the resource of a request that was refused before it was changed', async () => {
    const user = await scim.user();
    await scim.patch(`/Users/${user.id}`, [{ op: 'replace', path: 'nothing', value: 1 }]);
    await scim.delete(`/Users/${user.id}`).set('If-Match', 'W/"77"').expect(412);
    await scim.get('/Users/unknown-id').expect(404);
    const failures = await all({ result: 'failure', targetId: user.id });
    expect(failures.map(({ status }) => status)).to.deep.equal([412, 400]);
    expect(failures[0]!.error!.hint).to.match(/has changed/);
    expect(await all({ targetId: 'unknown-id' })).to.have.length(1);
  });

  it('tells who joined and who left a group whose members were replaced', async () => {
    const [stays, leaves, joins] = [await scim.user(), await scim.user(), await scim.user()];
    const group = await scim.group({
      displayName: unique('Admins '),
      members: [{ value: stays.id }, { value: leaves.id }],
    });
    const members = [{ value: stays.id }, { value: joins.id }];
    await scim.put(`/Groups/${group.id}`, newGroup({ displayName: group.displayName, members }));
    const entry = await latest();
    expect(entry.diff).to.have.deep.members([
      { path: 'members.added', before: null, after: [joins.id] },
      { path: 'members.removed', before: [leaves.id], after: null },
    ]);
    expect(entry.roleChanges).to.have.deep.members([
      { userId: joins.id, granted: ['administrator'], withdrawn: [] },
      { userId: leaves.id, granted: [], withdrawn: ['administrator'] },
    ]);
    await scim.patch(`/Groups/${group.id}`, [
      { op: 'add', path: 'members', value: [{ value: stays.id }, { value: leaves.id }] },
      { op: 'remove', path: 'members[type eq "Group"]' },
    ]);
    expect((await latest()).diff).to.deep.equal([
      { path: 'members.added', before: null, after: [leaves.id] },
    ]);
    const before = (await scim.get(`/Groups/${group.id}`)).body;
    await scim.delete(`/Groups/${group.id}?x`);
    const gone = await latest();
    expect(gone.roleChanges).to.have.length(3);
    expect(before.members).to.have.length(3);
  });

  it('finds what happened to a user in requests about groups and in bulk requests too', async () => {
    const user = await scim.user();
    const [plain, granting] = [await scim.group(), await scim.group({ displayName: unique('Admins ') })];
    const add = { op: 'add', path: 'members', value: [{ value: user.id }] };
    await scim.patch(`/Groups/${plain.id}`, [add]);
    await scim.patch(`/Groups/${granting.id}`, [add]);
    await scim.patch(`/Groups/${granting.id}`, [
      { op: 'replace', path: 'displayName', value: unique('Other ') },
    ]);
    await scim.patch(`/Groups/${plain.id}`, [{ op: 'remove', path: 'members' }]);
    const data = { schemas: [urn.patch], Operations: [{ op: 'add', path: 'title', value: 'x' }] };
    await scim.post('/Bulk', {
      schemas: [urn.bulk],
      Operations: [{ method: 'PATCH', path: `/Users/${user.id}`, data }],
    });
    const found = await all({ targetId: user.id });
    const label = ({ method, target }: ScimRequestDocument) => `${method} ${target!.type}`;
    expect(found.map(label)).to.deep.equal([
      'POST Bulk',
      'PATCH Group',
      'PATCH Group',
      'PATCH Group',
      'PATCH Group',
      'POST User',
    ]);
  });

  it('tells of a bulk request what became of each operation, and replays it in the same way (RFC 7644 section 3.7)', async () => {
    const [one, two] = [await scim.user({ title: 'Clerk' }), await scim.user()];
    const patch = (path: string, value: string): object => ({
      method: 'PATCH',
      path,
      data: { schemas: [urn.patch], Operations: [{ op: 'Replace', path: 'title', value }] },
    });
    await scim.post('/Bulk', {
      schemas: [urn.bulk],
      Operations: [
        patch(`/Users/${one.id}`, 'Chief'),
        patch('/Users/unknown', 'Chief'),
        { method: 'GET', path: '/Users' },
        patch(`/Users/${two.id}`, 'Cook'),
      ],
    });
    const entry = await latest();
    expect(entry.target).to.deep.equal({ type: 'Bulk', id: '', label: '4 operations' });
    expect(entry.deviations).to.deep.equal(['capital-op']);
    const outcome = entry.operations.map(({ method, path, status }) => `${method} ${path} ${status}`);
    expect(outcome).to.deep.equal([
      `PATCH /Users/${one.id} 200`,
      'PATCH /Users/unknown 404',
      'GET /Users 400',
      `PATCH /Users/${two.id} 200`,
    ]);
    const [first, second, third, fourth] = entry.operations;
    expect(first).to.deep.include({
      target: { type: 'User', id: one.id, label: one.userName },
      diff: [{ path: 'title', before: 'Clerk', after: 'Chief' }],
      roleChanges: [{ userId: one.id, granted: ['administrator'], withdrawn: [] }],
      error: null,
    });
    expect(second!.error!.hint).to.match(/not known/);
    expect(third!.error).to.include({ scimType: 'invalidSyntax' });
    expect(fourth!.diff).to.deep.equal([{ path: 'title', before: null, after: 'Cook' }]);
    await scim.patch(`/Users/${one.id}`, [{ op: 'replace', path: 'title', value: 'Clerk' }]);
    const before = (await scim.get(`/Users/${one.id}`)).body;
    const replayed = await replay(entry._id);
    expect(replayed.operations.map(({ status }) => status)).to.deep.equal([200, 404, 400, 200]);
    expect(replayed.operations[0]!.diff).to.deep.equal(first!.diff);
    expect(replayed.operations[3]!.diff).to.deep.equal([]);
    expect((await scim.get(`/Users/${one.id}`)).body).to.deep.equal(before);
  });

  it('replays no bulk request whose operations build on one another', async () => {
    await scim.post('/Bulk', {
      schemas: [urn.bulk],
      Operations: [
        { method: 'POST', path: '/Users', bulkId: 'u', data: newUser() },
        {
          method: 'POST',
          path: '/Groups',
          bulkId: 'g',
          data: newGroup({ members: [{ value: 'bulkId:u' }] }),
        },
      ],
    });
    const entry = await latest();
    expect(entry.operations.map(({ status }) => status)).to.deep.equal([201, 201]);
    const refused = await replay(entry._id).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'scim_request.not_replayable');
  });

  it('replays changes of members without moving anybody', async () => {
    const user = await scim.user();
    const group = await scim.group({ displayName: unique('Admins ') });
    const path = `/Groups/${group.id}`;
    await scim.patch(path, [{ op: 'add', path: 'members', value: [{ value: user.id }] }]);
    const adding = await latest();
    await scim.delete(`${path}?again`);
    const deleting = await latest();
    expect(await replay(deleting._id)).to.include({ status: 404 });
    const again = await scim.group({ displayName: group.displayName });
    await scim.put(
      `/Groups/${again.id}`,
      newGroup({ displayName: group.displayName, members: [{ value: user.id }] }),
    );
    const putting = await latest();
    await scim.patch(`/Groups/${again.id}`, [{ op: 'remove', path: 'members' }]);
    const before = [(await scim.get(`/Groups/${again.id}`)).body, (await scim.get(`/Users/${user.id}`)).body];
    const outcome = await replay(putting._id);
    expect(outcome.diff).to.deep.equal([{ path: 'members.added', before: null, after: [user.id] }]);
    expect(outcome.roleChanges).to.deep.equal(adding.roleChanges);
    const after = [(await scim.get(`/Groups/${again.id}`)).body, (await scim.get(`/Users/${user.id}`)).body];
    expect(after).to.deep.equal(before);
  });

  it('is of one directory alone', async () => {
    await scim.user();
    const { _id } = await latest();
    const second = await listRequests(app.core, app.tenantId, 'another', {}, { limit: 10 });
    expect(second).to.deep.equal({ items: [], total: 0 });
    const failed = await getRequest(app.core, app.tenantId, 'another', _id).catch((error: unknown) => error);
    expect(failed).to.have.property('code', 'scim_request.not_found');
  });

  it('tells listeners of each request as it is answered, once', async () => {
    const heard: LoggedRequest[] = [];
    const stop = subscribeRequests(app.core, app.tenantId, app.directoryId, (request) => heard.push(request));
    const user = await scim.user();
    await app.acmeSecond.get('/Users');
    await all();
    stop();
    await scim.get(`/Users/${user.id}`);
    await all();
    expect(heard.map((request) => request.method)).to.deep.equal(['POST']);
    expect(heard[0]!.body).to.have.property('schemas').that.includes(urn.user);
  });

  it('keeps no secret wherever one may stand: in filters, paths, packed texts, queries, odd names and faults', async () => {
    const secret = 'Correct-horse-battery';
    const user = await scim.user();
    const path = `/Users/${user.id}`;
    const replace = (target: string, value: unknown = secret) => [{ op: 'replace', path: target, value }];
    const filter = `password eq "${secret}"`;
    await scim.get(`/Users?filter=${encodeURIComponent(filter)}`);
    await scim.get(`/Users?access_token=${secret}&count=1`);
    await scim.post('/Users/.search', { schemas: [urn.search], filter });
    await scim.patch(path, replace('password '));
    await scim.patch(path, replace('password[x]'));
    await scim.patch(path, replace(`${urn.user}:password`, [secret]));
    await scim.patch(path, replace(`password eq "${secret}"`, 'x'));
    await scim.patch(path, [{ op: 'replace', value: JSON.stringify({ password: secret }) }]);
    await scim.patch(path, [{ op: 'replace', value: { [`${urn.user}:password`]: secret } }]);
    await scim.put(path, { ...newUser(), apiKey: secret, passwords: [secret], client_secret: secret });
    await scim.post('/Bulk', {
      schemas: [urn.bulk],
      Operations: [{ method: 'POST', path: '/Users', bulkId: 'b', data: newUser({ password: secret }) }],
    });
    for (const text of [`{"password": "x" ${secret}}`, `{"password": ${secret}`, `password=${secret}`]) {
      const odd = supertest(app.url).post('/scim/v2/Users').set('Authorization', `Bearer ${scim.token}`);
      await odd.set('Content-Type', 'application/json').send(text).expect(400);
    }
    const entries = await all();
    expect(entries.length).to.be.at.least(14);
    for (const entry of entries) {
      expect(JSON.stringify(entry), entry.path).to.not.contain('Correct-horse');
    }
    expect(JSON.stringify(entries)).to.not.contain('Correct-horse').and.not.contain('password=Corr');
    expect(entries.some((entry) => entry.path.includes('access_token=%5Bredacted%5D'))).to.equal(true);
  });
});
