import { expect } from 'chai';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { systemActor } from '../../../src/identity/actors.js';
import { createGroupWithMembers } from '../../../src/identity/groups/members.js';
import { withProfile } from '../../../src/identity/users/input.js';
import type { UserDocument } from '../../../src/persistence/collections/users.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { browserOf, callbackUri, introspect, makeApplication, relyingParty } from '../../support/oidc.js';
import { givenOperator } from '../../support/operator.js';
import { givenUser, unique } from '../../support/people.js';

type Claims = Record<string, unknown>;

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const tenantUrn = 'urn:gatehouse:params:scim:schemas:extension:tenant:2.0:User';

describe('what an application gets beside the claims of every application', () => {
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app);
    await acme.call('post', '/attributes').send({ name: 'level', type: 'integer' }).expect(201);
    await acme.call('post', '/attributes').send({ name: 'skills', type: 'string', multiValued: true });
  });
  after(() => app.stop());

  const person = (attributes: Claims = {}): Promise<UserDocument> => {
    const email = `${unique('ann')}@acme.test`;
    const profile = withProfile({}, { email, givenName: 'Ann', familyName: 'Lee' });
    return givenUser(app.core, acme.tenant._id, {
      email,
      input: { externalId: 'hr-7', attributes: { ...profile, ...attributes } },
    });
  };

  /** Signs somebody in to an application with these claims: the ID token and userinfo. */
  async function told(
    user: UserDocument,
    claims: { claim: string; from: string }[],
    scope = 'openid',
  ): Promise<{ idToken: Claims; userinfo: Claims; introspection: Claims }> {
    const application = await makeApplication(app.core, acme.tenant);
    await acme.call('patch', `/applications/${application._id}`).send({ claims }).expect(200);
    const party = await relyingParty(app.core, application);
    const tokens = await party.signIn(await browserOf(app.core, user), { scope });
    return {
      idToken: decodeJwt(tokens.id_token ?? ''),
      userinfo: await client.fetchUserInfo(party.config, tokens.access_token, user._id),
      introspection: await introspect(app.core, application, tokens.access_token),
    };
  }

  describe('configured claims', () => {
    it('stand in the ID token and in userinfo, whatever the scopes: core, enterprise and own attributes', async () => {
      const user = await person({
        title: 'Nurse',
        enterprise: { department: 'Surgery', manager: { value: 'boss' } },
        tenant: { level: 3, skills: ['first aid', 'tea'] },
      });
      const { idToken, userinfo } = await told(user, [
        { claim: 'job', from: 'title' },
        { claim: 'given', from: 'name.givenName' },
        { claim: 'department', from: `${enterprise}:department` },
        { claim: 'unit', from: 'department' },
        { claim: 'manager', from: 'manager' },
        { claim: 'level', from: `${tenantUrn}:level` },
        { claim: 'skills', from: 'skills' },
        { claim: 'https://acme.test/claims/number', from: 'externalId' },
        { claim: 'login', from: 'userName' },
        { claim: 'mail', from: 'emails' },
      ]);
      const expected = {
        job: 'Nurse',
        given: 'Ann',
        department: 'Surgery',
        unit: 'Surgery',
        manager: 'boss',
        level: 3,
        skills: ['first aid', 'tea'],
        'https://acme.test/claims/number': 'hr-7',
        login: user.userName,
        mail: [user.userName],
      };
      expect(idToken).to.deep.include(expected);
      expect(userinfo).to.deep.include(expected);
    });

    it('without a value are left out', async () => {
      const { idToken, userinfo } = await told(await person(), [
        { claim: 'job', from: 'title' },
        { claim: 'level', from: 'level' },
      ]);
      expect(idToken).not.to.have.any.keys('job', 'level');
      expect(userinfo).not.to.have.any.keys('job', 'level');
    });

    it('are shown, changed and taken away in the API', async () => {
      const claims = [{ claim: 'job', from: 'title' }];
      const body = { key: unique('crm'), name: 'CRM', redirectUris: ['https://crm.test/cb'], claims };
      const made = await acme.call('post', '/applications').send(body).expect(201);
      const { id } = made.body as { id: string };
      expect((made.body as Claims)['claims']).to.deep.equal(claims);
      const changed = await acme.call('patch', `/applications/${id}`).send({ claims: [] }).expect(200);
      expect((changed.body as Claims)['claims']).to.deep.equal([]);
    });

    it('of an application of the operator come from the tenant of the person', async () => {
      const operator = await givenOperator(app);
      const globex = await givenTenant(app);
      const claims = [
        { claim: 'job', from: 'title' },
        { claim: 'level', from: `${tenantUrn}:level` },
      ];
      const tenants = [acme.tenant.slug, globex.tenant.slug];
      const body = { key: unique('desk'), name: 'Desk', redirectUris: [callbackUri], tenants };
      const create = (list: object[]) =>
        operator.call('post', '/applications').send({ ...body, claims: list });
      expect((await create([{ claim: 'level', from: 'level' }])).status).to.equal(400);
      const made = (await create(claims).expect(201)).body as { id: string; clientSecret: string };
      const document = await app.core.store.server.collection('applications').findOne({ _id: made.id });
      const party = await relyingParty(app.core, { ...document!, secret: made.clientSecret });
      const levelOf = async (user: UserDocument): Promise<unknown[]> => {
        const tokens = await party.signIn(await browserOf(app.core, user), { scope: 'openid' });
        const { job, level } = decodeJwt(tokens.id_token ?? '');
        return [job, level];
      };
      expect(await levelOf(await person({ title: 'Nurse', tenant: { level: 3 } }))).to.deep.equal([
        'Nurse',
        3,
      ]);
      const email = `${unique('bob')}@globex.test`;
      const attributes = { ...withProfile({}, { email }), title: 'Cook' };
      const other = await givenUser(app.core, globex.tenant._id, { email, input: { attributes } });
      expect(await levelOf(other)).to.deep.equal(['Cook', undefined]);
    });

    const refused: [why: string, claims: object[], pointer: string][] = [
      ['a claim of OpenID', [{ claim: 'email', from: 'title' }], '/claims/0/claim'],
      ['a claim of the ID token', [{ claim: 'aud', from: 'title' }], '/claims/0/claim'],
      ['a claim that every application gets', [{ claim: 'permissions', from: 'title' }], '/claims/0/claim'],
      ['a claim with a space', [{ claim: 'a b', from: 'title' }], '/claims/0/claim'],
      ['the claim __proto__', [{ claim: '__proto__', from: 'title' }], '/claims/0/claim'],
      [
        'a claim given twice',
        [
          { claim: 'a', from: 'title' },
          { claim: 'a', from: 'nickName' },
        ],
        '/claims/1/claim',
      ],
      ['an unknown attribute', [{ claim: 'a', from: 'shoeSize' }], '/claims/0/from'],
      ['an unknown own attribute', [{ claim: 'a', from: `${tenantUrn}:shoeSize` }], '/claims/0/from'],
      ['an unknown schema', [{ claim: 'a', from: 'urn:acme:User:x' }], '/claims/0/from'],
      ['an attribute with parts', [{ claim: 'a', from: 'name' }], '/claims/0/from'],
      ['the password', [{ claim: 'a', from: 'password' }], '/claims/0/from'],
      [
        'the password by its schema',
        [{ claim: 'a', from: 'urn:ietf:params:scim:schemas:core:2.0:User:password' }],
        '/claims/0/from',
      ],
      ['no path', [{ claim: 'a' }], '/claims/0/from'],
    ];
    for (const [why, claims, pointer] of refused) {
      it(`refuse ${why}`, async () => {
        const { _id } = await acme.givenApplication(unique('app'));
        const answer = await acme.call('patch', `/applications/${_id}`).send({ claims }).expect(400);
        const { errors } = answer.body as { errors: { pointer: string }[] };
        expect(errors.map((error) => error.pointer)).to.include(pointer);
      });
    }
  });

  describe('the scope groups', () => {
    const inGroups = async (user: UserDocument, count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        const input = { displayName: unique(`g${index}`), externalId: null, attributes: {} };
        await createGroupWithMembers(app.core, systemActor(acme.tenant._id), input, [user._id]);
      }
    };

    it('tells the names of the groups, also to introspection', async () => {
      const user = await person();
      const displayName = unique('Engineering');
      await acme
        .call('post', '/groups')
        .send({ displayName, members: [user._id] })
        .expect(201);
      const { idToken, userinfo, introspection } = await told(user, [], 'openid groups');
      for (const claims of [idToken, userinfo, introspection]) {
        expect(claims['groups']).to.deep.equal([displayName]);
        expect(claims).not.to.have.property('groups_overage');
      }
    });

    it('tells an empty list to somebody without groups', async () => {
      expect((await told(await person(), [], 'openid groups')).idToken['groups']).to.deep.equal([]);
    });

    it('is needed for it', async () => {
      const user = await person();
      await inGroups(user, 1);
      const { idToken, userinfo } = await told(user, []);
      expect(idToken).not.to.have.property('groups');
      expect(userinfo).not.to.have.property('groups');
    });

    it('tells at most 200 names, and of more only that there are more', async () => {
      const user = await person();
      await inGroups(user, 200);
      const full = await told(user, [], 'openid groups');
      expect(full.idToken['groups']).to.have.lengthOf(200);
      await inGroups(user, 1);
      const { idToken, userinfo } = await told(user, [], 'openid groups');
      for (const claims of [idToken, userinfo]) {
        expect(claims['groups_overage']).to.equal(true);
        expect(claims).not.to.have.property('groups');
      }
    }).timeout(120_000);

    it('stands in the discovery document with its claims', async () => {
      const answer = await fetch(`${app.url}/oidc/.well-known/openid-configuration`);
      const document = (await answer.json()) as Record<string, string[]>;
      expect(document['scopes_supported']).to.include('groups');
      expect(document['claims_supported']).to.include.members(['groups', 'groups_overage']);
    });
  });
});
