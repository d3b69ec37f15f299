import { expect } from 'chai';
import { newUser, startScim, type ScimApp, type ScimClient } from '../../support/scim.js';

describe('SCIM entity tags and preconditions (RFC 7644 section 3.14)', () => {
  let app: ScimApp;
  let scim: ScimClient;
  before(async () => {
    app = await startScim();
    scim = app.acme;
  });
  after(() => app.stop());

  it('answers 304 without a body when If-None-Match names the version, weakly compared, or *', async () => {
    const user = await scim.user();
    const { headers } = await scim.get(`/Users/${user.id}`);
    const etag = String(headers['etag']);
    for (const value of [etag, etag.replace('W/', ''), `"other", ${etag}`, '*']) {
      const res = await scim.get(`/Users/${user.id}`).set('If-None-Match', value);
      expect(res.status, value).to.equal(304);
      expect(res.text).to.equal('');
      expect(res.headers['etag']).to.equal(etag);
    }
    expect((await scim.get(`/Users/${user.id}`).set('If-None-Match', 'W/"999"')).status).to.equal(200);
  });

  it('refuses PUT, PATCH and DELETE with a stale If-Match with 412 and changes nothing', async () => {
    const user = await scim.user();
    const stale = 'W/"999"';
    const put = await scim.put(`/Users/${user.id}`, newUser()).set('If-Match', stale);
    const patch = await scim
      .patch(`/Users/${user.id}`, [{ op: 'add', path: 'title', value: 'x' }])
      .set('If-Match', stale);
    const remove = await scim.delete(`/Users/${user.id}`).set('If-Match', stale);
    for (const res of [put, patch, remove]) {
      expect(res.status).to.equal(412);
      expect(res.body).to.include({ status: '412' });
    }
    expect((await scim.get(`/Users/${user.id}`)).body).to.deep.equal(user);
  });

  it('accepts the current tag, a list that holds it, and *', async () => {
    const user = await scim.user();
    const tag = async (): Promise<string> => String((await scim.get(`/Users/${user.id}`)).headers['etag']);
    const patch = (value: string, title: string) =>
      scim.patch(`/Users/${user.id}`, [{ op: 'add', path: 'title', value: title }]).set('If-Match', value);
    expect((await patch(await tag(), 'one')).status).to.equal(200);
    expect((await patch(`"no", ${await tag()}`, 'two')).status).to.equal(200);
    expect((await patch('*', 'three')).body.title).to.equal('three');
    expect((await scim.delete(`/Users/${user.id}`).set('If-Match', await tag())).status).to.equal(204);
  });

  it('lets exactly one of twenty parallel writes with the same If-Match win', async () => {
    const user = await scim.user();
    const etag = String((await scim.get(`/Users/${user.id}`)).headers['etag']);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        scim
          .patch(`/Users/${user.id}`, [{ op: 'replace', path: 'title', value: `t${i}` }])
          .set('If-Match', etag),
      ),
    );
    const statuses = answers.map((res) => res.status);
    expect(statuses.filter((status) => status === 200)).to.have.length(1);
    expect(statuses.filter((status) => status === 412)).to.have.length(19);
  });

  it('keeps the version of a member whose group is renamed or nested, and never hides that behind a 304', async () => {
    const { id } = await scim.user();
    const inner = await scim.group({ members: [{ value: id }] });
    const shown = async (query = '') => {
      const { headers, body } = await scim.get(`/Users/${id}${query}`);
      return { etag: String(headers['etag']), groups: (body.groups ?? []) as { display: string }[] };
    };
    const { etag } = await shown();
    expect((await scim.get(`/Users/${id}`).set('If-None-Match', etag)).status).to.equal(304);
    const again = (query = '') => scim.get(`/Users/${id}${query}`).set('If-None-Match', etag);
    await scim.patch(`/Groups/${inner.id}`, [{ op: 'replace', path: 'displayName', value: 'Renamed' }]);
    const renamed = await again();
    expect([renamed.status, renamed.headers['etag']]).to.deep.equal([200, etag]);
    expect(renamed.body.groups[0].display).to.equal('Renamed');
    await scim.group({ displayName: 'Outer', members: [{ value: inner.id }] });
    const nested = await again('?attributes=groups');
    expect(nested.status).to.equal(200);
    expect(nested.body.groups.map(({ display }: { display: string }) => display)).to.have.members([
      'Renamed',
      'Outer',
    ]);
    expect((await again('?excludedAttributes=groups')).status).to.equal(304);
    expect((await again('?attributes=userName')).status).to.equal(304);
    expect((await scim.get(`/Users/${id}`).set('If-None-Match', '*')).status).to.equal(304);
    const write = scim.patch(`/Users/${id}`, [{ op: 'add', path: 'title', value: 'x' }]);
    expect((await write.set('If-Match', etag)).status, 'what others renamed hinders no write').to.equal(200);
    expect((await shown()).etag).to.not.equal(etag);
  });

  it('answers what is told on request in full, as it changes by itself', async () => {
    const { id } = await scim.user();
    const etag = String((await scim.get(`/Users/${id}`)).headers['etag']);
    const status = 'urn:gatehouse:params:scim:schemas:extension:2.0:User:status';
    const res = await scim.get(`/Users/${id}?attributes=${status}`).set('If-None-Match', etag);
    expect(res.status).to.equal(200);
  });

  it('applies the same to groups, whose version moves with their members', async () => {
    const user = await scim.user();
    const group = await scim.group();
    const before = String((await scim.get(`/Groups/${group.id}`)).headers['etag']);
    expect(
      (
        await scim
          .patch(`/Groups/${group.id}`, [{ op: 'add', path: 'members', value: [{ value: user.id }] }])
          .set('If-Match', before)
      ).status,
    ).to.be.oneOf([200, 204]);
    const after = String((await scim.get(`/Groups/${group.id}`)).headers['etag']);
    expect(after).to.not.equal(before);
    const stale = await scim
      .patch(`/Groups/${group.id}`, [{ op: 'remove', path: 'members' }])
      .set('If-Match', before);
    expect(stale.status).to.equal(412);
    expect((await scim.get(`/Groups/${group.id}`)).body.members).to.have.length(1);
    expect((await scim.get(`/Groups/${group.id}`).set('If-None-Match', after)).status).to.equal(304);
    expect((await scim.put(`/Groups/${group.id}`, group).set('If-Match', before)).status).to.equal(412);
    expect((await scim.delete(`/Groups/${group.id}`).set('If-Match', before)).status).to.equal(412);
  });

  it('answers 412 to a GET whose If-Match names another version, and 404 where there is nothing (RFC 9110 section 13.1.1)', async () => {
    const user = await scim.user();
    const group = await scim.group();
    for (const path of [`/Users/${user.id}`, `/Groups/${group.id}`]) {
      expect((await scim.get(path).set('If-Match', 'W/"999"')).status, path).to.equal(412);
      expect((await scim.get(path).set('If-Match', 'W/"999", *')).status, path).to.equal(412);
      expect((await scim.get(path).set('If-Match', '*')).status, path).to.equal(200);
    }
    for (const tag of ['*', 'W/"1"']) {
      expect((await scim.put('/Users/unknown', newUser()).set('If-Match', tag)).status).to.equal(404);
    }
  });
});
