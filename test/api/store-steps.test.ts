import { expect } from 'chai';
import supertest from 'supertest';
import { startApp, type TestApp } from '../support/app.js';
import { countedStore, type Tally } from '../support/counted-store.js';
import { startIdp, type Idp } from '../support/idp.js';
import { openBrowser } from '../support/browser.js';
import { givenConnection, signInAtProvider } from '../support/sso.js';
import { givenUser, unique } from '../support/people.js';

const key = 'gh_sk_steps_0123456789_0123456789';
const token = 'gh_scim_steps_0123456789_0123456789';

const bootstrap = {
  tenants: [
    {
      slug: 'acme',
      name: 'Acme',
      apiKeys: [{ name: 'ci', key, role: 'administrator' }],
      directories: [{ name: 'Okta', tokens: [{ name: 't', token }] }],
    },
  ],
};

/** Operations that are not part of the flow: its counters are kept apart, the request log is written later. */
const beside: ReadonlySet<string> = new Set(['scim_requests', 'jobs', 'webhooks']);

describe('what one request asks of the store', () => {
  let app: TestApp;
  let tally: Tally;
  let tenantId: string;

  before(async () => {
    app = await startApp({
      bootstrap,
      config: { allowPrivateIssuers: true },
      wrapStore(store) {
        const counted = countedStore(store);
        tally = counted.tally;
        return counted.store;
      },
    });
    const [tenant] = await app.core.store.server.collection('tenants').find({ slug: 'acme' });
    tenantId = tenant!._id;
  });
  after(() => app.stop());

  /** The operations by collection of one piece of work, done once before so that caches are warm. */
  async function stepsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
    await work();
    tally.steps = {};
    await work();
    return Object.fromEntries(Object.entries(tally.steps).filter(([name]) => !beside.has(name)));
  }

  const scim = (method: 'get' | 'patch' | 'post', path: string) =>
    supertest(app.url)[method](`/scim/v2${path}`).set('authorization', `Bearer ${token}`);

  async function scimUser(): Promise<string> {
    const userName = `${unique('user')}@acme.test`;
    const { body } = await scim('post', '/Users').send({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName,
    });
    return (body as { id: string }).id;
  }

  it('a SCIM lookup reads the token, the tenant and the user', async () => {
    const id = await scimUser();
    const steps = await stepsOf(() => scim('get', `/Users/${id}`).expect(200));
    expect(steps).to.deep.equal({ scim_tokens: 1, tenants: 1, users: 1 });
  });

  it('a SCIM PATCH of a user reads and writes each document once', async () => {
    const id = await scimUser();
    let turn = 0;
    const steps = await stepsOf(() =>
      scim('patch', `/Users/${id}`)
        .send({
          schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
          Operations: [{ op: 'replace', path: 'title', value: `Title ${(turn += 1)}` }],
        })
        .expect(200),
    );
    // The tenant is read again inside the transaction, in one step with the stamp of the server's applications.
    expect(steps).to.deep.equal({
      ...{ scim_tokens: 1, tenants: 1, 'tenants+application_keys': 1 },
      ...{ users: 2, audit_events: 1 },
    });
  });

  it('an administrator’s PATCH of a user reads the tenant at most twice', async () => {
    const id = await scimUser();
    let turn = 0;
    const steps = await stepsOf(() =>
      supertest(app.url)
        .patch(`/api/v1/users/${id}`)
        .set('authorization', `Bearer ${key}`)
        .send({ roles: (turn += 1) % 2 === 0 ? [] : ['administrator'] })
        .expect(200),
    );
    const looks = (steps['tenants'] ?? 0) + (steps['tenants+application_keys'] ?? 0);
    expect(looks, JSON.stringify(steps)).to.be.at.most(2);
  });

  describe('a forwarded sign-in', () => {
    let idp: Idp;
    before(async () => void (idp = await startIdp()));
    after(() => idp.stop());

    it('reads the user once', async () => {
      const { verifiedDomains } = await givenConnection(app.core, tenantId, idp);
      const email = `ann@${verifiedDomains[0]!}`;
      await givenUser(app.core, tenantId, { email, password: null });
      idp.person = { sub: 'ann', email };
      const steps = await stepsOf(async () => {
        expect((await signInAtProvider(openBrowser(app.url), email)).status).to.equal(303);
      });
      expect(steps['users'], JSON.stringify(steps)).to.equal(1);
    });
  });
});
