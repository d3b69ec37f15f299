import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { TenantDocument } from '../../persistence/collections/tenants.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import { brandingCatalogue, brandingDefaults } from './branding.js';
import type { Core } from '../core.js';

const seconds = z.number().int().min(0).max(315_360_000);
const flag = z.boolean();

/** Facts about people that a tenant may choose to keep. */
export const profileFields = ['phone', 'picture', 'signature'] as const;
export type ProfileField = (typeof profileFields)[number];

/** Every setting of a tenant with its meaning; spans are whole seconds, 0 = no limit unless said otherwise. */
export const settingsCatalogue = {
  'access.endSessionsAtExpiry': flag.describe('sessions end when the access period does'),
  'access.temporaryMaxSeconds': seconds.describe('longest access period that may be given; 0 = any'),
  'api.requestsPerSecond': z.number().int().min(0).describe('most API requests per key and second; 0 = any'),
  'approval.autoApproveInvited': flag.describe('invited users need no approval'),
  'approval.autoApproveScim': flag.describe('provisioned users need no approval'),
  'approval.required': flag.describe('new users need approval before they get roles'),
  'audit.retentionDays': z
    .number()
    .int()
    .min(0)
    .max(36_500)
    .refine((days) => days === 0 || days >= 30, 'must be 0, or 30 and more')
    .describe('audit events are removed after so many days, 30 and more; 0 = never'),
  ...brandingCatalogue,
  'groups.enabled': flag.describe(
    'people see and manage groups; where it is off, only directories do, over SCIM',
  ),
  'invites.method': z.enum(['link', 'temporary_password']).describe('what an invitation mail holds'),
  'invites.provisioned': flag.describe(
    'people a directory adds get the mail with the way in, where no company signs them in and no password was sent',
  ),
  'invites.rolesRequired': flag.describe('an invitation names at least one role'),
  'invites.temporaryAllowed': flag.describe('invitations may end access at a date'),
  'invites.ttlSeconds': seconds.describe('how long an invitation is good'),
  'list.showDisabled': flag.describe('the list of users shows disabled ones at first'),
  'list.showNonActivated': flag.describe('the list of users shows non-activated ones at first'),
  'lockout.adminUnlock': flag.describe('administrators may lift a lockout'),
  'lockout.countMode': z
    .enum(['cumulative', 'window'])
    .describe('failures count until a success (cumulative), or within the window only'),
  'lockout.devicesApart': flag.describe(
    'attempts from a device that signed in before count apart, so that a stranger cannot lock anybody out',
  ),
  'lockout.lockSeconds': seconds.describe('how long a lockout lasts'),
  'lockout.minGapSeconds': seconds.describe('an attempt this soon after a failure locks; 0 = never'),
  'lockout.threshold': z.number().int().min(1).max(100).describe('failures that lock'),
  'lockout.windowSeconds': seconds.describe('span in which failures count in `window` mode'),
  'mails.language': z
    .enum(['en', 'de'])
    .describe('language of mails to people who have none of their own (`preferredLanguage`, `locale`)'),
  'mails.securityNotices': flag.describe(
    'people get a mail about a new password, and about a sign-in from a device that is new for an account in use',
  ),
  'passkeys.enabled': flag.describe('people may add passkeys and sign in with them'),
  'password.minLength': z.number().int().min(8).max(128).describe('fewest characters of a password'),
  'password.resetTtlSeconds': seconds.describe('how long a reset link is good'),
  'profile.adminCanEditEmail': flag.describe('administrators may change addresses'),
  'profile.adminCanEditName': flag.describe('administrators may change names'),
  'profile.fields': z
    .array(z.enum(profileFields))
    .max(profileFields.length)
    .describe('what is kept of people beside name and address, by the API and their own page'),
  'profile.nameRule': z.enum(['strict', 'relaxed']).describe('what names people may give themselves'),
  'profile.userCanEditEmail': flag.describe(
    'people may change their own address; it counts once they confirm it there',
  ),
  'registration.self': flag.describe('people may make an account for themselves, at `/register?tenant=`'),
  'roles.custom': flag.describe('roles may be made beside the built-in ones'),
  'roles.multiple': flag.describe('a person may be given several roles'),
  'roles.requests': flag.describe('people may ask for roles, for a time'),
  'scim.deleteMode': z.enum(['delete', 'hide']).describe('SCIM DELETE removes, or disables and hides'),
  'scim.lockAttributes': flag.describe('what a directory sends is read-only elsewhere'),
  'scim.requestsPerSecond': z
    .number()
    .int()
    .min(0)
    .describe('most SCIM requests per token and second; 0 = any'),
  'scim.unknownRole': z
    .enum(['ignore', 'reject'])
    .describe('a role value no rule knows grants nothing, or is refused'),
  'sessions.absoluteSeconds': seconds.describe('a session ends this long after the sign-in'),
  'sessions.idleSeconds': seconds.describe('a session ends this long after its last use'),
  'sessions.revokeOnDisable': flag.describe('disabling a user in the console ends their sessions'),
  'sessions.stepUpSeconds': seconds.describe(
    'people prove who they are again before dangerous acts in a session when the last proof is older; 0 = never',
  ),
  'sso.guardRequired': flag.describe(
    'a connection becomes `required` only with an administrator armed for emergencies and a test sign-in that passed within the hour',
  ),
  'sso.jitProvisioning': flag.describe(
    'new connections create users at their first sign-in, unless they say otherwise',
  ),
  'terms.url': z
    .union([z.literal(''), z.url({ protocol: /^https?$/ }).max(2000)])
    .describe('where the terms of use stand, which people accept when they activate; empty: there are none'),
  'terms.version': z
    .string()
    .max(100)
    .describe('which terms these are: kept with the acceptance, and in the audit trail'),
  'twoFactor.mode': z
    .enum(['off', 'optional', 'required'])
    .describe('second factor at local sign-in: off, for users who set one up, or for all'),
  'users.adding': z.enum(['by_permission', 'staff_only', 'scim_only']).describe('who may add users'),
  'users.deletion': flag.describe('users can be deleted'),
  'webhooks.disableAfterSeconds': seconds.describe(
    'a webhook whose endpoint takes nothing for this long is switched off; 0 = never',
  ),
} as const;

type SettingName = keyof typeof settingsCatalogue;
export type Settings = { readonly [K in SettingName]: z.output<(typeof settingsCatalogue)[K]> };

const defaults: Settings = {
  'access.endSessionsAtExpiry': true,
  'access.temporaryMaxSeconds': 0,
  'api.requestsPerSecond': 0,
  'approval.autoApproveInvited': true,
  'approval.autoApproveScim': true,
  'approval.required': false,
  'audit.retentionDays': 0,
  ...brandingDefaults,
  'groups.enabled': true,
  'invites.method': 'link',
  'invites.provisioned': false,
  'invites.rolesRequired': false,
  'invites.temporaryAllowed': true,
  'invites.ttlSeconds': 604_800,
  'list.showDisabled': true,
  'list.showNonActivated': true,
  'lockout.adminUnlock': true,
  'lockout.countMode': 'window',
  'lockout.devicesApart': true,
  'lockout.lockSeconds': 900,
  'lockout.minGapSeconds': 0,
  'lockout.threshold': 5,
  'lockout.windowSeconds': 900,
  'mails.language': 'en',
  'mails.securityNotices': true,
  'passkeys.enabled': true,
  'password.minLength': 12,
  'password.resetTtlSeconds': 3600,
  'profile.adminCanEditEmail': true,
  'profile.adminCanEditName': true,
  'profile.fields': [...profileFields],
  'profile.nameRule': 'relaxed',
  'profile.userCanEditEmail': false,
  'registration.self': false,
  'roles.custom': true,
  'roles.multiple': true,
  'roles.requests': true,
  'scim.deleteMode': 'delete',
  'scim.lockAttributes': true,
  'scim.requestsPerSecond': 0,
  'scim.unknownRole': 'ignore',
  'sessions.absoluteSeconds': 43_200,
  'sessions.idleSeconds': 900,
  'sessions.revokeOnDisable': true,
  'sessions.stepUpSeconds': 3600,
  'sso.guardRequired': false,
  'sso.jitProvisioning': false,
  'terms.url': '',
  'terms.version': '',
  'twoFactor.mode': 'optional',
  'users.adding': 'by_permission',
  'users.deletion': true,
  'webhooks.disableAfterSeconds': 432_000,
};

/** Some settings by their dotted names. */
export const anySettings = z.strictObject(settingsCatalogue).partial();
export const presetNames = [
  'default',
  'contact-center',
  'service-portal',
  'marketing',
  'records',
  'growth',
] as const;
type PresetName = (typeof presetNames)[number];

export interface Preset {
  name: PresetName;
  label: string;
  settings: Settings;
}

function readPreset(name: PresetName): Preset {
  const url = new URL(`../../../config/presets/${name}.json`, import.meta.url);
  const file = z
    .strictObject({ label: z.string(), settings: anySettings })
    .parse(JSON.parse(readFileSync(url, 'utf8')));
  return { name, label: file.label, settings: { ...defaults, ...(file.settings as SettingsPatch) } };
}

/** Each preset with all its settings: what it changes over the defaults. */
export const presets: readonly Preset[] = presetNames.map(readPreset);

/** Settings by their dotted names, as `{ 'lockout.lockSeconds': 1800 }`. */
export type SettingsPatch = { readonly [K in SettingName]?: Settings[K] };

/**
 * Reads settings given flat by their dotted names.
 *
 * @throws AppError `input.invalid` with a pointer for each wrong one.
 */
export function parseSettings(input: unknown): SettingsPatch {
  const parsed = anySettings.safeParse(input);
  if (parsed.success) return parsed.data as SettingsPatch;
  throw new AppError('input.invalid', 'some settings are wrong', {
    errors: parsed.error.issues.flatMap(faultsOf),
  });
}

function faultsOf(issue: z.core.$ZodIssue): InputFault[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ pointer: `/${key}`, detail: 'there is no such setting' }));
  }
  return [{ pointer: `/${issue.path.map(String).join('/')}`, detail: issue.message }];
}

/** `{ 'lockout.lockSeconds': 1800 }` as it is stored: `{ lockout: { lockSeconds: 1800 } }`. */
export function nestSettings(flat: SettingsPatch): TenantDocument['settings'] {
  const nested: TenantDocument['settings'] = {};
  for (const [name, value] of Object.entries(flat)) {
    const [area = '', key = ''] = name.split('.');
    nested[area] = { ...nested[area], [key]: value };
  }
  return nested;
}

/** The settings that differ from the preset, flat. A stored setting that is no longer known is left out. */
export function ownSettings(tenant: Pick<TenantDocument, 'settings'>): SettingsPatch {
  const flat = Object.entries(tenant.settings).flatMap(([area, values]) =>
    Object.entries(values).map(([key, value]) => [`${area}.${key}`, value] as const),
  );
  return Object.fromEntries(flat.filter(([name]) => name in settingsCatalogue));
}

/** All settings of a tenant: its own over its preset's. */
export function settingsOf(tenant: Pick<TenantDocument, 'preset' | 'settings'>): Settings {
  const preset = presets.find(({ name }) => name === tenant.preset);
  return { ...(preset?.settings ?? defaults), ...ownSettings(tenant) };
}

/** One setting, without putting all of them together. */
export function settingOf<K extends SettingName>(
  { preset, settings }: Pick<TenantDocument, 'preset' | 'settings'>,
  name: K,
): Settings[K] {
  const [area = '', key = ''] = name.split('.');
  const own = settings[area]?.[key] as Settings[K] | undefined;
  return own ?? (presets.find((other) => other.name === preset)?.settings ?? defaults)[name];
}

/** @throws AppError `tenant.not_found`. */
export async function tenantSettings(core: Core, tenantId: string): Promise<Settings> {
  const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
  if (!tenant) throw new AppError('tenant.not_found', 'there is no such tenant');
  return settingsOf(tenant);
}
