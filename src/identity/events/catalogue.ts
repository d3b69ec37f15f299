import type { EventPayload } from './payload.js';

/** An event as the catalogue describes it. */
export interface EventType {
  /** What happened, in words. */
  readonly text: string;
  /** The kind of thing it was done to; null: none. */
  readonly target: string | null;
  /** Examples of what changed: path, before, after. */
  readonly changes?: readonly (readonly [path: string, before: unknown, after: unknown])[];
  readonly failed?: true;
}

type Change = readonly [path: string, before: unknown, after: unknown];

const event = (target: string | null, text: string, ...changes: Change[]): EventType => ({
  text,
  target,
  changes,
});
const failure = (target: string | null, text: string, ...changes: Change[]): EventType => ({
  ...event(target, text, ...changes),
  failed: true,
});

const until = '2026-07-01T00:00:00.000Z';

/** Every type of events, by name: `docs/events.md` is generated from it. */
export const eventCatalogue: Readonly<Record<string, EventType>> = {
  'access_review.exported': event(null, 'who had what at an instant was exported'),
  'api_key.created': event('api_key', 'a key for the API was created', ['role', null, 'administrator']),
  'api_key.rotated': event('api_key', 'a key for the API got another value'),
  'api_key.revoked': event('api_key', 'a key for the API was revoked'),
  'api_key.updated': event('api_key', 'a key for the API was changed', ['name', 'ci', 'build']),
  'application.access_changed': event('application', 'who may use an application changed', [
    'by',
    'everyone',
    'role',
  ]),
  'application.created': event('application', 'an application was registered', ['name', null, 'CRM']),
  'application.deleted': event('application', 'an application was removed'),
  'application.secret_changed': event('application', 'an application got a new secret'),
  'application.updated': event('application', 'an application was changed', ['name', 'CRM', 'Sales']),
  'consent.given': event('application', 'a person let an application of a third party have something', [
    'granted',
    null,
    ['email', 'openid'],
  ]),
  'consent.withdrawn': event('application', 'a person took a consent back'),
  'attribute.created': event('attribute', 'an attribute of users was defined', ['type', null, 'string']),
  'attribute.deleted': event('attribute', 'an attribute of users was removed'),
  'attribute.updated': event('attribute', 'an attribute of users was changed', ['required', false, true]),
  'audit.exported': event(null, 'the audit trail was exported'),
  'audit.pruned': event(null, 'audit events older than `audit.retentionDays` were removed', [
    'seals',
    1,
    1441,
  ]),
  'audit.viewed': event(null, 'a person looked at the audit trail (once an hour)'),
  'break_glass.armed': event('user', 'an administrator got emergency access, or another end of it', [
    'armedUntil',
    null,
    until,
  ]),
  'break_glass.removed': event('user', 'the emergency access of a user was taken away'),
  'break_glass.used': event('user', 'an administrator came in past a required company sign-in', [
    'connection',
    null,
    'Acme login',
  ]),
  'bulk.cancelled': event('bulk_job', 'an action on many users was stopped'),
  'bulk.started': event('bulk_job', 'an action on many users began'),
  'directory.changes_dropped': event('directory', 'changes that were held back were dropped', [
    'people',
    null,
    40,
  ]),
  'directory.changes_held': event('directory', 'the change guard began to hold changes back'),
  'directory.changes_released': event('directory', 'changes that were held back were released', [
    'people',
    null,
    40,
  ]),
  'directory.created': event('directory', 'a directory was created', ['name', null, 'Acme Okta']),
  'directory.deleted': event('directory', 'a directory was removed'),
  'directory.pull_requested': event('directory', 'a pull from the directory was asked for'),
  'directory.pull_failed': failure('directory', 'a pull failed', ['error', null, 'Google did not answer']),
  'directory.pull_stopped': failure('directory', 'a pull stopped, as too many people would have left'),
  'directory.updated': event('directory', 'a directory or its rules were changed', ['enabled', true, false]),
  'group.created': event('group', 'a group was created', ['displayName', null, 'Sales']),
  'group.deleted': event('group', 'a group was removed'),
  'group.members_changed': event('group', 'members joined or left a group', [
    'members.added',
    null,
    ['0198…'],
  ]),
  'group.updated': event('group', 'a group was changed', ['displayName', 'Sales', 'Revenue']),
  'invitation.changed': event('user', 'an invitation’s expiry was changed'),
  'invitation.expired': event('user', 'an invitation ended without an answer'),
  'invitation.resent': event('user', 'an invitation was sent again; the earlier link is dead'),
  'invitation.revoked': event('user', 'an invitation was taken back'),
  'invitation.sent': event('user', 'an invitation was sent'),
  'job.deleted': event('job', 'background work that had failed was given up by a person'),
  'job.retried': event('job', 'background work that had failed was started again by a person'),
  'login.choice_offered': event(
    'user',
    'the password fits accounts of several organizations: the person chooses',
  ),
  'login.failed': failure('user', 'a sign-in failed', ['reason', null, 'wrong_password']),
  'login.forwarded': event('user', 'a sign-in was sent to the company’s provider'),
  'login.refused': failure('user', 'a sign-in with the right credentials was refused', [
    'reason',
    null,
    'disabled',
  ]),
  'login.succeeded': event('user', 'a person signed in', ['method', null, 'password']),
  logout: event('user', 'a person signed out'),
  'mail.failed': failure('mail', 'a mail could not be sent', ['reason', null, 'no such address']),
  'mail.sent': event('mail', 'a mail was sent', ['template', null, 'activation']),
  'operator_key.created': event('operator_key', 'a key of the operator was created'),
  'operator_key.revoked': event('operator_key', 'a key of the operator was revoked'),
  'operator_key.updated': event('operator_key', 'a key of the operator was changed'),
  'passkey.added': event('user', 'a passkey was added'),
  'passkey.removed': event('user', 'a passkey was removed'),
  'passkey.renamed': event('user', 'a passkey was renamed'),
  'password.changed': event('user', 'a password was changed'),
  'password.rehashed': event('user', 'an imported password got our own hash at its first use'),
  'password.reset': event('user', 'a password was set by a link from a mail'),
  'password.reset_requested': event('user', 'a link to set a password was asked for'),
  'role.created': event('role', 'a role was created', ['permissions', null, ['users.read']]),
  'role.deleted': event('role', 'a role was removed'),
  'role.updated': event('role', 'a role was changed', [
    'permissions',
    ['users.read'],
    ['users.read', 'users.update'],
  ]),
  'role_request.approved': event('role_request', 'a role that was asked for was given', [
    'until',
    null,
    until,
  ]),
  'role_request.cancelled': event('role_request', 'a request for a role was taken back'),
  'role_request.created': event('role_request', 'a role was asked for, for a time', [
    'role',
    null,
    'crm:agent',
  ]),
  'role_request.denied': event('role_request', 'a request for a role was turned down'),
  'role_request.expired': event('role_request', 'a request for a role got no answer in time'),
  'scim_client.created': event('scim_client', 'a directory got a client for OAuth'),
  'scim_client.deleted': event('scim_client', 'a directory’s client for OAuth was removed'),
  'scim_client.secret_changed': event('scim_client', 'a client got a new secret'),
  'scim_client.secret_created': event('scim_client', 'a client got another secret'),
  'scim_client.secret_deleted': event('scim_client', 'a secret of a client was removed'),
  'scim_client.updated': event('scim_client', 'a client was changed'),
  'scim_token.created': event('scim_token', 'a directory got a token'),
  'scim_token.replaced': event('scim_token', 'a token ended, as its successor took over'),
  'scim_token.revoked': event('scim_token', 'a token was revoked'),
  'scim_token.rotated': event('scim_token', 'a token got a successor'),
  'service.assigned': event('user', 'a user was assigned to an application', ['services.crm', null, []]),
  'service.removed': event('user', 'a user was removed from an application', [
    'services.crm',
    ['agent'],
    null,
  ]),
  'service.roles_changed': event('user', 'a user’s roles in an application changed', [
    'services.crm',
    [],
    ['agent'],
  ]),
  'session.revoked': event('user', 'one session of a user was ended'),
  'sessions.invalidated': event('user', 'every session and token of a user was ended'),
  'settings.changed': event('tenant', 'settings were changed', ['lockout.threshold', 5, 3]),
  'setup_link.created': event(
    'setup_link',
    'a link was made by which a company’s IT sets up a connection or directory',
    ['purpose', null, 'oidc'],
  ),
  'setup_link.opened': event('setup_link', 'a set-up link was opened for the first time'),
  'setup_link.revoked': event('setup_link', 'a set-up link was revoked'),
  'sso.created': event('sso_connection', 'a connection to a provider was created'),
  'sso.deleted': event('sso_connection', 'a connection to a provider was removed'),
  'sso.domain_back': event('sso_connection', 'the record of a domain is in the DNS again'),
  'sso.domain_lost': failure(
    'sso_connection',
    'a domain of a connection is proven no more',
    ['domain', 'acme.test', null],
    ['reason', null, 'record_missing'],
  ),
  'sso.domain_missing': failure('sso_connection', 'the record of a domain is not in the DNS', [
    'domain',
    null,
    'acme.test',
  ]),
  'sso.domain_verified': event('sso_connection', 'a domain of a connection was verified'),
  'sso.identity_linked': event('user', 'a person was connected to their account at the provider'),
  'sso.identity_unlinked': event('user', 'a person was disconnected from an account at the provider'),
  'sso.logout_refused': event(
    'sso_connection',
    'a logout message of a SAML provider was refused; at most one in a minute',
  ),
  'sso.metadata_read': event('sso_connection', 'the metadata of a SAML provider were read again'),
  'sso.relink_allowed': event('sso_connection', 'people may be connected to a changed provider'),
  'sso.sessions_revoked': event('user', 'the provider ended a person’s sessions'),
  'sso.test_opened': event('sso_connection', 'a link to try a connection was made'),
  'sso.updated': event('sso_connection', 'a connection to a provider was changed', [
    'mode',
    'optional',
    'required',
  ]),
  'tenant.created': event('tenant', 'a tenant was created'),
  'tenant.erased': event('tenant', 'a tenant was erased, with the proof'),
  'tenant.erasure_requested': event('tenant', 'the erasure of a tenant began'),
  'tenant.resumed': event('tenant', 'a tenant was opened again'),
  'tenant.sessions_ended': event('tenant', 'every session and token of all users of a tenant was ended'),
  'tenant.suspended': event('tenant', 'a tenant was closed'),
  'tenant.updated': event('tenant', 'a tenant was changed', ['name', 'Acme', 'Acme Inc']),
  'terms.accepted': event('user', 'a person accepted the terms', ['version', null, '2026-01']),
  'twofactor.backup_renewed': event('user', 'a person got new backup codes'),
  'twofactor.backup_used': event('user', 'a backup code was used'),
  'twofactor.enrolled': event('user', 'a second factor was set up'),
  'twofactor.reset': event('user', 'a second factor was removed'),
  'user.access_period_changed': event('user', 'the end of a user’s access changed', [
    'accessExpiresAt',
    null,
    until,
  ]),
  'user.activated': event('user', 'a person took over their account', [
    'activatedAt',
    null,
    '2026-01-05T09:00:00.000Z',
  ]),
  'user.approved': event('user', 'a user was approved', ['approved', false, true]),
  'user.change_dropped': event('user', 'what a directory said of a user was dropped'),
  'user.change_held': event('user', 'what a directory said of a user was held back', [
    'enabled',
    true,
    false,
  ]),
  'user.created': event('user', 'a user was created', ['userName', null, 'ada@acme.test']),
  'user.deleted': event('user', 'a user was deleted'),
  'user.disabled': event('user', 'a user was disabled', ['enabled', true, false]),
  'user.email_change_requested': event('user', 'a person asked for another address of their own', [
    'email',
    'ada@old.test',
    'ada@new.test',
  ]),
  'user.email_changed': event('user', 'a user’s address or userName changed', [
    'userName',
    'ada@acme.test',
    'al@acme.test',
  ]),
  'user.email_verified': event('user', 'a user’s address was confirmed'),
  'user.enabled': event('user', 'a user was enabled', ['enabled', false, true]),
  'user.erased': event('user', 'a person was erased for a privacy request; the label is a pseudonym'),
  'user.expired': event('user', 'a user’s access period ended'),
  'user.exported': event('user', 'all there is of one person was given out'),
  'user.invited': event('user', 'a person was invited', ['userName', null, 'ada@acme.test']),
  'user.locked': failure('user', 'a user was locked after failed sign-ins', [
    'reason',
    null,
    'too_many_failures',
  ]),
  'user.roles_changed': event('user', 'a user’s roles changed', [
    'roles',
    ['viewer'],
    ['administrator', 'viewer'],
  ]),
  'user.self_registered': event('user', 'a person registered'),
  'user.takeover_refused': failure(
    'user',
    'a directory tried to change how a person signs in who had an account before it',
  ),
  'user.unapproved': event('user', 'a user’s approval was taken back', ['approved', true, false]),
  'user.unlocked': event('user', 'a lock was lifted by a person', ['lockedUntil', until, null]),
  'user.updated': event('user', 'a user’s data changed', ['name.givenName', 'Ada', 'Augusta']),
  'view.created': event('view', 'a question to a list was saved'),
  'view.deleted': event('view', 'a saved question to a list was removed'),
  'view.updated': event('view', 'a saved question to a list was changed', ['name', 'Leavers', 'Locked']),
  'groups.exported': event(null, 'the list of groups was exported'),
  'roles.exported': event(null, 'the list of roles was exported'),
  'applications.exported': event(null, 'the list of applications was exported'),
  'invitations.exported': event(null, 'the list of invitations was exported'),
  'users.exported': event(null, 'the list of users was exported'),
  'webhook.created': event('webhook', 'a webhook was created', ['types', null, ['user.*']]),
  'webhook.deleted': event('webhook', 'a webhook was removed'),
  'webhook.disabled': event('webhook', 'the server switched a dead webhook off', ['reason', null, 'failing']),
  'webhook.replayed': event('webhook', 'events were asked for again', [
    'since',
    null,
    '2026-01-05T09:00:00.000Z',
  ]),
  'webhook.secret_changed': event('webhook', 'a webhook got a new secret'),
  'webhook.updated': event('webhook', 'a webhook was changed', ['enabled', false, true]),
};

/** What actions are about: `user` of `user.created`. */
export const actionNouns: readonly string[] = [
  ...new Set(Object.keys(eventCatalogue).map((name) => name.split('.')[0] ?? '')),
].sort();

const ids = { event: '0198a6c0-1c2d-7e3f-8a4b-5c6d7e8f9a0b', tenant: '0198a6b0-0000-7000-8000-000000000001' };

/** What an event of a type may look like. */
export function exampleEvent(type: string): EventPayload {
  const { target = null, changes = [], failed } = eventCatalogue[type] ?? {};
  const label = target === 'user' ? 'ada@acme.test' : (target ?? '');
  return {
    type,
    timestamp: '2026-01-05T09:00:00.000Z',
    data: {
      id: ids.event,
      tenant: { id: ids.tenant, slug: 'acme' },
      actor: { type: 'user', id: '0198a6b0-0000-7000-8000-000000000002', label: 'root@acme.test' },
      target: target === null ? null : { type: target, id: '0198a6b0-0000-7000-8000-000000000003', label },
      changes: changes.map(([path, before, after]) => ({ path, before, after })),
      truncated: false,
      result: failed ? 'failure' : 'success',
      requestId: '0198a6c0-1c2d-7e3f-8a4b-000000000004',
      ip: '192.0.2.7',
    },
  };
}
