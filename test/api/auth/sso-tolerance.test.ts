import { expect } from 'chai';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { eventually } from '../../support/eventually.js';
import { startIdp, type Idp, type IdpMisbehaviour } from '../../support/idp.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { givenConnection, signInAtProvider } from '../../support/sso.js';

describe('what providers do that keeps nobody out', () => {
  let app: TestApp;
  let idp: Idp;
  let tenantId: string;
  let connection: SsoConnectionDocument;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
    tenantId = (await givenTenant(app.core)).tenantId;
    connection = await givenConnection(app.core, tenantId, idp);
  });
  after(() => Promise.all([app.stop(), idp.stop()]));
  beforeEach(() => {
    idp.misbehaviour = {};
  });

  const address = (): string => `${unique('ann')}@${connection.verifiedDomains[0]!}`;
  const arrive = (email: string): Promise<Page> => signInAtProvider(openBrowser(app.url), email);

  async function givenPerson(): Promise<string> {
    const email = address();
    await givenUser(app.core, tenantId, { email, password: null });
    idp.person = { sub: unique('sub'), email };
    return email;
  }

  describe('of somebody connected already: their identity decides, not what is said of their address', () => {
    const sayings: Record<string, IdpMisbehaviour> = {
      'on a domain the connection does not have': {
        claims: (claims) => ({ ...claims, email: 'ann@rebranded.test' }),
      },
      'not verified': { claims: (claims) => ({ ...claims, email_verified: false }) },
      malformed: { claims: (claims) => ({ ...claims, email: 'ann at company' }) },
      'absent, and userinfo out of order': {
        claims: ({ email: _, ...claims }) => claims,
        broken: { path: '/userinfo', status: 500 },
      },
      'absent everywhere': {
        claims: ({ email: _, ...claims }) => claims,
        userinfo: ({ email: _, ...claims }) => claims,
      },
    };
    for (const [title, misbehaviour] of Object.entries(sayings)) {
      it(title, async () => {
        const email = await givenPerson();
        expect((await arrive(email)).status).to.equal(303);
        idp.misbehaviour = misbehaviour;
        expect((await arrive(email)).status).to.equal(303);
        const users = app.core.store.tenant(tenantId).collection('users');
        expect(await users.count({ loginKeys: email.toLowerCase() })).to.equal(1);
      });
    }
  });

  describe('null and empty members', () => {
    const answers: Record<string, IdpMisbehaviour> = {
      'of the token answer': {
        tokenAnswer: (body) => ({ ...body, refresh_token: null, scope: null }),
      },
      'of the metadata': {
        metadata: (document) => ({ ...document, end_session_endpoint: null, claims_supported: null }),
      },
      'of the ID token, with the address in userinfo': { claims: (claims) => ({ ...claims, email: null }) },
      'of the ID token, empty': { claims: (claims) => ({ ...claims, email: '', email_verified: '' }) },
    };
    for (const [title, misbehaviour] of Object.entries(answers)) {
      it(title, async () => {
        const own = await givenConnection(app.core, tenantId, idp);
        const email = `ann@${own.verifiedDomains[0]!}`;
        await givenUser(app.core, tenantId, { email, password: null });
        idp.person = { sub: unique('sub'), email };
        idp.misbehaviour = misbehaviour;
        expect((await arrive(email)).status).to.equal(303);
      });
    }
  });

  describe('email_verified', () => {
    for (const flag of ['True', 'TRUE', 1, '1', 'yes', true, null]) {
      it(`says no only when it says no: ${JSON.stringify(flag)}`, async () => {
        const email = await givenPerson();
        idp.misbehaviour = { claims: (claims) => ({ ...claims, email_verified: flag }) };
        expect((await arrive(email)).status).to.equal(303);
      });
    }
    for (const flag of [false, 'false', 'False', 0, '0', 'no']) {
      it(`says no: ${JSON.stringify(flag)}`, async () => {
        const email = await givenPerson();
        idp.misbehaviour = { claims: (claims) => ({ ...claims, email_verified: flag }) };
        expect((await arrive(email)).status).to.equal(403);
      });
    }
  });

  it('userinfo is taken signed, also where the metadata do not say how', async () => {
    const email = await givenPerson();
    idp.misbehaviour = { claims: ({ email: _, ...claims }) => claims, signsUserinfo: true };
    expect((await arrive(email)).status).to.equal(303);
  });

  it('an EdDSA signature is taken', async () => {
    const other = await startIdp({ alg: 'EdDSA', host: '127.0.0.3' });
    try {
      const own = await givenConnection(app.core, tenantId, other);
      const email = `ann@${own.verifiedDomains[0]!}`;
      await givenUser(app.core, tenantId, { email, password: null });
      other.person = { sub: 'ann', email };
      expect((await arrive(email)).status).to.equal(303);
    } finally {
      await other.stop();
    }
  });

  it('a key that changes without notice is fetched at its first use, and forged ones make no flood', async () => {
    const own = await startIdp({ host: '127.0.0.3' });
    try {
      const { verifiedDomains } = await givenConnection(app.core, tenantId, own);
      const email = `ann@${verifiedDomains[0]!}`;
      await givenUser(app.core, tenantId, { email, password: null });
      own.person = { sub: 'ann', email };
      expect((await arrive(email)).status).to.equal(303);
      const before = own.hits.get('/jwks')!;
      // Fetched a moment ago: the next look is due after three seconds. The pause keeps the attempts below the limit of sign-ins.
      await own.rotateKey();
      const isIn = async (): Promise<boolean> => (await arrive(email)).status === 303;
      await eventually(isIn, 'signed in with the new key', { seconds: 30, pauseMs: 1000 });
      expect(own.hits.get('/jwks')! - before).to.be.within(1, 2);
    } finally {
      await own.stop();
    }
  }).timeout(120_000);

  describe('a person made just in time', () => {
    const made = async (email: string) => {
      const [user] = await app.core.store.tenant(tenantId).collection('users').find({ loginKeys: email });
      return user!;
    };
    let jit: string;
    beforeEach(async () => {
      const own = await givenConnection(app.core, tenantId, idp, { jitProvisioning: true });
      jit = `new@${own.verifiedDomains[0]!}`;
      idp.person = { sub: unique('sub'), email: jit };
    });

    for (const [title, name, kept] of [
      ['a long one', 'n'.repeat(1025), 'n'.repeat(1024)],
      ['a very long one', 'n'.repeat(5000), 'n'.repeat(1024)],
      ['one that ends in the middle of a character', `${'n'.repeat(1023)}😀`, 'n'.repeat(1023)],
      ['one with line breaks', 'Ada\r\nMaria', 'Ada Maria'],
    ] as const) {
      it(`has a name that fits: ${title}`, async () => {
        idp.person = { ...idp.person, given_name: name, family_name: name, name };
        expect((await arrive(jit)).status).to.equal(303);
        const { attributes } = await made(jit);
        expect(attributes['name']).to.include({ givenName: kept, familyName: kept });
        expect(attributes['displayName']).to.equal(kept);
      });
    }

    const nameless: IdpMisbehaviour = {
      claims: ({ given_name: _, family_name: __, ...claims }) => claims,
    };

    it('has the names that userinfo alone tells', async () => {
      idp.person = { ...idp.person, given_name: 'Nia', family_name: 'New' };
      idp.misbehaviour = nameless;
      expect((await arrive(jit)).status).to.equal(303);
      expect((await made(jit)).attributes['name']).to.include({ givenName: 'Nia', familyName: 'New' });
    });

    it('gets names later where there were none, and new ones as they change there', async () => {
      idp.person = { ...idp.person, given_name: 'Nia', family_name: 'New' };
      idp.misbehaviour = { ...nameless, broken: { path: '/userinfo', status: 500 } };
      expect((await arrive(jit)).status).to.equal(303);
      expect((await made(jit)).attributes['name']).to.equal(undefined);
      idp.misbehaviour = {};
      expect((await arrive(jit)).status).to.equal(303);
      expect((await made(jit)).attributes['name']).to.include({ givenName: 'Nia' });
      idp.person = { ...idp.person, given_name: 'Another' };
      expect((await arrive(jit)).status).to.equal(303);
      expect((await made(jit)).attributes['name']).to.include({ givenName: 'Another' });
    });
  });

  describe('the client secret', () => {
    for (const [offered, asked, used] of [
      [['client_secret_basic'], null, 'basic'],
      [['client_secret_basic', 'client_secret_post'], null, 'post'],
      [['client_secret_post'], null, 'post'],
      [undefined, null, 'basic'],
      [['client_secret_basic', 'client_secret_post'], 'client_secret_basic', 'basic'],
      [['client_secret_basic'], 'client_secret_post', 'post'],
    ] as const) {
      it(`goes by ${used} where ${offered?.join(', ') ?? 'nothing'} is offered and ${asked ?? 'nothing'} set`, async () => {
        idp.misbehaviour = {
          metadata: (document) => ({ ...document, token_endpoint_auth_methods_supported: offered }),
        };
        const own = await givenConnection(app.core, tenantId, idp, { clientAuthMethod: asked });
        const email = `ann@${own.verifiedDomains[0]!}`;
        await givenUser(app.core, tenantId, { email, password: null });
        idp.person = { sub: unique('sub'), email };
        expect((await arrive(email)).status).to.equal(303);
        expect(idp.secretsBy.at(-1)).to.equal(used);
      });
    }
  });
});
