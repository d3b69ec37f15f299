import { expect } from 'chai';
import { routeTable } from '../../../src/admin/table.js';
import { administratorPermissions } from '../../../src/identity/permissions.js';
import { newId } from '../../../src/shared/ids.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/**
 * Which permission each call needs, written down a second time and apart from the table of routes: a wrong one there has to be wrong here
 * as well to pass.
 */
const needed: Readonly<Record<string, readonly string[]>> = {
  'account.settings': [
    'POST /attributes',
    'PATCH /attributes/{id}',
    'DELETE /attributes/{id}',
    'GET /api-keys',
    'POST /api-keys',
    'GET /api-keys/{id}',
    'PATCH /api-keys/{id}',
    'POST /api-keys/{id}/rotate',
    'DELETE /api-keys/{id}',
    'GET /settings',
    'GET /settings/presets',
    'PATCH /settings',
    'POST /settings/preset',
    'GET /jobs',
    'POST /jobs/{id}/retry',
    'DELETE /jobs/{id}',
    'GET /event-types',
    'GET /webhooks',
    'POST /webhooks',
    'GET /webhooks/{id}',
    'PATCH /webhooks/{id}',
    'DELETE /webhooks/{id}',
    'POST /webhooks/{id}/rotate-secret',
    'POST /webhooks/{id}/test',
    'GET /webhooks/{id}/deliveries',
    'POST /webhooks/{id}/deliveries/{deliveryId}/replay',
    'POST /webhooks/{id}/replay',
  ],
  'applications.manage': [
    'GET /applications',
    'GET /applications/export.csv',
    'GET /applications/{id}',
    'GET /applications/{id}/claims-preview',
    'POST /applications',
    'PATCH /applications/{id}',
    'POST /applications/{id}/secret',
    'DELETE /applications/{id}',
    'GET /applications/{id}/logout-deliveries',
  ],
  'features.manage': ['GET /tenants/{id}/features', 'PATCH /tenants/{id}/features'],
  'audit.read': [
    'GET /audit-events',
    'GET /audit-events/export.csv',
    'GET /audit-events/facets',
    'GET /audit-events/verification',
    'GET /events',
    'GET /access-review',
    'GET /access-review/export.csv',
    'GET /leaver-receipts',
    'GET /leaver-receipts/times',
    'GET /leaver-receipts/keys',
    'GET /leaver-receipts/{id}',
  ],
  'groups.manage': [
    'POST /groups',
    'PATCH /groups/{id}',
    'DELETE /groups/{id}',
    'POST /groups/{id}/members',
    'POST /groups/{id}/members/import',
    'DELETE /groups/{id}/members/{memberId}',
  ],
  'roles.assign': [
    'PUT /users/{id}/roles/{role}',
    'DELETE /users/{id}/roles/{role}',
    'GET /role-requests',
    'GET /role-requests/facets',
    'GET /role-requests/{id}',
    'POST /role-requests/{id}/approve',
    'POST /role-requests/{id}/deny',
    'POST /role-requests/{id}/cancel',
  ],
  'roles.edit': ['PATCH /roles/{id}'],
  'roles.manage': ['POST /roles', 'DELETE /roles/{id}'],
  'roles.read': [
    'GET /roles',
    'GET /roles/export.csv',
    'GET /roles/{id}',
    'GET /permissions',
    'GET /requestable-roles',
  ],
  'scim.manage': [
    'GET /directories/{id}/requests/facets',
    'GET /directories',
    'GET /directories/{id}',
    'POST /directories',
    'PATCH /directories/{id}',
    'DELETE /directories/{id}',
    'POST /directories/{id}/pull',
    'GET /directories/{id}/held-changes',
    'GET /watch/directories',
    'POST /directories/{id}/held-changes/release',
    'POST /directories/{id}/held-changes/drop',
    'GET /directories/{id}/tokens',
    'POST /directories/{id}/tokens',
    'POST /directories/{id}/tokens/{tokenId}/rotate',
    'DELETE /directories/{id}/tokens/{tokenId}',
    'GET /directories/{id}/clients',
    'POST /directories/{id}/clients',
    'GET /directories/{id}/clients/{clientId}',
    'PATCH /directories/{id}/clients/{clientId}',
    'DELETE /directories/{id}/clients/{clientId}',
    'POST /directories/{id}/clients/{clientId}/secrets',
    'DELETE /directories/{id}/clients/{clientId}/secrets/{secretId}',
    'GET /directories/{id}/rules',
    'PUT /directories/{id}/rules',
    'POST /directories/{id}/rules',
    'DELETE /directories/{id}/rules/{ruleId}',
    'POST /directories/{id}/rules/dry-run',
    'POST /directories/{id}/mapping/preview',
    'GET /directories/{id}/requests',
    'GET /directories/{id}/requests/{requestId}',
    'POST /directories/{id}/requests/{requestId}/replay',
    'GET /directories/{id}/requests/stream',
    'GET /directories/{id}/deviations',
    'GET /directories/{id}/advice',
  ],
  'sessions.invalidate': [
    'POST /sessions/end-all',
    'POST /users/{id}/end-sessions',
    'DELETE /users/{id}/sessions/{sessionId}',
  ],
  'sso.manage': [
    'GET /setup-links',
    'POST /setup-links',
    'GET /setup-links/{id}',
    'POST /setup-links/{id}/revoke',
    'GET /break-glass',
    'GET /sso-connections/{id}/sign-ins',
    'GET /sso-connections/{id}/sign-ins/{signInId}',
    'POST /sso-connections/{id}/test-sign-in',
    'PUT /users/{id}/break-glass',
    'DELETE /users/{id}/break-glass',
    'GET /sso-connections',
    'GET /watch/sso-connections',
    'GET /sso-connections/{id}',
    'POST /sso-connections',
    'PATCH /sso-connections/{id}',
    'DELETE /sso-connections/{id}',
    'POST /sso-connections/{id}/domains/{domain}/verify',
    'POST /sso-connections/{id}/test',
    'POST /sso-connections/{id}/relink',
    'POST /sso-connections/preview',
    'POST /sso-connections/{id}/rotate-client-key',
    'GET /sso-connections/trace',
  ],
  'tenants.manage': [
    'GET /tenants',
    'GET /tenants/{id}',
    'POST /tenants',
    'PATCH /tenants/{id}',
    'DELETE /tenants/{id}',
    'POST /tenants/{id}/suspend',
    'POST /tenants/{id}/resume',
    'GET /operator-keys',
    'POST /operator-keys',
    'DELETE /operator-keys/{id}',
    'GET /server-health',
  ],
  'users.approve': ['POST /users/{id}/approve'],
  'users.create': [
    'POST /users',
    'POST /users/{id}/resend-activation',
    'POST /invitations',
    'PATCH /invitations/{id}',
    'POST /invitations/import',
    'POST /users/import',
    'POST /invitations/{id}/resend',
    'POST /invitations/{id}/revoke',
  ],
  'users.delete': ['DELETE /users/{id}', 'POST /users/{id}/erase'],
  'users.enable': ['POST /users/{id}/enable', 'POST /users/{id}/disable', 'POST /users/{id}/unlock'],
  'users.export': [
    'GET /account-clashes/export.csv',
    'GET /users/export.csv',
    'GET /invitations/export.csv',
    'GET /groups/export.csv',
    'GET /users/{id}/export',
  ],
  'users.read': [
    'GET /attributes',
    'GET /attributes/{id}',
    'GET /users',
    'GET /users/{id}',
    'GET /users/facets',
    'GET /views',
    'POST /views',
    'GET /views/{id}',
    'PATCH /views/{id}',
    'DELETE /views/{id}',
    'GET /users/{id}/sessions',
    'GET /users/{id}/mails',
    'GET /users/{id}/sign-ins',
    'GET /users/pending-approvals',
    'GET /users/{id}/identities',
    'GET /account-clashes',
    'GET /invitations',
    'GET /invitations/{id}',
    'GET /invitations/facets',
    'GET /groups/facets',
    'GET /groups',
    'GET /groups/{id}',
    'GET /groups/{id}/members',
    'GET /users/{id}/role-explanation',
    'GET /users/{id}/access-check',
    'GET /users/{id}/provisioning',
    'POST /users/bulk',
    'GET /bulk',
    'GET /bulk/{id}',
    'GET /bulk/{id}/rows',
    'POST /bulk/{id}/cancel',
  ],
  'users.reset_2fa': ['POST /users/{id}/reset-2fa'],
  'users.reset_password': ['POST /users/{id}/password-reset'],
  'users.update': [
    'POST /role-requests',
    'PATCH /users/{id}',
    'DELETE /users/{id}/identities/{identityId}',
    'POST /account-clashes/decisions',
    'POST /account-clashes/{id}/decide',
  ],
  self: [
    'GET /me',
    'GET /me/export',
    'PATCH /me',
    'POST /me/password',
    'POST /me/email',
    'GET /me/sessions',
    'DELETE /me/sessions/{id}',
    'DELETE /me/sessions',
    'POST /me/2fa',
    'POST /me/2fa/confirm',
    'DELETE /me/2fa',
    'POST /me/2fa/backup-codes',
    'GET /me/consents',
    'GET /me/passkeys',
    'GET /me/sign-ins',
    'POST /me/passkeys',
    'POST /me/passkeys/options',
    'PATCH /me/passkeys/{id}',
    'DELETE /me/consents/{id}',
    'DELETE /me/passkeys/{id}',
    'POST /me/reauthenticate',
    'POST /me/reauthenticate/options',
  ],
};

const calls = Object.entries(needed).flatMap(([permission, routes]) =>
  routes.map((route) => {
    const [method = '', path = ''] = route.split(' ');
    return { route, permission, method: method.toLowerCase() as Method, path };
  }),
);

/** What a field of a body needs beside the permission of its call. */
const fields: readonly [route: string, body: object, permission: string][] = [
  ['PATCH /users/{id}', { roles: [] }, 'roles.assign'],
  ['PATCH /users/{id}', { services: [] }, 'roles.assign'],
  ['PATCH /users/{id}', { enabled: true }, 'users.enable'],
  ['PATCH /users/{id}', { enabled: false }, 'users.enable'],
  ['PATCH /users/{id}', { approved: true }, 'users.approve'],
  ['POST /users', { email: 'new@acme.test', roles: [] }, 'roles.assign'],
  ['POST /users', { email: 'new@acme.test', services: [] }, 'roles.assign'],
  ['POST /users', { email: 'new@acme.test', enabled: false }, 'users.enable'],
  ['POST /users', { email: 'new@acme.test', approved: true }, 'users.approve'],
  ['POST /invitations', { emails: ['new@acme.test'], roles: ['crm:agent'] }, 'roles.assign'],
  ['POST /invitations', { emails: ['new@acme.test'], services: ['crm'] }, 'roles.assign'],
  ['POST /invitations', { emails: ['new@acme.test'], groups: [] }, 'groups.manage'],
  ['POST /groups', { displayName: 'New', roles: ['crm:agent'] }, 'roles.assign'],
  ['PATCH /groups/{id}', { roles: ['crm:agent'] }, 'roles.assign'],
  [
    'POST /applications',
    { key: 'new', name: 'New', redirectUris: ['https://new.test/cb'], roles: [] },
    'roles.manage',
  ],
  ['PATCH /applications/{id}', { roles: [] }, 'roles.manage'],
  ['PATCH /applications/{id}', { roles: [{ key: 'agent', name: 'Other', permissions: [] }] }, 'roles.edit'],
];

describe('the permission of each call (M4-1)', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let user: string;
  let group: string;
  /** Keys by the one permission they lack. */
  const keys = new Map<string, string>();
  before(async () => {
    app = await startApp();
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
    user = (await acme.givenUser())._id;
    const made = await acme.call('post', '/groups').send({ displayName: 'G' });
    group = (made.body as { id: string }).id;
    for (const missing of administratorPermissions) {
      keys.set(missing, await acme.givenKey([...administratorPermissions].filter((one) => one !== missing)));
    }
  });
  after(() => app.stop());

  const fill = (path: string): string =>
    path.replace(/\/([\w-]+)\/\{\w+\}/g, (_, collection: string) => {
      const known: Record<string, string> = { users: user, groups: group, applications: 'crm' };
      return `/${collection}/${known[collection] ?? newId()}`;
    });

  it('is written down here for every call there is, and for no other', () => {
    const there = routeTable.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(calls.map(({ route }) => route).sort()).to.deep.equal(there.sort());
  });

  for (const { route, permission, method, path } of calls) {
    const who = permission === 'self' ? 'a key, which is nobody' : `whoever holds all but ${permission}`;
    it(`refuses ${route} to ${who}, before it looks at the body`, async () => {
      const key = permission === 'self' ? acme.key : keys.get(permission);
      const test = acme.call(method, fill(path), key);
      const res = await (method === 'get' ? test : test.set('Content-Type', 'text/plain').send('{'));
      expect(res.body, res.text).to.include({ status: 403, code: 'auth.forbidden' });
    });
  }

  for (const [route, body, permission] of fields) {
    it(`refuses ${JSON.stringify(body)} of ${route} to whoever holds all but ${permission}`, async () => {
      const [method = '', path = ''] = route.split(' ');
      const call = acme.call(method.toLowerCase() as Method, fill(path), keys.get(permission));
      expect((await call.send(body)).body).to.include({ status: 403, code: 'auth.forbidden' });
    });
  }
});
