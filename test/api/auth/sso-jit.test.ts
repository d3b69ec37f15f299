import { expect } from 'chai';
import { systemActor } from '../../../src/identity/actors.js';
import { createDirectory, updateDirectory } from '../../../src/identity/directories/directories.js';
import { invite } from '../../../src/identity/invitations/invite.js';
import { updateConnection } from '../../../src/identity/sso/connections.js';
import { inputOf, withProfile } from '../../../src/identity/users/input.js';
import { updateUser } from '../../../src/identity/users/users.js';
import type { SsoConnectionDocument } from '../../../src/persistence/collections/sso-connections.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Page } from '../../support/browser.js';
import { startIdp, type Idp } from '../../support/idp.js';
import { givenTenant, givenUser, unique } from '../../support/people.js';
import { givenConnection, signInAtProvider } from '../../support/sso.js';

describe('whom a company’s sign-in lets in for the first time, and what is followed of them', () => {
  let app: TestApp;
  let idp: Idp;
  let tenantId: string;
  let connection: SsoConnectionDocument;

  before(async () => {
    [app, idp] = await Promise.all([startApp({ config: { allowPrivateIssuers: true } }), startIdp()]);
    tenantId = (await givenTenant(app.core))._id;
    connection = await givenConnection(app.core, tenantId, idp, { jit: 'invited' });
  });
  after(() => Promise.all([app.stop(), idp.stop()]));
  beforeEach(() => {
    idp.misbehaviour = {};
  });

  const own = (of = connection): string => `${unique('ann')}@${of.verifiedDomains[0]!}`;
  const arrive = (person: Partial<Idp['person']>, of = connection): Promise<Page> => {
    idp.person = { sub: unique('sub'), email: own(of), ...person };
    return signInAtProvider(openBrowser(app.url), own(of));
  };
  const users = () => app.core.store.tenant(tenantId).collection('users');
  const named = async (email: string): Promise<UserDocument> =>
    (await users().findOne({ loginKeys: email.toLowerCase() }))!;

  describe('only those who were invited', () => {
    const outside = (): string => `${unique('eve')}@partner.test`;
    const invited = async (email: string, roles: string[] = []): Promise<string> => {
      const input = { emails: [email], roles, accessExpiresAt: null, message: '' };
      const [result] = await invite(app.core, systemActor(tenantId), input);
      expect(result!.outcome).to.equal('invited');
      return email;
    };
    const saysVerified = (word: unknown) => {
      idp.misbehaviour = { claims: (claims) => ({ ...claims, email_verified: word }) };
    };

    it('from any address that the provider verified; nobody else, and nobody is created', async () => {
      const email = await invited(outside());
      saysVerified(true);
      expect((await arrive({ email })).status).to.equal(303);
      const user = await named(email);
      expect(user.activatedAt).to.not.equal(null);
      expect(user.verifiedEmailKey ?? null).to.equal(null);
      for (const unknown of [outside(), own()]) {
        expect((await arrive({ email: unknown })).status).to.equal(403);
        expect(await users().count({ loginKeys: unknown })).to.equal(0);
      }
    });

    it('not where the provider does not say so, nor a manager, nor in the place of another company', async () => {
      const email = await invited(outside());
      for (const word of [null, false]) {
        saysVerified(word);
        expect((await arrive({ email })).status).to.equal(403);
      }
      saysVerified(true);
      expect((await arrive({ email: await invited(outside(), ['administrator']) })).status).to.equal(403);
      const { _id: other } = await givenTenant(app.core);
      const company = await givenConnection(app.core, other, idp);
      expect((await arrive({ email: await invited(own(company)) })).status).to.equal(403);
      expect((await named(email)).activatedAt).to.equal(null);
    });

    it('not somebody who is here already, by an address that is not the company’s', async () => {
      const { email } = await givenUser(app.core, tenantId, { email: outside(), password: null });
      saysVerified(true);
      expect((await arrive({ email: email! })).status).to.equal(403);
    });

    it('not where unknown people are refused, or created on the company’s domains alone', async () => {
      const email = await invited(outside());
      saysVerified(true);
      for (const jit of ['off', 'create'] as const) {
        const strict = await givenConnection(app.core, tenantId, idp, { jit });
        expect((await arrive({ email }, strict)).status).to.equal(403);
      }
    });
  });

  it('nobody is created beside a directory that is switched on', async () => {
    const system = systemActor(tenantId);
    const directory = await createDirectory(app.core, system, { name: unique('okta'), roleRules: [] });
    const guarded = await givenConnection(app.core, tenantId, idp, {
      jit: 'create',
      directoryId: directory._id,
    });
    const email = own(guarded);
    const refused = await arrive({ email }, guarded);
    expect([refused.status, refused.text.includes('adds its people itself')]).to.deep.equal([403, true]);
    await updateDirectory(app.core, system, directory._id, { enabled: false });
    expect((await arrive({ email }, guarded)).status).to.equal(303);
    expect((await named(email)).source).to.equal('sso_jit');
  });

  it('a first link rewrites no address; one that changes at the provider later is followed', async () => {
    const [userName, email, next] = [own(), own(), own()];
    const user = await givenUser(app.core, tenantId, { email: userName, password: null });
    await updateUser(app.core, systemActor(tenantId), user._id, (stored) => ({
      ...inputOf(stored),
      loginType: 'sso',
      attributes: withProfile(stored.attributes, { email }),
    }));
    const sub = unique('sub');
    for (const _ of [1, 2]) {
      expect((await arrive({ sub, email: userName })).status).to.equal(303);
      expect((await named(userName)).email).to.equal(email);
    }
    expect((await arrive({ sub, email: next })).status).to.equal(303);
    expect(await named(next)).to.include({ _id: user._id, email: next });
  });

  it('names follow the provider, from userinfo too, until somebody here changes them', async () => {
    const making = await givenConnection(app.core, tenantId, idp, { jit: 'create' });
    const [sub, email] = [unique('sub'), own(making)];
    idp.misbehaviour = {
      claims: ({ given_name: _, family_name: __, ...claims }) => claims,
    };
    const names = async (): Promise<unknown> => (await named(email)).attributes['name'];
    await arrive({ sub, email, given_name: 'Nia', family_name: 'New' }, making);
    expect(await names()).to.deep.equal({ givenName: 'Nia', familyName: 'New' });
    await arrive({ sub, email, given_name: 'Nia', family_name: 'Married' }, making);
    expect(await names()).to.deep.equal({ givenName: 'Nia', familyName: 'Married' });
    const { _id } = await named(email);
    await updateUser(app.core, systemActor(tenantId), _id, (stored) => ({
      ...inputOf(stored),
      attributes: withProfile(stored.attributes, { givenName: 'Own' }),
    }));
    await arrive({ sub, email, given_name: 'Other', family_name: 'Again' }, making);
    expect(await names()).to.deep.equal({ givenName: 'Own', familyName: 'Again' });
  });

  it('a connection that was made before the three modes reads as it did', async () => {
    const connections = app.core.store.tenant(tenantId).collection('sso_connections');
    const older = await givenConnection(app.core, tenantId, idp, { jitProvisioning: true });
    await connections.update(older._id, ({ jit: _, ...stored }) => stored);
    expect((await arrive({ email: own(older) }, older)).status).to.equal(303);
    const off = await updateConnection(app.core, systemActor(tenantId), older._id, {
      jitProvisioning: false,
    });
    expect([off.jit, off.jitProvisioning]).to.deep.equal(['off', false]);
  });
});
