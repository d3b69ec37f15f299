import type { Response } from 'express';
import type { ReactElement } from 'react';
import { listVisibleApplications } from '../../identity/applications/find.js';
import { effectiveRoles } from '../../identity/grants/effective-roles.js';
import type { Core } from '../../identity/core.js';
import { tenantConfig, type TenantConfig } from '../../identity/tenants/config.js';
import { displayNameOf } from '../../identity/user-keys.js';
import { liveSessions } from '../../identity/users/sessions.js';
import { showBrand } from '../page-brand.js';
import { languageIn, showLanguage } from '../page-choices.js';
import { sessionFormToken, type LiveSession } from '../session-guard.js';
import type { AccountFrameProps, AccountPlace } from '../views/account-frame.js';
import { ProfilePage, type ShownProfile } from '../views/account-profile.js';
import { SecurityPage } from '../views/account-security.js';
import { PrivacyPage, SessionsPage, type ShownSession } from '../views/account-sessions.js';
import { sendPage } from '../views/layout.js';
import { activityPage } from './account-activity.js';
import { applicationsPage } from './account-applications.js';

/** How an account is addressed on its pages. */
export const addressOf = ({ user }: Pick<LiveSession, 'user'>): string => user.email ?? user.userName;

/** What a page of the account is made of. */
export interface AccountView {
  core: Core;
  live: LiveSession;
  config: TenantConfig;
  frame: AccountFrameProps;
  /** Full keys of the roles in force. */
  roles: readonly string[];
  /** Id the page of a list begins after. */
  before: string | undefined;
}

type Facts = Readonly<Record<string, unknown>>;

const textIn = (facts: unknown, name: string): string => {
  const value = (facts as Facts | undefined)?.[name];
  return typeof value === 'string' ? value : '';
};

function primaryIn(values: unknown): string {
  if (!Array.isArray(values)) return '';
  const entries = values as Facts[];
  return textIn(entries.find((entry) => entry['primary'] === true) ?? entries[0], 'value');
}

function profileOf({ config, live }: AccountView): ShownProfile {
  const { settings, user } = live;
  const { attributes } = user;
  const directory = user.directoryId === null ? undefined : config.directories.get(user.directoryId);
  return {
    name: displayNameOf(user.userName, attributes),
    email: addressOf(live),
    givenName: textIn(attributes['name'], 'givenName'),
    familyName: textIn(attributes['name'], 'familyName'),
    phone: primaryIn(attributes['phoneNumbers']),
    picture: primaryIn(attributes['photos']),
    signature: user.signature ?? '',
    language: languageIn(attributes['preferredLanguage']) ?? '',
    managedBy: directory?.name,
    kept: new Set<string>(settings['profile.fields']),
    mayChangeEmail: settings['profile.userCanEditEmail'] && user.loginType === 'local',
  };
}

async function profilePage(view: AccountView): Promise<ReactElement> {
  const { config, core, frame, live, roles } = view;
  const { session, tenant } = live;
  const keys = new Set(roles.flatMap((role) => (role.includes(':') ? [role.split(':')[0]] : [])));
  const applications = keys.size > 0 ? await listVisibleApplications(core, tenant._id) : [];
  return (
    <ProfilePage
      {...frame}
      profile={profileOf(view)}
      tenantName={tenant.name}
      signedInAt={session.signedInAt}
      method={session.method}
      now={core.clock.now()}
      roles={roles.map((key) => config.roles.get(key)?.name ?? key)}
      applications={applications.filter(({ key }) => keys.has(key)).map(({ name }) => name)}
    />
  );
}

async function securityPage({ core, frame, live }: AccountView): Promise<ReactElement> {
  const { settings, user } = live;
  const credential = await core.store.tenant(user.tenantId).collection('credentials').get(user._id);
  const hasPasskeys = settings['passkeys.enabled'] && user.loginType === 'local';
  return (
    <SecurityPage
      {...frame}
      email={addressOf(live)}
      now={core.clock.now()}
      minLength={user.loginType === 'sso' ? undefined : settings['password.minLength']}
      secondFactor={{
        isOn: credential?.twoFactor?.state === 'on',
        mode: settings['twoFactor.mode'],
        hasPassword: Boolean(credential?.passwordHash),
        codesLeft: credential?.twoFactor?.backupCodes.length ?? 0,
      }}
      passkeys={hasPasskeys ? (credential?.passkeys ?? []) : undefined}
    />
  );
}

async function sessionsPage({ core, frame, live: { session, user } }: AccountView): Promise<ReactElement> {
  const sessions = (await liveSessions(core, user)).map((one): ShownSession => {
    const { ip, lastSeenAt, method, signedInAt, userAgent } = one;
    const isCurrent = one._id === session._id;
    return { id: one._id, isCurrent, ip, lastSeenAt, method, signedInAt, userAgent };
  });
  const ordered = [
    ...sessions.filter(({ isCurrent }) => isCurrent),
    ...sessions.filter(({ isCurrent }) => !isCurrent),
  ];
  return <SessionsPage {...frame} sessions={ordered} now={core.clock.now()} />;
}

const pages: Readonly<Record<AccountPlace, (view: AccountView) => ReactElement | Promise<ReactElement>>> = {
  profile: profilePage,
  security: securityPage,
  sessions: sessionsPage,
  applications: applicationsPage,
  activity: activityPage,
  privacy: ({ frame, live: { settings, user } }) => (
    <PrivacyPage {...frame} terms={user.terms ?? undefined} termsUrl={settings['terms.url']} />
  ),
};

/** What a page of the account says beside its content; a refusal of one of its forms comes back to it as an alert. */
export interface AccountAnswer {
  status: number;
  notice?: string | undefined;
  alert?: string | undefined;
  before?: string | undefined;
}

/** Shows a page of the account. */
export async function showAccountPage(
  core: Core,
  res: Response,
  live: LiveSession,
  place: AccountPlace,
  { alert, before, notice, status }: AccountAnswer = { status: 200 },
): Promise<void> {
  const { session, settings, tenant, user } = live;
  await showBrand(core, res, tenant._id);
  showLanguage(res, user.attributes['preferredLanguage']);
  const config = await tenantConfig(core, tenant._id);
  const roles = effectiveRoles(user, config, core.clock.now());
  const frame = {
    csrf: sessionFormToken(core, session),
    managesOthers: roles.some((key) => (config.roles.get(key)?.management ?? []).length > 0),
    needsApproval: settings['approval.required'] && !user.approved,
    notice,
    alert,
  };
  sendPage(res, status, await pages[place]({ core, live, config, frame, roles, before }));
}
