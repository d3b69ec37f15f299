import { expect } from 'chai';
import { findings, patch, ruleRoles, schemas, startProvider, type Provider } from '../support/provider.js';

const headers = {
  'user-agent': 'Google-Auto-Provisioning',
  accept: 'application/json',
  'content-type': 'application/json; charset=UTF-8',
};

function googleUser(userName: string, department = 'Sales'): object {
  return {
    schemas: [schemas.user, schemas.enterprise],
    userName,
    name: { givenName: 'Goo', familyName: 'Gle' },
    emails: [{ value: userName, type: 'work', primary: true }],
    [schemas.enterprise]: { department },
    active: true,
  };
}

for (const dialect of ['auto', 'google']) {
  describe(`Google's auto-provisioning against a directory with dialect ${dialect}`, () => {
    let google: Provider;
    before(async () => {
      google = await startProvider(dialect, headers, [
        { when: { path: `${schemas.enterprise}:department`, is: 'Sales' }, grant: ['crm:agent'] },
      ]);
    });
    after(() => google.stop());

    it('looks up by userName with startIndex alone', async () => {
      const list = await google.expect(
        200,
        'GET',
        '/Users?filter=userName eq "nobody@google.example"&startIndex=1',
      );
      expect(list).to.deep.include({ schemas: [schemas.list], totalResults: 0, startIndex: 1 });
    });

    it('creates from application/json and is answered in application/scim+json', async () => {
      const reply = await google.send('POST', '/Users', googleUser('create@google.example'));
      expect(reply.status).to.equal(201);
      expect(reply.headers['content-type']).to.match(/^application\/scim\+json/);
      expect(await ruleRoles(google, reply.body['id'])).to.deep.equal(['crm:agent']);
    });

    it('changes roles by an attribute, for it pushes no groups', async () => {
      const { id } = await google.expect(201, 'POST', '/Users', googleUser('move@google.example'));
      const body = patch({ op: 'replace', path: `${schemas.enterprise}:department`, value: 'Support' });
      expect((await google.send('PATCH', `/Users/${id}`, body)).status).to.be.oneOf([200, 204]);
      expect(await ruleRoles(google, id)).to.deep.equal([]);
    });

    it('gets its users at the top of the answer, where it looks for them', async () => {
      await google.expect(201, 'POST', '/Users', googleUser('top@google.example'));
      const lookup = '/Users?filter=userName eq "top@google.example"&startIndex=1';
      const { Resources } = await google.expect(200, 'GET', lookup);
      expect(Resources[0]).to.deep.include({ userName: 'top@google.example', active: true });
      expect(Resources[0].name).to.deep.equal({ givenName: 'Goo', familyName: 'Gle' });
    });

    it('changes and suspends by PUT and without a path too', async () => {
      const { id } = await google.expect(201, 'POST', '/Users', googleUser('put@google.example'));
      const put = { ...googleUser('put@google.example', 'Support'), id };
      await google.expect(200, 'PUT', `/Users/${id}`, put);
      expect(await ruleRoles(google, id)).to.deep.equal([]);
      await google.expect(200, 'PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } }));
      expect((await google.expect(200, 'GET', `/Users/${id}`))['active']).to.equal(false);
    });

    it('sends nothing against the RFC', async () => {
      expect((await findings(google)).counts).to.deep.equal({});
    });

    it('suspends first and deletes later', async () => {
      const { id } = await google.expect(201, 'POST', '/Users', googleUser('leave@google.example'));
      await google.send('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false }));
      expect((await google.expect(200, 'GET', `/Users/${id}`))['active']).to.equal(false);
      await google.expect(204, 'DELETE', `/Users/${id}`);
      await google.expect(404, 'GET', `/Users/${id}`);
    });
  });
}
