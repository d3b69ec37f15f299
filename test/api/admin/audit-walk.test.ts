import { expect } from 'chai';
import type { Route } from '../../../src/admin/route.js';
import { routeTable } from '../../../src/admin/table.js';
import { createAttribute } from '../../../src/identity/attributes/attributes.js';
import { createConnection } from '../../../src/identity/sso/connections.js';
import { createGroup } from '../../../src/identity/groups/groups.js';
import { createRole } from '../../../src/identity/roles/roles.js';
import { setApproved, setEnabled } from '../../../src/identity/users/actions.js';
import { givenTenant, type ApiTenant } from '../../support/api.js';
import { startApp, type TestApp } from '../../support/app.js';
import { goodPassword } from '../../support/people.js';
import {
  givenClash,
  givenFailedJob,
  givenIdentity,
  givenTwoFactor,
  say,
  type Case,
  type Event,
} from '../../support/audited-things.js';
import { bulkCases } from '../../support/audited-bulk.js';
import { directoryCases } from '../../support/audited-directories.js';
import { roleRequestCases } from '../../support/audited-role-requests.js';
import { webhookCases } from '../../support/audited-webhooks.js';
import { routesWalkedElsewhere } from '../../support/audited-routes.js';

const nameOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string =>
  `${method.toUpperCase()} ${path}`;

/** Without a service account its pulls fail at once, and ask nobody. */

let serial = 0;
const fresh = (prefix: string): string => `${prefix}${(serial += 1)}`;

describe('every change leaves its event, with who did it and to whom', () => {
  let app: TestApp;
  let acme: ApiTenant;
  let keyId: string;
  before(async () => {
    app = await startApp({ config: { allowPrivateIssuers: true } });
    acme = await givenTenant(app, { settings: { 'approval.required': true } });
    await acme.givenApplication('crm');
    await acme.givenUser({ roles: ['administrator'] });
    const keys = (await acme.call('get', '/api-keys')).body as { items: { id: string }[] };
    keyId = keys.items[0]!.id;
  });
  after(() => app.stop());

  async function eventsBy(actor: string): Promise<Event[]> {
    const res = await acme.call('get', `/audit-events?actor=${actor}&sort=at&limit=1000`);
    return (res.body as { items: Event[] }).items;
  }

  const user = async (): Promise<string> => (await acme.givenUser())._id;
  const group = async (): Promise<string> =>
    (await createGroup(app.core, acme.system, { displayName: fresh('G'), externalId: null, attributes: {} }))
      ._id;
  const role = async (): Promise<string> => {
    const key = fresh('role');
    const input = { key, applicationKey: null, name: key, description: '', permissions: [] };
    return (await createRole(app.core, acme.system, input)).id;
  };
  const application = async (): Promise<string> => (await acme.givenApplication(fresh('app')))._id;
  const attribute = async (): Promise<string> =>
    (await createAttribute(app.core, acme.system, { name: fresh('own'), type: 'string' }))._id;
  const connection = async (): Promise<string> => {
    const input = { name: fresh('sso'), issuer: 'http://127.0.0.1:9', clientId: 'x' };
    return (await createConnection(app.core, acme.system, input))._id;
  };
  const administrator = async () => {
    const id = await givenTwoFactor(app, acme, ['administrator']);
    await setApproved(app.core, acme.system, id, true);
    return id;
  };
  const nothing = () => Promise.resolve('');
  const disabled = async () => {
    const id = await user();
    await setEnabled(app.core, acme.system, id, false);
    return id;
  };
  const unapproved = async () => {
    const id = await user();
    await setApproved(app.core, acme.system, id, false);
    return id;
  };
  const approved = async () => {
    const id = await user();
    await setApproved(app.core, acme.system, id, true);
    return id;
  };
  const member = async (): Promise<[string, string]> => {
    const [id, who] = [await group(), await user()];
    await acme.call('post', `/groups/${id}/members`).send({ members: [who] });
    return [id, who];
  };
  const job = () => givenFailedJob(app, acme);
  const until = '2099-01-01T00:00:00Z';

  const cases: Case[] = [
    [
      'POST /users',
      nothing,
      () => ['post', '/users', { email: `${fresh('new')}@acme.test` }],
      (_, __, id) => [`user.created user ${id}`, `invitation.sent user ${id}`],
    ],
    [
      'PATCH a name',
      user,
      (id) => ['patch', `/users/${id}`, { givenName: 'X' }],
      (id) => [`user.updated user ${id}`],
    ],
    [
      'PATCH an address',
      user,
      (id) => ['patch', `/users/${id}`, { email: `${fresh('moved')}@acme.test` }],
      (id) => [`user.email_changed user ${id}`],
    ],
    [
      'PATCH roles',
      user,
      (id) => ['patch', `/users/${id}`, { roles: ['crm:agent'] }],
      (id) => [`user.roles_changed user ${id}`],
    ],
    [
      'PUT a role for a time',
      user,
      (id) => ['put', `/users/${id}/roles/crm:agent`, { until }],
      (id) => [`user.roles_changed user ${id}`],
    ],
    [
      'DELETE a role',
      async () => (await acme.givenUser({ roles: ['crm:agent'] }))._id,
      (id) => ['delete', `/users/${id}/roles/crm:agent`],
      (id) => [`user.roles_changed user ${id}`],
    ],
    [
      'PATCH the access period',
      user,
      (id) => ['patch', `/users/${id}`, { accessExpiresAt: until }],
      (id) => [`user.access_period_changed user ${id}`],
    ],
    [
      'PATCH services',
      user,
      (id) => ['patch', `/users/${id}`, { services: ['crm'] }],
      (id) => [`service.assigned user ${id}`],
    ],
    [
      'PATCH enabled',
      user,
      (id) => ['patch', `/users/${id}`, { enabled: false }],
      (id) => [`user.disabled user ${id}`],
    ],
    [
      'PATCH approved',
      approved,
      (id) => ['patch', `/users/${id}`, { approved: false }],
      (id) => [`user.unapproved user ${id}`],
    ],
    ['approve', unapproved, (id) => ['post', `/users/${id}/approve`], (id) => [`user.approved user ${id}`]],
    ['enable', disabled, (id) => ['post', `/users/${id}/enable`], (id) => [`user.enabled user ${id}`]],
    ['disable', user, (id) => ['post', `/users/${id}/disable`], (id) => [`user.disabled user ${id}`]],
    [
      'hold',
      user,
      (id) => ['post', `/users/${id}/disable`, { hold: true }],
      (id) => [`user.disabled user ${id}`],
    ],
    [
      'end-sessions',
      user,
      (id) => ['post', `/users/${id}/end-sessions`],
      (id) => [`sessions.invalidated user ${id}`],
    ],
    ['DELETE a user', user, (id) => ['delete', `/users/${id}`], (id) => [`user.deleted user ${id}`]],
    [
      'erase a user',
      user,
      (id) => ['post', `/users/${id}/erase`, { confirm: id }],
      (id) => [`user.erased user ${id}`],
    ],
    [
      'resend-activation',
      async () => (await acme.givenUser({ activated: false }))._id,
      (id) => ['post', `/users/${id}/resend-activation`],
      (id) => [`invitation.sent user ${id}`],
    ],
    [
      'password-reset',
      approved,
      (id) => ['post', `/users/${id}/password-reset`],
      (id) => [`password.reset_requested user ${id}`],
    ],
    [
      'reset-2fa',
      () => givenTwoFactor(app, acme),
      (id) => ['post', `/users/${id}/reset-2fa`],
      (id) => [`twofactor.reset user ${id}`],
    ],
    [
      'unlock',
      async () => {
        const { _id: id } = await acme.givenUser({ password: goodPassword });
        const credentials = app.core.store.tenant(acme.tenant._id).collection('credentials');
        const lockedUntil = new Date(Date.now() + 600_000);
        await credentials.update(id, (stored) => ({ ...stored, lockedUntil }));
        return id;
      },
      (id) => ['post', `/users/${id}/unlock`],
      (id) => [`user.unlocked user ${id}`],
    ],
    [
      'unlink an identity',
      async () => givenIdentity(app, acme, await user(), await connection()),
      (id, second) => ['delete', `/users/${id}/identities/${second}`],
      (id) => [`sso.identity_unlinked user ${id}`],
    ],
    ['a CSV of users', nothing, () => ['get', '/users/export.csv'], () => ['users.exported - -']],
    ['a CSV of roles', nothing, () => ['get', '/roles/export.csv'], () => ['roles.exported - -']],
    [
      'a CSV of applications',
      nothing,
      () => ['get', '/applications/export.csv'],
      () => ['applications.exported - -'],
    ],
    [
      'the end of every session',
      nothing,
      () => ['post', '/sessions/end-all'],
      () => [`tenant.sessions_ended tenant ${acme.tenant._id}`],
    ],
    ['a CSV of events', nothing, () => ['get', '/audit-events/export.csv'], () => ['audit.exported - -']],
    [
      'POST /groups with members',
      user,
      (id) => ['post', '/groups', { displayName: fresh('New'), members: [id] }],
      (_, __, id) => [`group.created group ${id}`, `group.members_changed group ${id}`],
    ],
    [
      'PATCH a group',
      group,
      (id) => ['patch', `/groups/${id}`, { displayName: fresh('R') }],
      (id) => [`group.updated group ${id}`],
    ],
    [
      'POST members',
      async () => [await group(), await user()],
      (id, who) => ['post', `/groups/${id}/members`, { members: [who] }],
      (id) => [`group.members_changed group ${id}`],
    ],
    [
      'DELETE a member',
      member,
      (id, who) => ['delete', `/groups/${id}/members/${who}`],
      (id) => [`group.members_changed group ${id}`],
    ],
    ['DELETE a group', group, (id) => ['delete', `/groups/${id}`], (id) => [`group.deleted group ${id}`]],
    [
      'POST /roles',
      nothing,
      () => ['post', '/roles', { key: fresh('key'), name: 'N', permissions: [] }],
      (_, __, id) => [`role.created role ${id}`],
    ],
    [
      'PATCH a role',
      role,
      (id) => ['patch', `/roles/${id}`, { name: 'Other' }],
      (id) => [`role.updated role ${id}`],
    ],
    ['DELETE a role', role, (id) => ['delete', `/roles/${id}`], (id) => [`role.deleted role ${id}`]],
    [
      'POST /attributes',
      nothing,
      () => ['post', '/attributes', { name: fresh('own'), type: 'string' }],
      (_id, _second, made) => [`attribute.created attribute ${made}`],
    ],
    [
      'PATCH /attributes/{id}',
      attribute,
      (id) => ['patch', `/attributes/${id}`, { description: 'Other' }],
      (id) => [`attribute.updated attribute ${id}`],
    ],
    [
      'DELETE /attributes/{id}',
      attribute,
      (id) => ['delete', `/attributes/${id}`],
      (id) => [`attribute.deleted attribute ${id}`],
    ],
    [
      'POST /applications',
      nothing,
      () => [
        'post',
        '/applications',
        { key: fresh('a'), name: 'A', redirectUris: ['http://localhost:1/cb'] },
      ],
      (_, __, id) => [`application.created application ${id}`],
    ],
    [
      'PATCH an application',
      application,
      (id) => ['patch', `/applications/${id}`, { name: 'Other' }],
      (id) => [`application.updated application ${id}`],
    ],
    [
      'who may use an application',
      application,
      (id) => ['patch', `/applications/${id}`, { access: { by: 'role', roles: ['administrator'] } }],
      (id) => [`application.access_changed application ${id}`],
    ],
    [
      'an application’s secret',
      application,
      (id) => ['post', `/applications/${id}/secret`],
      (id) => [`application.secret_changed application ${id}`],
    ],
    [
      'DELETE an application',
      application,
      (id) => ['delete', `/applications/${id}`],
      (id) => [`application.deleted application ${id}`],
    ],
    [
      'POST /sso-connections',
      nothing,
      () => ['post', '/sso-connections', { name: fresh('c'), issuer: 'http://127.0.0.1:9', clientId: 'x' }],
      (_, __, id) => [`sso.created sso_connection ${id}`],
    ],
    [
      'PATCH a connection',
      connection,
      (id) => ['patch', `/sso-connections/${id}`, { mode: 'optional' }],
      (id) => [`sso.updated sso_connection ${id}`],
    ],
    [
      'DELETE a connection',
      connection,
      (id) => ['delete', `/sso-connections/${id}`],
      (id) => [`sso.deleted sso_connection ${id}`],
    ],
    [
      'relink',
      async () => {
        const id = await connection();
        const other = { issuer: 'http://127.0.0.2:9', clientSecret: 's3cret' };
        await acme.call('patch', `/sso-connections/${id}`).send(other).expect(200);
        return id;
      },
      (id) => ['post', `/sso-connections/${id}/relink`],
      (id) => [`sso.relink_allowed sso_connection ${id}`],
    ],
    [
      'the rotation of a connection’s key',
      async () => {
        const id = await connection();
        const change = { clientAuthMethod: 'private_key_jwt' };
        await acme.call('patch', `/sso-connections/${id}`).send(change).expect(200);
        return id;
      },
      (id) => ['post', `/sso-connections/${id}/rotate-client-key`],
      (id) => [`sso.client_key_rotated sso_connection ${id}`],
    ],
    [
      'a test of a connection',
      connection,
      (id) => ['post', `/sso-connections/${id}/test-sign-in`],
      (id) => [`sso.test_opened sso_connection ${id}`],
    ],
    [
      'POST a set-up link',
      connection,
      (id) => ['post', '/setup-links', { name: fresh('it'), purpose: 'domains', connectionId: id }],
      (_, __, id) => [`setup_link.created setup_link ${id}`],
    ],
    [
      'revoke a set-up link',
      async () => {
        const input = { name: fresh('it'), purpose: 'domains', connectionId: await connection() };
        return ((await acme.call('post', '/setup-links').send(input).expect(201)).body as { id: string }).id;
      },
      (id) => ['post', `/setup-links/${id}/revoke`],
      (id) => [`setup_link.revoked setup_link ${id}`],
    ],
    [
      'a decision on a clash of accounts',
      () => givenClash(app, acme),
      (id) => ['post', `/account-clashes/${id}/decide`, { decision: 'apart' }],
      (_, userId) => [`user.clash_decided user ${userId}`],
    ],
    [
      'decisions on clashes of accounts by a file',
      () => givenClash(app, acme),
      (id) => ['post', '/account-clashes/decisions', { content: `id,decision\n${id},apart` }],
      (_, userId) => [`user.clash_decided user ${userId}`],
    ],
    [
      'PUT emergency access',
      administrator,
      (id) => ['put', `/users/${id}/break-glass`, { armedUntil: null }],
      (id) => [`break_glass.armed user ${id}`],
    ],
    [
      'DELETE emergency access',
      async () => {
        const id = await administrator();
        await acme.call('put', `/users/${id}/break-glass`).send({ armedUntil: null }).expect(204);
        return id;
      },
      (id) => ['delete', `/users/${id}/break-glass`],
      (id) => [`break_glass.removed user ${id}`],
    ],
    ...directoryCases(() => ({ app, acme })),
    ...roleRequestCases(() => ({ app, acme })),
    ...bulkCases(() => ({ app, acme })),
    ...webhookCases(() => ({ app, acme })),
    [
      'POST an API key',
      nothing,
      () => ['post', '/api-keys', { name: fresh('k'), role: 'administrator' }],
      (_, __, id) => [`api_key.created api_key ${id}`],
    ],
    [
      'DELETE an API key',
      async () => {
        const res = await acme.call('post', '/api-keys').send({ name: fresh('k'), role: 'administrator' });
        return (res.body as { id: string }).id;
      },
      (id) => ['delete', `/api-keys/${id}`],
      (id) => [`api_key.revoked api_key ${id}`],
    ],
    [
      'PATCH the settings',
      nothing,
      () => ['patch', '/settings', { 'sessions.idleSeconds': 600 + (serial += 1) }],
      () => [`settings.changed tenant ${acme.tenant._id}`],
    ],
    [
      'POST a preset',
      nothing,
      () => ['post', '/settings/preset', { preset: 'default' }],
      () => [`settings.changed tenant ${acme.tenant._id}`],
    ],
    ['retry a job', job, (id) => ['post', `/jobs/${id}/retry`], (id) => [`job.retried job ${id}`]],
    ['DELETE a job', job, (id) => ['delete', `/jobs/${id}`], (id) => [`job.deleted job ${id}`]],
    [
      'POST /invitations',
      nothing,
      () => ['post', '/invitations', { emails: [`${fresh('guest')}@acme.test`] }],
      () => ['user.invited user *', 'invitation.sent user *'],
    ],
    [
      'resend an invitation',
      () => acme.givenInvitation(),
      (id) => ['post', `/invitations/${id}/resend`],
      () => ['invitation.resent user *'],
    ],
    [
      'change an invitation',
      () => acme.givenInvitation(),
      (id) => ['patch', `/invitations/${id}`, { expiresAt: new Date(Date.now() + 86_400_000).toISOString() }],
      () => ['invitation.changed user *'],
    ],
    [
      'revoke an invitation',
      () => acme.givenInvitation(),
      (id) => ['post', `/invitations/${id}/revoke`],
      () => ['user.deleted user *', 'invitation.revoked user *'],
    ],
  ];

  for (const [what, prepare, call, told] of cases) {
    it(`${what}, by an API key`, async () => {
      const prepared = await prepare();
      const [id, second] = typeof prepared === 'string' ? [prepared, ''] : prepared;
      const before = (await eventsBy(keyId)).length;
      const [method, path, body] = call(id, second);
      const res = await acme.call(method, path).send(body);
      expect(res.status, res.text).to.be.lessThan(300);
      const made = (res.body as { id?: string }).id ?? '';
      const events = (await eventsBy(keyId)).slice(before);
      const said = events
        .map(say)
        .map((one) => (told(id, second, made)[0]?.endsWith('*') ? one.replace(/\S+$/, '*') : one));
      expect(said.sort()).to.deep.equal(told(id, second, made).sort());
      for (const { actor, result } of events) {
        expect(actor).to.deep.include({ type: 'api_key', id: keyId, label: 'tests' });
        expect(result).to.equal('success');
      }
    });
  }

  it('is looked at for every route that writes: none of the table is left out', () => {
    const isOf = (template: string, path: string): boolean =>
      new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`).test(path);
    const walked = cases.map(([what, , call]) => {
      const [method, path] = call('an-id', what === 'DELETE a client’s secret' ? 'a/secrets/b' : 'a-second');
      return routeTable.find((route) => route.method === method && isOf(route.path, path));
    });
    const here = walked.map((route) => route && nameOf(route));
    const writing = routeTable.filter(({ method }) => method !== 'get').map(nameOf);
    expect(
      writing.filter((name) => !here.includes(name) && !routesWalkedElsewhere.includes(name)),
    ).to.deep.equal([]);
    expect(routesWalkedElsewhere.filter((name) => !writing.includes(name))).to.deep.equal([]);
  });
});
