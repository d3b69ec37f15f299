import type { Response } from 'express';
import { listVisibleApplications } from '../../identity/applications/applications.js';
import { listConsents } from '../../identity/applications/consents.js';
import { effectiveRoles } from '../../identity/grants/effective-roles.js';
import type { Core } from '../../identity/core.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { displayNameOf } from '../../identity/user-keys.js';
import { liveSessions } from '../../identity/users/sessions.js';
import { showBrand } from '../page-brand.js';
import { sessionFormToken, type LiveSession } from '../session-guard.js';
import { AccountPage, type AccountPageProps, type ShownSession } from '../views/account-pages.js';
import { sendPage } from '../views/layout.js';

/** How an account is addressed on its pages. */
export const addressOf = ({ user }: Pick<LiveSession, 'user'>): string => user.email ?? user.userName;

const methodTexts = {
  password: 'with your password',
  passkey: 'with a passkey',
  sso: 'through your company',
} as const;

async function sessionsOf(core: Core, { session, user }: LiveSession): Promise<ShownSession[]> {
  const sessions = await liveSessions(core, user);
  return sessions.map(({ _id, userAgent, ip, lastSeenAt }) => ({
    id: _id,
    isCurrent: _id === session._id,
    userAgent,
    ip,
    lastSeenAt,
  }));
}

async function rolesOf(core: Core, { tenant, user }: LiveSession) {
  const config = await tenantConfig(core, tenant._id);
  const roles = effectiveRoles(user, config, core.clock.now());
  const keys = new Set(roles.flatMap((role) => (role.includes(':') ? [role.split(':')[0]] : [])));
  const applications = await listVisibleApplications(core, tenant._id);
  return {
    roles: roles.map((key) => config.roles.get(key)?.name ?? key),
    applications: applications.filter(({ key }) => keys.has(key)).map(({ name }) => name),
    managesOthers: roles.some((key) => (config.roles.get(key)?.management ?? []).length > 0),
  };
}

/** Shows `/account`; a refusal of one of its forms comes back to it as an alert. */
export async function showAccountPage(
  core: Core,
  res: Response,
  live: LiveSession,
  answer: Pick<AccountPageProps, 'notice' | 'alert'> & { status: number } = { status: 200 },
): Promise<void> {
  const { session, settings, tenant, user } = live;
  await showBrand(core, res, tenant._id);
  const consents = await listConsents(core, user);
  const credential = await core.store.tenant(tenant._id).collection('credentials').get(user._id);
  sendPage(
    res,
    answer.status,
    <AccountPage
      {...await rolesOf(core, live)}
      csrf={sessionFormToken(core, session)}
      name={displayNameOf(user.userName, user.attributes)}
      email={addressOf(live)}
      tenantName={tenant.name}
      signedInAt={session.signedInAt}
      now={core.clock.now()}
      method={methodTexts[session.method]}
      needsApproval={settings['approval.required'] && !user.approved}
      sessions={await sessionsOf(core, live)}
      minLength={user.loginType === 'sso' ? undefined : settings['password.minLength']}
      secondFactor={{
        isOn: credential?.twoFactor?.state === 'on',
        mode: settings['twoFactor.mode'],
        hasPassword: Boolean(credential?.passwordHash),
      }}
      mayChangeEmail={settings['profile.userCanEditEmail'] && user.loginType === 'local'}
      passkeys={
        settings['passkeys.enabled'] && user.loginType === 'local' ? (credential?.passkeys ?? []) : undefined
      }
      consents={consents.map(({ consent, application }) => ({
        applicationId: application._id,
        name: application.name,
        granted: consent.granted,
      }))}
      notice={answer.notice}
      alert={answer.alert}
    />,
  );
}
