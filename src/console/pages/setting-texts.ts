/** What a setting is called, and what its name does not say. */
export interface SettingText {
  label: string;
  help?: string;
  /** Of a number: what it counts, in place of seconds. */
  unit?: string;
}

interface SettingSection {
  title: string;
  lead: string;
  settings: Readonly<Record<string, SettingText>>;
}

/** The cards of the page Settings with what stands in them. */
export const sections: readonly SettingSection[] = [
  {
    title: 'Approval and registration',
    lead: 'How a person becomes a user, and when they may do something.',
    settings: {
      'approval.required': {
        label: 'User Approval Required',
        help: 'New users can sign in, but have no roles until they are approved. Users of today stay approved.',
      },
      'approval.autoApproveInvited': { label: 'Invited users need no approval' },
      'approval.autoApproveScim': { label: 'Provisioned users need no approval' },
      'registration.self': {
        label: 'People may register themselves',
        help: 'Opens a page where anybody can ask for an account.',
      },
      'users.adding': { label: 'Who may add users' },
      'users.deletion': {
        label: 'Users can be deleted',
        help: 'Off: users are never deleted, people who leave are disabled.',
      },
    },
  },
  {
    title: 'Invitations',
    lead: 'What an invitation holds, and how long it is good.',
    settings: {
      'invites.method': { label: 'Invitations hold' },
      'invites.ttlSeconds': { label: 'Invitations are good for' },
      'invites.rolesRequired': { label: 'An invitation names at least one role' },
      'invites.provisioned': {
        label: 'Provisioned people get an invitation',
        help: 'Only those who sign in here with a password: neither a company’s sign-in nor a password came with them.',
      },
      'invites.temporaryAllowed': { label: 'Temporary invitations' },
      'access.temporaryMaxSeconds': { label: 'Longest access period', help: '0 = any' },
      'access.endSessionsAtExpiry': { label: 'End sessions when access ends' },
    },
  },
  {
    title: 'Passwords and second factor',
    lead: 'For people who sign in here and not with their company.',
    settings: {
      'twoFactor.mode': { label: 'Second factor' },
      'passkeys.enabled': { label: 'Passkeys', help: 'People may add passkeys and sign in with them.' },
      'password.minLength': { label: 'Shortest password', unit: 'characters' },
      'password.resetTtlSeconds': { label: 'Reset links are good for' },
    },
  },
  {
    title: 'Sessions',
    lead: 'How long a sign-in lasts.',
    settings: {
      'sessions.idleSeconds': { label: 'A session without use lasts', help: '0 = no limit' },
      'sessions.absoluteSeconds': { label: 'A session lasts at most', help: '0 = no limit' },
      'sessions.stepUpSeconds': {
        label: 'Dangerous acts need a proof not older than',
        help: 'Older: the password or a code is asked for again. 0 = never',
      },
      'sessions.revokeOnDisable': { label: 'Disabling ends sessions' },
    },
  },
  {
    title: 'Lockout',
    lead: 'What happens after wrong passwords.',
    settings: {
      'lockout.threshold': { label: 'Failures that lock', unit: 'failures' },
      'lockout.countMode': { label: 'Failures count' },
      'lockout.windowSeconds': { label: 'Failures count within' },
      'lockout.lockSeconds': { label: 'A lockout lasts' },
      'lockout.minGapSeconds': {
        label: 'Least gap between attempts',
        help: 'An attempt sooner after a failure locks. 0 = never',
      },
      'lockout.devicesApart': {
        label: 'Known devices count apart',
        help: 'So that a stranger cannot lock anybody out.',
      },
      'lockout.adminUnlock': { label: 'Administrators may unlock' },
    },
  },
  {
    title: 'Roles and groups',
    lead: 'How many roles one has, and where they come from.',
    settings: {
      'roles.multiple': { label: 'Several roles per person' },
      'roles.custom': { label: 'Custom roles', help: 'Roles may be made beside the built-in ones.' },
      'roles.requests': { label: 'People may ask for roles, for a time' },
      'groups.enabled': { label: 'Groups', help: 'Off: only directories use groups.' },
    },
  },
  {
    title: 'Profiles and lists',
    lead: 'What is kept of people, and who may change it.',
    settings: {
      'profile.fields': { label: 'Kept beside name and address' },
      'profile.nameRule': { label: 'Rule for names', help: 'For names that people give themselves.' },
      'profile.userCanEditEmail': {
        label: 'People may change their own address',
        help: 'It counts once they have confirmed it there.',
      },
      'profile.adminCanEditEmail': { label: 'Administrators may change addresses' },
      'profile.adminCanEditName': { label: 'Administrators may change names' },
      'list.showDisabled': { label: 'Show disabled users at first' },
      'list.showNonActivated': { label: 'Show non-activated users at first' },
      'mails.language': {
        label: 'Language of mails',
        help: 'For people whose own language is not known.',
      },
      'mails.securityNotices': {
        label: 'Mails about new passwords and new devices',
      },
    },
  },
  {
    title: 'SSO and SCIM',
    lead: 'What companies’ sign-ins and directories may do.',
    settings: {
      'sso.guardRequired': {
        label: 'Required company sign-ins need a test and emergency access',
        help: 'A connection becomes required only after a test sign-in of the last hour, with an administrator armed for emergencies.',
      },
      'sso.jitProvisioning': {
        label: 'New connections create users at first sign-in',
        help: 'Each connection can say otherwise.',
      },
      'scim.lockAttributes': { label: 'What a directory sends is read-only here' },
      'scim.deleteMode': { label: 'When a directory deletes a person' },
      'scim.unknownRole': { label: 'Role values that no rule knows' },
      'scim.requestsPerSecond': {
        label: 'Requests of a directory’s token',
        help: '0 = any',
        unit: 'a second',
      },
      'api.requestsPerSecond': { label: 'Requests of an API key', help: '0 = any', unit: 'a second' },
      'webhooks.disableAfterSeconds': {
        label: 'A silent webhook is switched off after',
        help: '0 = never',
      },
    },
  },
  {
    title: 'Audit log',
    lead: 'How long it is kept.',
    settings: {
      'audit.retentionDays': {
        label: 'Entries are removed after',
        help: '30 and more; 0 = never',
        unit: 'days',
      },
    },
  },
  {
    title: 'Branding',
    lead: 'Whose pages and mails these are.',
    settings: {
      'branding.name': { label: 'Name on pages and in mails', help: 'Empty: the tenant’s name' },
      'branding.color': {
        label: 'Colour',
        help: 'Of buttons and links, like #1d4ed8; dark enough for white letters on it.',
      },
      'branding.logoUrl': {
        label: 'Logo address',
        help: 'An address that begins with https://, or a small image as data:image/png;base64,…',
      },
      'branding.supportEmail': { label: 'Support email' },
      'branding.supportUrl': { label: 'Support page' },
    },
  },
  {
    title: 'Terms',
    lead: 'What people accept when they activate their account.',
    settings: {
      'terms.url': { label: 'Terms address', help: 'Empty: there are none' },
      'terms.version': {
        label: 'Terms version',
        help: 'Another version: people accept again at their next sign-in.',
      },
    },
  },
];

/** Values of a setting in words. */
export const valueNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'users.adding': {
    by_permission: 'People with the permission',
    staff_only: 'Only the operator’s staff',
    scim_only: 'Only directories',
  },
  'invites.method': { link: 'A link to activate', temporary_password: 'A temporary password' },
  'twoFactor.mode': {
    off: 'Not used',
    optional: 'For people who set it up',
    required: 'Everybody needs one',
  },
  'lockout.countMode': { cumulative: 'Until a sign-in succeeds', window: 'Within a span of time' },
  'profile.fields': { phone: 'Phone', picture: 'Picture', signature: 'Signature' },
  'profile.nameRule': { strict: 'Letters alone', relaxed: 'Letters, hyphens, apostrophes, dots' },
  'mails.language': { en: 'English', de: 'German' },
  'scim.deleteMode': { delete: 'Delete the account', hide: 'Disable and hide it' },
  'scim.unknownRole': { ignore: 'Grant nothing', reject: 'Are refused' },
};

/** Settings by name, wherever they stand. */
export const settingTexts: Readonly<Record<string, SettingText>> = Object.assign(
  {},
  ...sections.map(({ settings }) => settings),
) as Record<string, SettingText>;
