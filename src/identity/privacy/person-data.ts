import type { AuditEventDocument } from '../../persistence/collections/events.js';
import type { Grant, UserDocument } from '../../persistence/collections/users.js';
import type { Core } from '../core.js';
import { managerOf } from '../visibility.js';
import type { Person } from './person.js';

type Facts = Readonly<Record<string, unknown>>;

/** One member of the export: a value, or a list that is read as it is written out. */
export type Section = readonly [name: string, value: unknown];

const grantOf = ({ role, type, detail, since, until }: Grant): Facts => ({
  role,
  type,
  detail,
  since,
  until,
});

function userOf(user: UserDocument): Facts {
  const { _id, userName, email, externalId, attributes, enabled, approved, activatedAt, terms } = user;
  const { accessExpiresAt, loginType, source, grants, createdAt, updatedAt } = user;
  return {
    ...{ id: _id, userName, email, externalId, attributes, enabled, approved, activatedAt },
    ...{
      terms: terms ?? null,
      signature: user.signature ?? null,
      addressBeforeDirectory: user.movedAddress?.from ?? null,
      accessExpiresAt,
      loginType,
      source,
      directoryId: managerOf(user.directoryId),
      heldChange: user.heldChange ?? null,
    },
    ...{ roles: grants.map(grantOf), createdAt, updatedAt },
  };
}

async function signInOf(core: Core, tenantId: string, userId: string): Promise<Facts | null> {
  const stored = await core.store.tenant(tenantId).collection('credentials').get(userId);
  if (!stored) return null;
  const { passwordHash, passwordIsTemporary, passwordChangedAt, lastLoginAt, twoFactor } = stored;
  return {
    hasPassword: passwordHash !== null,
    ...{ passwordIsTemporary, passwordChangedAt, lastLoginAt },
    failedAttempts: { count: stored.failureCount, at: stored.failureTimes },
    lockedUntil: stored.lockedUntil,
    passkeys: (stored.passkeys ?? []).map(({ name, addedAt, lastUsedAt }) => ({ name, addedAt, lastUsedAt })),
    secondFactor: twoFactor ? { state: twoFactor.state, enrolledAt: twoFactor.enrolledAt } : null,
  };
}

async function listsOf(core: Core, tenantId: string, { userId, user }: Person): Promise<Section[]> {
  const scope = core.store.tenant(tenantId);
  const [groups, identities, sessions, invitations] = await Promise.all([
    scope.collection('groups').find({ _id: { $in: user?.groupIds ?? [] } }),
    scope.collection('identities').find({ userId }),
    scope.collection('sessions').find({ userId }),
    scope.collection('invitations').find({ userId }),
  ]);
  return [
    ['groups', groups.map(({ _id, displayName }) => ({ id: _id, displayName }))],
    [
      'identities',
      identities.map(({ _id, connectionId, issuer, subject, lastUsedAt }) => ({
        ...{ id: _id, connectionId, issuer, subject, lastUsedAt },
      })),
    ],
    [
      'sessions',
      sessions.map(({ _id, method, signedInAt, lastSeenAt, expiresAt, ip, userAgent }) => ({
        ...{ id: _id, method, signedInAt, lastSeenAt, expiresAt, ip, userAgent },
      })),
    ],
    [
      'invitations',
      invitations.map(({ _id, email, roles, createdAt, expiresAt, respondedAt, revokedAt, sender }) => ({
        ...{ id: _id, email, roles, createdAt, expiresAt, respondedAt, revokedAt, sender },
      })),
    ],
  ];
}

/** What was mailed to them, what roles were asked for, and the views they keep. */
async function traffic(core: Core, tenantId: string, userId: string): Promise<Section[]> {
  const scope = core.store.tenant(tenantId);
  const [mails, requests, views, consents, ends, forwarded, clashes] = await Promise.all([
    scope.collection('mails').find({ userId }),
    scope.collection('role_requests').find({ 'user.id': userId }),
    scope.collection('saved_views').find({ userId }),
    scope.collection('consents').find({ userId }),
    scope.collection('access_ends').find({ userId }),
    scope.collection('sso_sign_ins').find({ userId }),
    scope.collection('account_clashes').find({ userId }),
  ]);
  return [
    [
      'mails',
      mails.map(({ _id, to, template, state, createdAt }) => ({ id: _id, to, template, state, createdAt })),
    ],
    [
      'roleRequests',
      requests.map(({ _id, role, requester, reason, state, until, createdAt }) => ({
        ...{ id: _id, role, requester, reason, state, until, createdAt },
      })),
    ],
    [
      'consents',
      consents.map(({ applicationId, granted, createdAt }) => ({ applicationId, granted, createdAt })),
    ],
    [
      'accessEnds',
      ends.map(({ reason, calledAt, endedAt, sessions }) => ({ reason, calledAt, endedAt, sessions })),
    ],
    [
      'forwardedSignIns',
      forwarded.map(({ connectionId, state, startedAt, finishedAt, reason, person, ip }) => ({
        ...{ connectionId, state, startedAt, finishedAt, reason, person, ip },
      })),
    ],
    [
      'accountClashes',
      clashes.map(({ source, sourceName, issuer, subject, incoming, reason, decision, lastSeenAt }) => ({
        ...{ source, sourceName, issuer, subject, incoming, reason, decision, lastSeenAt },
      })),
    ],
    ['savedViews', views.map(({ _id, list, name, query }) => ({ id: _id, list, name, query }))],
  ];
}

/** What the person did, and what was done to them; where both are the same, once. */
async function* eventsOf(core: Core, tenantId: string, userId: string): AsyncGenerator<Facts> {
  const events = core.store.tenant(tenantId).collection('audit_events');
  const shown = ({ _id, at, actor, action, target, changes, ip, result }: AuditEventDocument): Facts => ({
    ...{ id: _id, at, actor, action, target, changes, ip, result },
  });
  for await (const event of events.iterate({ 'target.id': userId })) yield shown(event);
  for await (const event of events.iterate({ 'actor.id': userId }))
    if (event.target?.id !== userId) yield shown(event);
}

/** What directories sent about the person, as far as their request logs still hold it. */
async function* provisioningOf(core: Core, tenantId: string, userId: string): AsyncGenerator<Facts> {
  const requests = core.store.tenant(tenantId).collection('scim_requests');
  for await (const { _id, at, method, path, status, diff, directoryId } of requests.iterate({
    'target.id': userId,
  }))
    yield { id: _id, at, directoryId, method, path, status, diff };
}

/**
 * All there is of one person in a tenant, without secrets: what they may ask for (GDPR article 15).
 *
 * @returns the members of one JSON object, in order; lists that may be long are read while they are written.
 */
export async function personData(core: Core, tenantId: string, person: Person): Promise<Section[]> {
  const { userId, user } = person;
  const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
  return [
    ['exportedAt', core.clock.now()],
    ['tenant', tenant && { id: tenant._id, slug: tenant.slug, name: tenant.name }],
    ['id', userId],
    ['user', user ? userOf(user) : null],
    ['signIn', await signInOf(core, tenantId, userId)],
    ...(await listsOf(core, tenantId, person)),
    ...(await traffic(core, tenantId, userId)),
    ['provisioning', provisioningOf(core, tenantId, userId)],
    ['auditEvents', eventsOf(core, tenantId, userId)],
  ];
}

const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

/** One JSON object, in pieces. */
export async function* jsonOf(sections: readonly Section[]): AsyncGenerator<string> {
  let isFirst = true;
  for (const [name, value] of sections) {
    yield `${isFirst ? '{' : ','}\n${JSON.stringify(name)}: `;
    isFirst = false;
    if (!isStream(value)) {
      yield JSON.stringify(value ?? null);
      continue;
    }
    let count = 0;
    for await (const item of value) yield `${count++ === 0 ? '[' : ','}\n  ${JSON.stringify(item)}`;
    yield count === 0 ? '[]' : '\n]';
  }
  yield '\n}\n';
}
