import { expect } from 'chai';
import type { Route } from '../../../src/admin/route.js';
import { routeTable } from '../../../src/admin/table.js';
import { requireAuthority } from '../../../src/identity/users/authority.js';
import type { Actor } from '../../../src/identity/core.js';
import { administratorPermissions } from '../../../src/identity/permissions.js';
import { buildTenantConfig } from '../../../src/identity/tenants/config.js';
import { setEnabled } from '../../../src/identity/users/actions.js';
import { getUser, type UserDocument } from '../../../src/identity/users/users.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { givenTwoFactor } from '../../support/audited-things.js';
import { startApp, type TestApp } from '../../support/app.js';
import { openBrowser, type Browser } from '../../support/browser.js';
import { goodPassword } from '../../support/people.js';
import { signIn } from '../../support/sign-in.js';

/** What somebody above would be told: each is a case of `PATCH /users/{id}`. */
const patches: Record<string, unknown>[] = [
  { email: 'thief@attacker.test' },
  { userName: 'thief' },
  { loginType: 'sso' },
  { enabled: false },
  { enabled: true },
  { approved: false },
  { approved: true },
  { roles: [] },
  { roles: ['crm:agent'] },
  { services: ['crm'] },
  { limitedProducts: ['a'] },
  { userProfileAccess: true },
  { accessExpiresAt: '2099-01-01T00:00:00Z' },
  { accessExpiresAt: null },
  { givenName: 'Eve', email: 'thief@attacker.test' },
];

/** Every route of the table that writes to one user, with each body of interest. */
const acts = routeTable
  .filter(({ method, path }) => method !== 'get' && path.startsWith('/users/{id}'))
  .flatMap((route: Route) =>
    route.method === 'patch' ? patches.map((body) => ({ route, body })) : [{ route, body: {} }],
  )
  .map(({ route, body }) => {
    const said = Object.keys(body).length > 0 ? ` ${JSON.stringify(body)}` : '';
    return { route, body, what: `${route.method.toUpperCase()} ${route.path}${said}` };
  });

describe('nobody acts above themself', () => {
  let app: TestApp;
  let acme: ApiTenant;
  /** Holds every permission but one. */
  let lesser: string;
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    lesser = await acme.givenKey([...administratorPermissions].filter((name) => name !== 'account.billing'));
  });
  after(() => app.stop());

  /** Somebody with these roles, signed in. */
  async function signedIn(
    roles: string[],
  ): Promise<{ user: UserDocument; browser: Browser; sessionId: string; token: string }> {
    const user = await acme.givenUser({ roles, password: goodPassword });
    const browser = openBrowser(app.url);
    await signIn(browser, user.email ?? '', goodPassword, `?tenant=${acme.tenant.slug}`);
    const me = await browser.get('/api/v1/me');
    const { body } = await acme.call('get', `/users/${user._id}/sessions`);
    const sessionId = (body as { items: { id: string }[] }).items[0]!.id;
    return { user, browser, sessionId, token: me.headers.get('x-csrf-token') ?? '' };
  }

  const identityId = newId();
  const pathOf = (route: Pick<Route, 'path'>, user: UserDocument, sessionId: string): string =>
    route.path
      .replace('{id}', user._id)
      .replace('{role}', 'administrator')
      .replace('{sessionId}', sessionId)
      .replace('{identityId}', identityId);

  /** An erasure names the user once more; emergency access names its end. */
  const bodyOf = (route: Pick<Route, 'path'>, body: object, user: UserDocument): object => {
    if (route.path.endsWith('/erase')) return { confirm: user._id };
    return route.path.endsWith('/break-glass') ? { armedUntil: null } : body;
  };

  describe('whoever lacks one permission of an administrator', () => {
    let chief: Awaited<ReturnType<typeof signedIn>>;
    let waiting: UserDocument;
    before(async () => {
      chief = await signedIn(['administrator']);
      waiting = await acme.givenUser({ roles: ['administrator'], activated: false });
      const linked = { connectionId: 'c', issuer: 'https://idp.test', subject: 's', lastUsedAt: new Date() };
      await app.core.store
        .tenant(acme.tenant._id)
        .collection('identities')
        .insert({ _id: identityId, tenantId: acme.tenant._id, userId: chief.user._id, ...linked });
    });

    for (const { route, body, what } of acts) {
      for (const kind of ['an active', 'a waiting'] as const) {
        it(`is refused ${what} on ${kind} one, and nothing changes`, async () => {
          const user = kind === 'an active' ? chief.user : waiting;
          const res = await acme
            .call(route.method, pathOf(route, user, chief.sessionId), lesser)
            .send(bodyOf(route, body, user));
          const isForeign = /{(sessionId|identityId)}/.test(route.path) && user === waiting;
          if (isForeign) expect(res.status).to.equal(404);
          else {
            expect(res.status, res.text).to.equal(403);
            expect(res.body).to.include({ code: 'user.above_actor' });
          }
          expect((await getUser(app.core, acme.tenant._id, user._id)).version).to.equal(user.version);
        });
      }
    }

    it('is refused to enable one who is disabled, and to lift the end of one who is expired', async () => {
      const out = await acme.givenUser({ roles: ['administrator'] });
      await setEnabled(app.core, acme.system, out._id, false);
      for (const act of ['enable', 'disable', 'approve']) {
        const res = await acme.call('post', `/users/${out._id}/${act}`, lesser).send();
        expect(res.body, act).to.include({ code: 'user.above_actor' });
      }
    });

    it('may change their name and phone, which nobody signs in with', async () => {
      const { _id } = await acme.givenUser({ roles: ['administrator'] });
      const body = { givenName: 'Grace', phone: '+1 555 0100' };
      expect((await acme.call('patch', `/users/${_id}`, lesser).send(body)).status).to.equal(200);
    });

    it('neither resends nor revokes an administrator’s invitation', async () => {
      await acme.call('post', '/invitations').send({ emails: ['boss@acme.test'], roles: ['administrator'] });
      const { body } = await acme.call('get', '/invitations?q=boss');
      const { id } = (body as { items: { id: string }[] }).items[0]!;
      for (const act of ['resend', 'revoke']) {
        const res = await acme.call('post', `/invitations/${id}/${act}`, lesser).send();
        expect(res.body, act).to.include({ status: 403, code: 'user.above_actor' });
      }
    });
  });

  it('lets people act on those who hold no more than they do, and on people without permissions', async () => {
    await acme.call('post', '/roles').send({ key: 'reader', name: 'Reader', permissions: ['users.read'] });
    for (const roles of [[], ['crm:agent'], ['reader']]) {
      const { _id } = await acme.givenUser({ roles });
      const writes = [
        ['patch', '', { email: `moved.${_id}@acme.test`, accessExpiresAt: '2099-01-01T00:00:00Z' }],
        ['post', '/password-reset', undefined],
        ['post', '/end-sessions', undefined],
        ['post', '/disable', undefined],
        ['post', '/enable', undefined],
        ['delete', '', undefined],
      ] as const;
      for (const [method, path, body] of writes) {
        const res = await acme.call(method, `/users/${_id}${path}`, lesser).send(body);
        expect(res.status, `${method} ${path} ${roles.join()} ${res.text}`).to.be.oneOf([200, 204]);
      }
    }
  });

  it('lets people reset the second factor of those who hold no more than they do', async () => {
    const id = await givenTwoFactor(app, acme);
    await acme.call('post', `/users/${id}/reset-2fa`, lesser).expect(200);
  });

  it('lets an administrator act on another one', async () => {
    for (const { route, body, what } of acts) {
      const user = await acme.givenUser({ roles: ['administrator'] });
      const res = await acme.call(route.method, pathOf(route, user, 'none')).send(body);
      expect(res.body, what).to.not.include({ code: 'user.above_actor' });
    }
  });

  it('lets people do to themselves what they may do, whatever they hold', async () => {
    const { browser, token } = await signedIn(['administrator']);
    const headers = { 'x-csrf-token': token };
    const send = async (method: string, path: string, body?: object): Promise<number> => {
      const cookie = await browser.jar.getCookieString(app.url);
      const res = await fetch(`${app.url}/api/v1${path}`, {
        method,
        headers: { ...headers, cookie, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
      return res.status;
    };
    expect(await send('PATCH', '/me', { givenName: 'Grace' })).to.equal(200);
    const changed = { currentPassword: goodPassword, newPassword: 'another long enough sentence' };
    expect(await send('POST', '/me/password', changed)).to.be.oneOf([200, 204]);
  });

  it('is decided by the roles alone: any set of permissions that covers them will do', () => {
    const tenant = { _id: 't', tenantId: 't', preset: 'contact-center', settings: {}, version: 1 };
    const config = buildTenantConfig({ tenant: { ...tenant, slug: 't', name: 'T' } as never });
    const now = new Date();
    const holding = (role: string, until: Date | null = null): UserDocument =>
      ({
        _id: 'u',
        grants: [{ role, type: 'manual', detail: '', sourceId: null, since: now, until }],
      }) as never;
    const refused = (
      permissions: readonly string[],
      user: UserDocument,
      more: Partial<Actor> = {},
    ): boolean => {
      const party = { type: 'user', id: 'other', label: '' } as const;
      const actor = {
        party,
        permissions: new Set(permissions),
        directoryId: null,
        ...more,
      } as unknown as Actor;
      try {
        requireAuthority(actor, user, config, now);
        return false;
      } catch {
        return true;
      }
    };
    for (const role of config.roles.values()) {
      expect(refused(role.management, holding(role.fullKey)), role.fullKey).to.equal(false);
      for (const one of role.management) {
        const rest = [...administratorPermissions].filter((name) => name !== one);
        expect(refused(rest, holding(role.fullKey)), `${role.fullKey} ${one}`).to.equal(true);
        expect(refused(rest, holding(role.fullKey, now)), 'a role that has ended').to.equal(false);
      }
      const self = { party: { type: 'user', id: 'u', label: '' } } as const;
      expect(refused([], holding(role.fullKey), self)).to.equal(false);
      // An API key is nobody, whatever its id.
      const key = { party: { type: 'api_key', id: 'u', label: '' } } as const;
      expect(refused([], holding(role.fullKey), key)).to.equal(role.management.length > 0);
    }
  });
});
