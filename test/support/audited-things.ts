import { noteClash } from '../../src/identity/sso/account-clashes.js';
import { newId } from '../../src/shared/ids.js';
import type { ApiTenant } from './api.js';
import type { TestApp } from './app.js';
import type { Method } from './operator.js';
import { goodPassword } from './people.js';

/** What stands in the trail: `action target.type target.id`, the id as a name the case gives. */
export type Told = string;

/** An audit event as the API answers it. */
export interface Event {
  action: string;
  actor: { type: string; id: string; label: string };
  target: { type: string; id: string } | null;
  result: string;
}

/** One change: what is there before, the call, and what the trail shows of it. */
export type Case = [
  what: string,
  prepare: () => Promise<string | [string, string]>,
  call: (id: string, second: string) => [Method, string, Record<string, unknown>?],
  told: (id: string, second: string, made: string) => Told[],
];

export const say = ({ action, target }: Event): Told =>
  `${action} ${target?.type ?? '-'} ${target?.id ?? '-'}`;

/** A user with a password and a second factor. @returns the id. */
export async function givenTwoFactor(app: TestApp, acme: ApiTenant, roles: string[] = []): Promise<string> {
  const { _id } = await acme.givenUser({ password: goodPassword, roles });
  const twoFactor = {
    state: 'on' as const,
    secret: 'x',
    backupCodes: [] as string[],
    lastStep: 0,
    enrolledAt: new Date(),
  };
  const credentials = app.core.store.tenant(acme.tenant._id).collection('credentials');
  await credentials.update(_id, (stored) => ({ ...stored, twoFactor }));
  return _id;
}

/** A clash of somebody's account with a sign-in. @returns its id and the user's. */
export async function givenClash(app: TestApp, acme: ApiTenant): Promise<[string, string]> {
  const [user, subject, tenantId] = [await acme.givenUser(), newId(), acme.tenant._id];
  const from = { source: 'sso', sourceId: newId(), sourceName: 'Okta', issuer: 'https://idp.test' } as const;
  const rest = { subject, incoming: user.userName, userId: user._id, reason: 'proof_needed' };
  await noteClash(app.core, tenantId, { ...from, ...rest });
  const clashes = app.core.store.tenant(tenantId).collection('account_clashes');
  return [(await clashes.findOne({ subject }))!._id, user._id];
}

/** A job that was given up. @returns the id. */
export async function givenFailedJob(app: TestApp, acme: ApiTenant): Promise<string> {
  const { _id: tenantId } = acme.tenant;
  const now = new Date();
  const work = { kind: 'nothing', payload: {}, runAt: now, attempts: 1, failedAt: now, error: 'no' };
  const made = { _id: newId(), tenantId, ...work };
  await app.core.store
    .tenant(tenantId)
    .collection('jobs')
    .insert(made as never);
  return made._id;
}

/** A person's identity at a connection. @returns the ids of the person and of the identity. */
export async function givenIdentity(
  app: TestApp,
  { tenant: { _id: tenantId } }: ApiTenant,
  userId: string,
  connectionId: string,
): Promise<[string, string]> {
  const _id = newId();
  const identity = { _id, tenantId, userId, connectionId, issuer: 'i', subject: _id, lastUsedAt: new Date() };
  await app.core.store.tenant(tenantId).collection('identities').insert(identity);
  return [userId, _id];
}
