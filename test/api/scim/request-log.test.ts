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
} from '../../../src/scim/preview.js';
import { getDirectory } from '../../../src/identity/directories.js';
import { newUser, startScim, unique, urn, type ScimApp, type ScimClient } from '../../support/scim.js';

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
});
