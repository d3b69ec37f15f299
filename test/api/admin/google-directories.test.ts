import { expect } from 'chai';
import express from 'express';
import { googleApi } from '../../../src/sim/google-api.js';
import {
  makeWorkspace,
  newServiceKeys,
  putGoogleUser,
  type Workspace,
} from '../../../src/sim/google-workspace.js';
import { listen, type Listener } from '../../../src/sim/listener.js';
import { systemClock } from '../../../src/shared/clock.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { scimWith } from '../../support/scim-oauth.js';
import { eventually } from '../../support/eventually.js';

type Json = Record<string, unknown>;

interface Shown {
  id: string;
  kind: string;
  google: Json;
  state: { lastPullAt: string | null; nextPullAt: string; error: string | null; lastResult: Json | null };
}

describe('directories of the kind google in the API', () => {
  let app: TestApp;
  let google: Listener;
  let workspace: Workspace;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    google = await listen(0);
    workspace = makeWorkspace('acme.test');
    putGoogleUser(workspace, 'ada@acme.test');
    const server = express();
    server.use('/google', googleApi(workspace, systemClock));
    google.serve(server);
  });
  beforeEach(async () => {
    acme = await givenTenant(app);
  });
  after(async () => {
    await app.stop();
    await google.stop();
  });

  const source = (): Json => ({
    administrator: workspace.administrator,
    serviceAccount: workspace.serviceAccount,
    apiUrl: `${google.url}/google`,
  });
  const create = (more: Json = {}) =>
    acme
      .call('post', '/directories')
      .send({ name: 'Workspace', kind: 'google', google: { ...source(), ...more } });
  const created = async (more: Json = {}): Promise<Shown> => {
    const res = await create(more);
    expect(res.status, res.text).to.equal(201);
    return res.body as Shown;
  };
  const read = async (id: string): Promise<Shown> =>
    (await acme.call('get', `/directories/${id}`).expect(200)).body as Shown;
  const pulled = (id: string): Promise<Shown> =>
    eventually(async () => {
      const shown = await read(id);
      return shown.state.lastPullAt !== null && shown;
    }, 'the directory is pulled');

  it('take no pushes: 403 with the reason, and reads as ever', async () => {
    const { id } = await created();
    const made = await acme.call('post', `/directories/${id}/tokens`).send({ name: 't' }).expect(201);
    const { token } = made.body as { token: string };
    const user = { schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'], userName: 'x@acme.test' };
    const refused = await scimWith(app, token, 'post', '/Users', user).expect(403);
    expect(refused.body).to.deep.include({ status: '403' });
    expect((refused.body as { detail: string }).detail).to.contain('pulls from Google Workspace');
    await scimWith(app, token, 'patch', '/Groups/x', {}).expect(403);
    await scimWith(app, token, 'post', '/Bulk', {}).expect(403);
    await scimWith(app, token, 'get', '/Users').expect(200);
    const search = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] };
    await scimWith(app, token, 'post', '/Users/.search', search).expect(200);
  });

  it('are created with their source, never show the key, and pull at once', async () => {
    const made = await created({ groups: [], pullMinutes: 30 });
    expect(made).to.deep.include({ kind: 'google', dialect: 'google' });
    expect(made.google).to.deep.equal({
      administrator: workspace.administrator,
      serviceAccountEmail: workspace.serviceAccount.client_email,
      groups: [],
      organizationalUnits: [],
      pullMinutes: 30,
      maxLeavingPercent: 20,
      apiUrl: `${google.url}/google`,
    });
    const { state } = await pulled(made.id);
    expect(state).to.deep.include({ error: null });
    expect(state.lastResult).to.deep.include({ outcome: 'done' });
    expect(Date.parse(state.nextPullAt)).to.equal(Date.parse(state.lastPullAt!) + 30 * 60_000);
    const users = (await acme.call('get', '/users?q=ada')).body as { items: Json[] };
    expect(users.items.map((user) => [user['email'], user['source']])).to.deep.equal([
      ['ada@acme.test', 'scim'],
    ]);
    const everything = [
      await acme.call('get', '/directories'),
      await acme.call('get', `/directories/${made.id}`),
      await acme.call('get', '/audit-events?limit=100'),
      await acme.call('get', '/jobs'),
      await acme.call('get', `/directories/${made.id}/requests`),
    ];
    for (const { text } of everything) expect(text).not.to.match(/PRIVATE KEY|private_key"/);
    const stored = await app.core.store.tenant(acme.tenant._id).collection('directories').get(made.id);
    expect(JSON.stringify(stored)).not.to.contain('PRIVATE KEY');
  });

  it('pull on demand: 202 with a job, and the state says how it ended', async () => {
    const { id } = await created();
    await pulled(id);
    putGoogleUser(workspace, 'grace@acme.test');
    const res = await acme.call('post', `/directories/${id}/pull`).expect(202);
    const { job } = res.body as { job: { id: string; status: string } };
    expect(job.status).to.equal('waiting');
    expect(job.id).to.be.a('string');
    await eventually(async () => {
      const { body } = await acme.call('get', '/users?q=grace');
      return (body as { total: number }).total === 1;
    }, 'grace is here');
    await acme.call('post', `/directories/${id}/pull`).send({ force: 'yes' }).expect(400);
    const { body } = await acme.call('post', '/directories').send({ name: 'Okta' }).expect(201);
    const refused = await acme.call('post', `/directories/${(body as Shown).id}/pull`).expect(409);
    expect(refused.body).to.include({ code: 'directory.wrong_kind' });
    await acme.call('patch', `/directories/${id}`).send({ enabled: false }).expect(200);
    const off = await acme.call('post', `/directories/${id}/pull`).expect(409);
    expect(off.body).to.include({ code: 'directory.disabled' });
  });

  it('refuse what cannot be, with pointers', async () => {
    const cases: [Json, string][] = [
      [{ administrator: 'nobody' }, '/google/administrator'],
      [{ serviceAccount: { client_email: 'x@y.test' } }, '/google/serviceAccount'],
      [{ serviceAccount: 'no json' }, '/google/serviceAccount'],
      [{ serviceAccount: { ...workspace.serviceAccount, private_key: 'x' } }, '/google/serviceAccount'],
      [{ serviceAccount: { ...workspace.serviceAccount, type: 'user' } }, '/google/serviceAccount'],
      [{ groups: ['a b@acme.test'] }, '/google/groups/0'],
      [{ organizationalUnits: ['Sales'] }, '/google/organizationalUnits/0'],
      [{ organizationalUnits: ["/Sales' or '1"] }, '/google/organizationalUnits/0'],
      [{ pullMinutes: 4 }, '/google/pullMinutes'],
      [{ pullMinutes: 61 }, '/google/pullMinutes'],
      [{ maxLeavingPercent: 0 }, '/google/maxLeavingPercent'],
      [{ apiUrl: 'ftp://google.test' }, '/google/apiUrl'],
    ];
    for (const [more, pointer] of cases) {
      const res = await create(more);
      expect([res.status, (res.body as { errors: Json[] }).errors[0]?.['pointer']]).to.deep.equal([
        400,
        pointer,
      ]);
      expect(res.text).not.to.contain('PRIVATE KEY');
    }
    await acme.call('post', '/directories').send({ name: 'g', kind: 'google' }).expect(400);
    await acme.call('post', '/directories').send({ name: 'g', google: source() }).expect(400);
  });

  it('change their source by parts, keep the key, and pull what is chosen now', async () => {
    const { id } = await created();
    await pulled(id);
    const path = `/directories/${id}`;
    const changed = await acme.call('patch', path).send({ google: { organizationalUnits: ['/Nowhere'] } });
    expect(changed.status, changed.text).to.equal(200);
    expect((changed.body as Shown).google).to.deep.include({
      organizationalUnits: ['/Nowhere'],
      serviceAccountEmail: workspace.serviceAccount.client_email,
    });
    await eventually(async () => {
      const { body } = await acme.call('get', '/users?q=ada');
      return (body as { total: number }).total === 0;
    }, 'ada is not chosen any more');
    const { body } = await acme.call('get', `/audit-events?target=${id}&action=directory.updated`);
    expect((body as { items: { changes: Json[] }[] }).items[0]?.changes).to.deep.equal([
      { path: 'google.organizationalUnits', before: [], after: ['/Nowhere'] },
    ]);
    await acme.call('patch', path).send({ kind: 'scim' }).expect(400);
  });

  it('take a new key from those alone who may give all that the directory gives', async () => {
    const rule = { when: { path: 'userName', matches: 'a*' }, grant: ['administrator'] };
    const made = await acme
      .call('post', '/directories')
      .send({ name: 'Rich', kind: 'google', google: source(), roleRules: [rule] })
      .expect(201);
    const { id } = made.body as Shown;
    const manager = await acme.givenKey(['scim.manage']);
    const { publicKey: _, privateKey } = newServiceKeys();
    for (const google of [
      { serviceAccount: { ...workspace.serviceAccount, private_key: privateKey } },
      { administrator: 'mallory@acme.test' },
      { apiUrl: 'http://127.0.0.1:9' },
    ]) {
      const res = await acme.call('patch', `/directories/${id}`, manager).send({ google });
      expect([res.status, (res.body as Json)['code']]).to.deep.equal([403, 'role.not_grantable']);
    }
    await acme
      .call('patch', `/directories/${id}`)
      .send({ google: { pullMinutes: 5 } })
      .expect(200);
  });

  it('take another address than Google’s only as the server allows it', async () => {
    const strict = await startApp({ host: '127.0.0.2' });
    try {
      const other = await givenTenant(strict);
      const post = (apiUrl: string) =>
        other
          .call('post', '/directories')
          .send({ name: 'g', kind: 'google', google: { ...source(), apiUrl } });
      await post(`${google.url}/google`).expect(400);
      await post('https://169.254.169.254/').expect(400);
    } finally {
      await strict.stop();
    }
  });
});
