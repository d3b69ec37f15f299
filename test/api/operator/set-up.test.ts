import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import supertest from 'supertest';
import { systemActor } from '../../../src/identity/actors.js';
import { applyBootstrap, BootstrapError, parseBootstrap } from '../../../src/identity/bootstrap/bootstrap.js';
import { exportBootstrap } from '../../../src/identity/bootstrap/export.js';
import { leftOutOf } from '../../../src/identity/bootstrap/left-out.js';
import { firstRunToken } from '../../../src/identity/bootstrap/first-run.js';
import { overriddenBy } from '../../../src/identity/bootstrap/overrides.js';
import { planBootstrap } from '../../../src/identity/bootstrap/rehearsal.js';
import { exampleSecrets } from '../../../src/identity/bootstrap/secrets.js';
import { listOperatorKeys, revokeOperatorKey } from '../../../src/identity/operator/keys.js';
import { operatorTenant } from '../../../src/identity/tenants/operator-tenant.js';
import { loadConfig } from '../../../src/infrastructure/config.js';
import { packageFolder } from '../../../src/infrastructure/package-info.js';
import { startServer } from '../../../src/main.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser } from '../../support/browser.js';
import { runLine } from '../../support/cli.js';
import { signIn } from '../../support/sign-in.js';

const key = 'gh_op_a-key-of-the-platform-0001';
const password = 'a long enough password';

const statusOf = async (url: string, as: string): Promise<number> =>
  (await supertest(url).get('/api/v1/tenants').set('Authorization', `Bearer ${as}`)).status;

describe('setting the operator up', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await startApp();
  });
  afterEach(() => app.stop());

  it('takes operator keys from the bootstrap file, and leaves a revoked one revoked', async () => {
    const file = parseBootstrap({ tenants: [], operatorKeys: [{ name: 'platform', key }] });
    expect(await applyBootstrap(app.core, file)).to.deep.equal({ created: 1, updated: 0, unchanged: 0 });
    expect(await statusOf(app.url, key)).to.equal(200);
    expect(await applyBootstrap(app.core, file)).to.deep.equal({ created: 0, updated: 0, unchanged: 1 });
    const [stored] = await listOperatorKeys(app.core);
    await revokeOperatorKey(app.core, systemActor(operatorTenant.id), stored!._id);
    await applyBootstrap(app.core, file);
    expect(await statusOf(app.url, key)).to.equal(401);
    expect(await overriddenBy(app.core, file)).to.deep.equal(['operatorKeys[0]']);
    await applyBootstrap(app.core, file, { again: true });
    expect(await statusOf(app.url, key)).to.equal(200);
  });

  it('replaces the value of a key that changes in the file', async () => {
    const file = (value: string) =>
      parseBootstrap({ tenants: [], operatorKeys: [{ name: 'platform', key: value }] });
    await applyBootstrap(app.core, file(key));
    const next = `${key}-next`;
    expect(await applyBootstrap(app.core, file(next))).to.include({ updated: 1 });
    expect([await statusOf(app.url, key), await statusOf(app.url, next)]).to.deep.equal([401, 200]);
  });

  it('finds what is wrong with operator keys before anything is applied', async () => {
    const operatorKeys = [
      { name: 'a', key: 'gh_sk_a-key-of-another-kind-0001' },
      { name: 'b', key },
      { name: 'b', key: `${key}-2` },
    ];
    const error = await planBootstrap(app.core, { tenants: [], operatorKeys }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(BootstrapError);
    const { problems } = error as BootstrapError;
    expect(problems.map((problem) => problem.split(':')[0])).to.deep.equal([
      'operatorKeys[0].key',
      'operatorKeys[2].name',
    ]);
    const example = { tenants: [], operatorKeys: [{ name: 'x', key: 'gh_op_xxxxxxxxxxxxxxxxxxxxxxxx' }] };
    expect(exampleSecrets(parseBootstrap(example))).to.deep.equal(['operatorKeys[0].key']);
  });

  it('puts the staff of the file into the tenant operator, whose role operator opens every tenant', async () => {
    const staff = {
      slug: 'operator',
      name: 'Vendor',
      users: [{ email: 'ada@vendor.test', password, roles: ['operator'] }],
    };
    const customer = { slug: 'acme', name: 'Acme' };
    const file = await planBootstrap(app.core, { tenants: [staff, customer] });
    await applyBootstrap(app.core, file);
    const browser = openBrowser(app.url);
    await signIn(browser, 'ada@vendor.test', password);
    const cookie = await browser.jar.getCookieString(app.url);
    const tenants = await supertest(app.url).get('/api/v1/tenants').set('Cookie', cookie).expect(200);
    const { items } = tenants.body as { items: { slug: string }[] };
    expect(items.map(({ slug }) => slug)).to.deep.equal(['acme']);
    const headers = { Cookie: cookie, 'Gatehouse-Tenant': 'acme' };
    await supertest(app.url).get('/api/v1/users').set(headers).expect(200);
    const exported = await exportBootstrap(app.core);
    const again = await planBootstrap(app.core, JSON.parse(JSON.stringify(exported)));
    expect(await applyBootstrap(app.core, again)).to.include({ created: 0 });
  });

  it('gives the tenant operator no preset', async () => {
    const staff = { slug: 'operator', name: 'Vendor', preset: 'default' };
    const error = await planBootstrap(app.core, { tenants: [staff] }).catch((thrown: unknown) => thrown);
    expect((error as BootstrapError).problems[0]).to.match(/^tenants\[0\]\.preset: /);
  });

  it('leaves the first run as it is: an operator key makes no customer', async () => {
    await applyBootstrap(
      app.core,
      parseBootstrap({ tenants: [], operatorKeys: [{ name: 'platform', key }] }),
    );
    expect(await firstRunToken(app.core)).to.be.a('string');
    expect(await leftOutOf(app.core, 'operator')).to.deep.equal([
      'operator: not in the file: 1 operator keys',
    ]);
  });
});

describe('OPERATOR_KEY', () => {
  it('is the first operator key at each start, until it is revoked', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-operator-'));
    const env = { NODE_ENV: 'test', LOG_LEVEL: 'fatal', PORT: '0', DATA_DIR: folder, OPERATOR_KEY: key };
    const started = async (work: (url: string) => Promise<unknown>): Promise<void> => {
      const server = await startServer(loadConfig(env, join(packageFolder, 'config')));
      try {
        await work(server.url);
      } finally {
        await server.stop(0);
      }
    };
    try {
      await started(async (url) => expect(await statusOf(url, key)).to.equal(200));
      const revoked = await runLine('operator-key revoke --name OPERATOR_KEY', { DATA_DIR: folder });
      expect(revoked.code, revoked.err).to.equal(0);
      await started(async (url) => expect(await statusOf(url, key)).to.equal(401));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is refused when it is no operator key, and masked where settings are printed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-operator-'));
    try {
      const bad = await runLine('check', { DATA_DIR: folder, OPERATOR_KEY: 'gh_sk_no' });
      expect(bad.code).to.equal(78);
      expect(bad.err).to.contain('OPERATOR_KEY: must be gh_op_');
      const good = await runLine('check --print', { DATA_DIR: folder, OPERATOR_KEY: key });
      expect(good.code).to.equal(0);
      expect(good.out).to.contain('OPERATOR_KEY').and.not.to.contain(key);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('gatehouse tenant', () => {
  it('creates a tenant with its administrator once, and lists it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gatehouse-tenant-'));
    try {
      const run = (line: string) => runLine(line, { DATA_DIR: folder });
      const create =
        'tenant create --slug acme --name Acme --external-id crm-1 --administrator ada@acme.test --json';
      const made = (await run(create)).json();
      expect(made).to.deep.include({ slug: 'acme', name: 'Acme', externalId: 'crm-1', isNew: true });
      expect(made['invitation']).to.deep.equal({ email: 'ada@acme.test', outcome: 'invited' });
      expect((await run(create)).json()).to.include({ isNew: false, id: made['id'] });
      expect((await run('tenant create --slug acme')).code).to.equal(1);
      expect((await run('tenant create --slug operator')).code).to.equal(1);
      expect((await run('tenant create --slug other --administrator nobody')).code).to.equal(64);
      const { items } = (await run('tenant list --json')).json() as { items: object[] };
      expect(items).to.deep.equal([
        { id: made['id'], slug: 'acme', name: 'Acme', externalId: 'crm-1', status: 'active', users: 1 },
      ]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
