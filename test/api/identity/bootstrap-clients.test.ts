import { expect } from 'chai';
import { applyBootstrap, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { leftOutOf } from '../../../src/identity/bootstrap/left-out.js';
import { overriddenBy } from '../../../src/identity/bootstrap/overrides.js';
import { systemActor } from '../../../src/identity/actors.js';
import { addClientSecret, deleteClientSecret, getClient } from '../../../src/identity/directories/clients.js';
import { startApp, type TestApp } from '../../support/app.js';
import { askBySecret, givenSigner } from '../../support/scim-oauth.js';

const clientSecret = 'gh_client_from_the_bootstrap_file_0001';

describe('a bootstrap file with OAuth clients of directories', () => {
  let app: TestApp;
  let file: ReturnType<typeof parseBootstrap>;
  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    const { jwk } = await givenSigner();
    const federation = { issuer: 'https://idp.test', subject: 'workload', audience: 'api://gatehouse' };
    const clients = [
      { name: 'by secret', clientId: 'acme-okta', clientSecret, expiresAt: '2099-01-01T00:00:00Z' },
      { name: 'by key', clientId: 'acme-key', jwks: { keys: [{ ...jwk, x5t: 'dropped' }] } },
    ];
    const directory = { name: 'Okta', tokenSeconds: 900, federation, clients };
    file = parseBootstrap({ tenants: [{ slug: 'acme', name: 'Acme', directories: [directory] }] });
    await applyBootstrap(app.core, file);
  });
  after(() => app.stop());

  const tenantId = async (): Promise<string> =>
    (await app.core.store.server.collection('tenants').findOne({ slug: 'acme' }))!._id;
  const directory = async () =>
    (await app.core.store
      .tenant(await tenantId())
      .collection('directories')
      .findOne({ name: 'Okta' }))!;

  it('makes them, to be used at once', async () => {
    const res = await askBySecret(app, { clientId: 'acme-okta', clientSecret });
    expect(res.status, res.text).to.equal(200);
    expect(res.body).to.include({ expires_in: 900 });
    expect((await directory()).federation).to.include({ subject: 'workload' });
    expect(await overriddenBy(app.core, file)).to.deep.equal([]);
  });

  it('leaves a secret that was deleted here deleted, and says so', async () => {
    const actor = systemActor(await tenantId());
    const { _id } = await directory();
    const [secret] = (await getClient(app.core, actor.tenantId, _id, 'acme-okta')).secrets;
    await addClientSecret(app.core, actor, _id, 'acme-okta');
    await deleteClientSecret(app.core, actor, _id, 'acme-okta', secret!.id);
    await applyBootstrap(app.core, file);
    await askBySecret(app, { clientId: 'acme-okta', clientSecret }).expect(401);
    expect(await overriddenBy(app.core, file)).to.deep.equal([
      'tenants[0].directories[0].clients[0].clientSecret',
    ]);
  });

  it('applies another secret of the file', async () => {
    const other = `${clientSecret}_changed`;
    const changed = structuredClone(file);
    changed.tenants[0]!.directories![0]!.clients![0]!.clientSecret = other;
    await applyBootstrap(app.core, changed);
    await askBySecret(app, { clientId: 'acme-okta', clientSecret: other }).expect(200);
  });

  it('refuses faults with their place', async () => {
    const faulty = structuredClone(file);
    faulty.tenants[0]!.directories![0]!.tokenSeconds = 60;
    const problems = await applyBootstrap(app.core, faulty).catch((error: unknown) => String(error));
    expect(problems).to.include('tenants[0].directories[0].tokenSeconds: must be between 900 and 21600');
    const renamed = structuredClone(file);
    renamed.tenants[0]!.directories![0]!.clients![1]!.clientId = 'another';
    const problem = await applyBootstrap(app.core, renamed).catch((error: unknown) => String(error));
    expect(problem).to.include('tenants[0].directories[0].clients[1].clientId: cannot be changed');
  });

  it('comes out of an export, without the secrets', async () => {
    const exported = await exportBootstrap(app.core, 'acme');
    const [first] = exported.tenants[0]!.directories!;
    expect(first).to.include({ tokenSeconds: 900 });
    expect(first!.clients!.map(({ clientId }) => clientId)).to.have.members(['acme-okta', 'acme-key']);
    expect(JSON.stringify(exported)).not.to.include(clientSecret);
    expect((await leftOutOf(app.core, 'acme')).join('\n')).to.include('1 OAuth clients with secrets');
    const elsewhere = await startApp();
    try {
      await applyBootstrap(elsewhere.core, parseBootstrap(exported));
    } finally {
      await elsewhere.stop();
    }
  });
});
