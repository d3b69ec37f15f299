import type { TFunction } from 'i18next';

const kinds: Readonly<Record<string, string>> = {
  'access.end': 'End the sessions and tokens of a person',
  'access.expire': 'End the access of a person at its date',
  'application.tenants_left': 'Take an application from tenants it no longer serves',
  'attribute.remove': 'Remove the values of a deleted attribute',
  'bulk.run': 'Do a bulk action or an import',
  'directory.pull': 'Pull from Google Workspace',
  'grants.end': 'End a role at its date',
  'grants.recompute': 'Work out roles again',
  'invitation.expire': 'Let an invitation expire',
  'logout.notify': 'Tell an application that a session ended',
  'mail.send': 'Send a mail',
  'members.change': 'Change the members of a large group',
  'password_reset.request': 'Send a link for a new password',
  'person.erase': 'Erase a person',
  'person.sweep': 'Erase what is left of a person',
  'registration.request': 'Answer a registration',
  'roles.release': 'Take a deleted role from its holders',
  'saml.metadata': 'Read the metadata of a SAML provider',
  'session.end': 'End a session everywhere',
  'sso.domain_check': 'Check the record of a domain',
  'tenant.access_end': 'End all sessions of a tenant',
  'tenant.erase': 'Erase a tenant',
  'tenant.sweep': 'Erase what is left of a tenant',
};

/** What a job does, in words; its kind where it has none. */
export const jobInWords = (t: TFunction, kind: string): string => t(kinds[kind] ?? kind);
