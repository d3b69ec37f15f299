import { expect } from 'chai';
import supertest from 'supertest';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

interface Body {
  id: string;
  token: string;
  items: Record<string, unknown>[];
  errors: { pointer: string }[];
}

const bodyOf = (res: supertest.Response): Body => res.body as Body;

describe('directories in the API', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let id: string;

  before(async () => {
    app = await startApp();
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    const made = await acme.call('post', '/directories').send({ name: 'Okta' });
    expect(made.status).to.equal(201);
    expect(made.body).to.include({ dialect: 'auto', enabled: true, baseUrl: `${app.url}/scim/v2` });
    ({ id } = bodyOf(made));
  });
  after(() => app.stop());

  const path = (rest: string): string => `/directories/${id}${rest}`;
  const rule = { when: { path: 'groups.displayName', is: 'Engineering' }, grant: ['crm:agent'] };

  async function scim(): Promise<(method: 'post' | 'patch', at: string, body: object) => supertest.Test> {
    const { token } = bodyOf(await acme.call('post', path('/tokens')).send({ name: 't' }));
    return (method, at, body) =>
      supertest(app.url)
        [method](`/scim/v2${at}`)
        .set('Authorization', `Bearer ${token}`)
        .set('Content-Type', 'application/scim+json')
        .send(JSON.stringify(body));
  }

  const newUser = (userName: string) => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName,
    emails: [{ value: userName, primary: true }],
    active: true,
  });

  it('have two live tokens at most, each shown once, and never let one be read again', async () => {
    const one = await acme.call('post', path('/tokens')).send({ name: 'one' });
    expect(one.status).to.equal(201);
    expect(bodyOf(one).token).to.match(/^gh_scim_/);
    await acme.call('post', path('/tokens')).expect(201);
    expect((await acme.call('post', path('/tokens'))).body).to.include({
      status: 409,
      code: 'directory.too_many_tokens',
    });
    const list = await acme.call('get', path('/tokens'));
    expect(bodyOf(list).items).to.have.length(2);
    expect(list.text).to.not.contain(bodyOf(one).token);
    await acme.call('delete', path(`/tokens/${bodyOf(one).id}`)).expect(204);
    const dead = await supertest(app.url)
      .get('/scim/v2/Users')
      .set('Authorization', `Bearer ${bodyOf(one).token}`);
    expect(dead.status).to.equal(401);
  });

  it('rotate a token without a gap', async () => {
    const old = bodyOf(await acme.call('post', path('/tokens')).send({ name: 'one' }));
    const rotated = await acme.call('post', path(`/tokens/${old.id}/rotate`));
    expect(rotated.status).to.equal(201);
    for (const token of [old.token, bodyOf(rotated).token]) {
      await supertest(app.url).get('/scim/v2/Users').set('Authorization', `Bearer ${token}`).expect(200);
    }
  });

  it('keep ordered rules, checked: paths, one test each, roles that are there', async () => {
    const put = await acme.call('put', path('/rules')).send({ rules: [rule] });
    expect(put.status).to.equal(200);
    expect(bodyOf(put).items[0]).to.deep.include(rule);
    const added = await acme
      .call('post', path('/rules'))
      .send({ when: { path: 'roles.value', in: ['Admin'] }, grant: ['administrator'] });
    expect(added.status).to.equal(201);
    const bad = await acme.call('put', path('/rules')).send({
      rules: [rule, { when: { path: 'groups.displayName', is: 'a', matches: 'b' }, grant: ['x'] }],
    });
    expect(bad.status).to.equal(400);
    expect(bodyOf(bad).errors[0]?.pointer).to.equal('/rules/1/when');
    const unknown = await acme.call('put', path('/rules')).send({ rules: [{ ...rule, grant: ['nobody'] }] });
    expect(bodyOf(unknown).errors[0]?.pointer).to.equal('/rules/0/grant/0');
    const single = await acme.call('post', path('/rules')).send({ ...rule, grant: ['crm:agent', 'nobody'] });
    expect(bodyOf(single).errors[0]?.pointer).to.equal('/grant/1');
    await acme.call('delete', path(`/rules/${bodyOf(added).id}`)).expect(204);
    expect(bodyOf(await acme.call('get', path('/rules'))).items).to.have.length(1);
    const again = await acme.call('delete', path(`/rules/${bodyOf(added).id}`));
    expect(again.body).to.include({ status: 404, code: 'rule.not_found' });
  });

  it('do not let anybody grant by rule what they lack', async () => {
    const key = await acme.givenKey(['scim.manage']);
    const admin = { when: { path: 'roles.value', is: 'Admin' }, grant: ['administrator'] };
    const res = await acme.call('post', path('/rules'), key).send(admin);
    expect(res.body).to.include({ status: 403, code: 'role.not_grantable' });
  });

  it('try rules on a SCIM user or a stored one without writing', async () => {
    const user = {
      ...newUser('a@x.test'),
      groups: [
        { value: '1', display: 'engineering' },
        { value: '2', display: 'Sales' },
      ],
    };
    const dry = await acme.call('post', path('/rules/dry-run')).send({ user, rules: [rule] });
    expect(dry.status).to.equal(200);
    expect(dry.body).to.nested.include({ 'grants[0].role': 'crm:agent', 'unmatched[0].value': 'Sales' });
    expect(bodyOf(await acme.call('get', path('/rules'))).items).to.have.length(0);
    const stored = await acme.givenUser();
    await acme.call('post', path('/rules/dry-run')).send({ userId: stored._id }).expect(200);
    await acme.call('post', path('/rules/dry-run')).send({ userId: 'nobody' }).expect(404);
    await acme.call('post', path('/rules/dry-run')).send({}).expect(400);
  });

  it('explain why a user has a role: which rule, because of what', async () => {
    await acme
      .call('put', path('/rules'))
      .send({ rules: [rule] })
      .expect(200);
    const send = await scim();
    const user = bodyOf(await send('post', '/Users', newUser('why@x.test')).expect(201));
    await send('post', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'Engineering',
      members: [{ value: user.id }],
    }).expect(201);
    const read = await acme.call('get', `/users/${user.id}`);
    expect(read.body).to.nested.include({ 'roles[0].role': 'crm:agent', 'roles[0].sources[0].type': 'rule' });
    const why = await acme.call('get', `/users/${user.id}/role-explanation`);
    expect(why.body).to.nested.include({
      status: 'pending_activation',
      heldBack: 'roles do not work while the user is pending activation',
      'roles[0].role': 'crm:agent',
      'roles[0].inForce': false,
      'rules[0].matched': true,
      'rules[0].condition': 'groups.displayName is "Engineering"',
    });
  });

  it('keep what was sent, show it with what it changed, and replay it without writing', async () => {
    const send = await scim();
    const user = bodyOf(await send('post', '/Users', newUser('log@x.test')).expect(201));
    const operations = [{ op: 'replace', path: 'active', value: false }];
    const patch = { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: operations };
    await send('patch', `/Users/${user.id}`, patch).expect(200);
    await send('post', '/Users', newUser('log@x.test')).expect(409);
    const log = await acme.call('get', path('/requests'));
    expect(log.status).to.equal(200);
    expect(bodyOf(log).items.map((item) => item['status'])).to.deep.equal([409, 200, 201]);
    const failures = await acme.call('get', path('/requests?result=failure'));
    expect(failures.body).to.nested.include({ total: 1, 'items[0].error.scimType': 'uniqueness' });
    const history = await acme.call('get', `/users/${user.id}/provisioning`);
    // With the refused one, which clashed with this user.
    expect(bodyOf(history).items.map((item) => item['status'])).to.deep.equal([409, 200, 201]);
    expect(bodyOf(history).items[1]?.['diff']).to.deep.include({
      path: 'active',
      before: true,
      after: false,
    });
    const requestId = String(bodyOf(failures).items[0]?.['id']);
    await acme.call('get', path(`/requests/${requestId}`)).expect(200);
    await acme.call('get', path('/requests/nothing')).expect(404);
  });

  it('tell of each request as it is answered (Server-Sent Events)', async () => {
    const send = await scim();
    const headers = { Authorization: `Bearer ${acme.key}` };
    const abort = new AbortController();
    const stream = await fetch(`${app.url}/api/v1${path('/requests/stream')}`, {
      headers,
      signal: abort.signal,
    });
    expect(stream.headers.get('content-type')).to.contain('text/event-stream');
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    await send('post', '/Users', newUser('live@x.test')).expect(201);
    let text = '';
    while (!text.includes('event: request')) text += (await reader?.read())?.value ?? '';
    expect(text).to.contain('live@x.test');
    abort.abort();
  });

  it('can be renamed, disabled and deleted', async () => {
    const send = await scim();
    expect((await acme.call('patch', path('')).send({ name: 'Entra', dialect: 'entra' })).body).to.include({
      name: 'Entra',
    });
    await acme.call('patch', path('')).send({ enabled: false }).expect(200);
    await send('post', '/Users', newUser('off@x.test')).expect(401);
    await acme.call('delete', path('')).expect(204);
    await acme.call('get', path('')).expect(404);
  });
});
