import { event, failure, type EventType } from './catalogue-entry.js';

const until = '2026-07-01T00:00:00.000Z';

/** Events of connections to companies' providers. */
export const ssoEvents: Readonly<Record<string, EventType>> = {
  'sso.client_key_rotated': event('sso_connection', 'the next key of a connection signs from now on'),
  'sso.connection_failing': failure('sso_connection', 'a provider was not fit for sign-ins twice in a row', [
    'discovery',
    null,
    'the provider did not answer in time',
  ]),
  'sso.connection_recovered': event('sso_connection', 'a provider is fit for sign-ins again'),
  'sso.credential_expired': event('sso_connection', 'a secret or certificate of a connection expired', [
    'what',
    null,
    'client_secret',
  ]),
  'sso.credential_expires': event('sso_connection', 'a secret or certificate of a connection expires soon', [
    'expiresAt',
    null,
    until,
  ]),
  'sso.credentials_refused': failure(
    'sso_connection',
    'the provider took the secret or key before the present one only',
  ),
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
  'sso.fell_back': event(
    'sso_connection',
    'no one came in at a connection since it is required: it is optional again',
    ['mode', 'required', 'optional'],
  ),
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
};
